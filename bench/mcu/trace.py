"""Reads what a module computes for one sample, with PyTorch's own tracing.

``make_fx`` rather than ``torch.export``: it sees the operations as they are dispatched, so that the many spellings of
one operation (linear, matmul, einsum, ``@``) arrive as a few; parameters stay apart from inputs; and it takes tens of
milliseconds where a first export takes more than a second.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

from bench.errors import RnnbenchError
from cells import Cell

_TORCH = Path(torch.__file__).parent
_Function = Callable[..., tuple[Tensor, ...]]


@dataclass(frozen=True)
class Traced:
    """A traced function of one sample.

    Attributes:
        subject: what it is, for messages: ``cell 'gru'`` or ``the head``.
        graph: the operations; the inputs are its placeholders, the sample first.
        parameters: the tensors that the graph's ``get_attr`` nodes name.
        line_of: where the source first runs an operation: ``file.py:12: `the line```, or "" when not found.
    """

    subject: str
    graph: fx.Graph
    parameters: Mapping[str, Tensor]
    line_of: Callable[[Any], str]


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; each submodule's own mode comes back after."""
    training = [(each, each.training) for each in module.modules()]
    try:
        module.eval()
        with torch.no_grad():
            yield
    finally:
        for each, mode in training:
            each.training = mode


class _Finder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves __init_subclass__ untyped
    """Notes the source line outside torch that first runs an operation."""

    def __init__(self, wanted: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.wanted = wanted
        self.line = ""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is self.wanted and not self.line:
            for frame in reversed(traceback.extract_stack()[:-1]):
                path = Path(frame.filename)
                if not path.is_relative_to(_TORCH) and path.is_file() and path != Path(__file__):
                    self.line = f"{path.name}:{frame.lineno}: `{frame.line}`"
                    break
        return func(*args, **(kwargs or {}))


def _line_of(module: nn.Module, function: _Function, inputs: tuple[Tensor, ...], operation: Any) -> str:
    finder = _Finder(operation)
    with _evaluating(module), finder:
        function(*inputs)
    return finder.line


def _trace(subject: str, module: nn.Module, function: _Function, inputs: tuple[Tensor, ...]) -> Traced:
    try:
        with _evaluating(module):
            graph_module = make_fx(function)(*inputs)
    except Exception as error:  # whatever a user's cell raises
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise RnnbenchError(f"{subject} cannot be traced for one sample: {reason[0]}") from error
    names = {str(node.target) for node in graph_module.graph.nodes if node.op == "get_attr"}
    return Traced(
        subject=subject,
        graph=graph_module.graph,
        parameters={name: getattr(graph_module, name) for name in names},
        line_of=lambda operation: _line_of(module, function, inputs, operation),
    )


def _like(module: nn.Module) -> Tensor:
    return next((each for each in module.parameters()), torch.zeros(()))


def trace_step(cell: Cell) -> Traced:
    """One streamed step of a cell: inputs x [1, D] and the state, outputs the new state.

    Raises:
        RnnbenchError: when the cell cannot be traced, naming it.
    """

    def step(x_1D: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        return cell.stream(x_1D, state)

    x_1D = _like(cell).new_zeros(1, cell.input_size)
    name = getattr(cell, "name", type(cell).__name__)
    return _trace(f"cell {name!r}", cell, step, (x_1D, *cell.initial_state(1, x_1D)))


def trace_head(head: nn.Module, hidden_size: int) -> Traced:
    """The head on one hidden state [1, H].

    Raises:
        RnnbenchError: when the head cannot be traced.
    """

    def apply(h_1H: Tensor) -> tuple[Tensor, ...]:
        return (head(h_1H),)

    return _trace("the head", head, apply, (_like(head).new_zeros(1, hidden_size),))
