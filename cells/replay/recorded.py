"""A step as it was read from a cell: the formula, and where its constants come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from cells.replay.formula import Formula

if TYPE_CHECKING:
    from cells.cell import Cell


class RefusedError(Exception):
    """The step is no formula; the message says why."""


class Hoisted(NamedTuple):
    """An operation on constants, done once a sequence: its results follow the constants before it."""

    function: Any
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]


class Constant(NamedTuple):
    """The place of a constant among the arguments of a :class:`Hoisted`."""

    number: int


class Recorded(NamedTuple):
    """A step.

    Attributes:
        formula: the step.
        sources: (``parameter`` or ``matrix``, name) of the first constants.
        hoisted: what makes the others of them.
    """

    formula: Formula
    sources: tuple[tuple[str, str], ...]
    hoisted: tuple[Hoisted, ...]


def constants_of(cell: Cell, recorded: Recorded) -> list[Tensor]:
    """The constants of a step as they are now, differentiable."""
    found = [_tensor(cell, *each) for each in recorded.sources]
    for each in recorded.hoisted:
        made = each.function(*_filled(each.arguments, found), **each.options)
        found.extend(made if isinstance(made, (tuple, list)) else [made])
    return found


@contextmanager
def unchanged(cell: Cell, like: Tensor) -> Iterator[None]:
    """Runs part of a cell for its operations alone: afterwards cell and random numbers are as before.

    Raises:
        RefusedError: when it set or deleted an attribute.
    """
    before, buffers = dict(vars(cell)), [(each, each._version, each.clone()) for each in cell.buffers()]
    devices = [like.device] if like.is_cuda else []
    with torch.enable_grad(), torch.random.fork_rng(devices):
        yield
    changed = vars(cell).keys() != before.keys() or any(vars(cell)[key] is not value for key, value in before.items())
    vars(cell).clear()
    vars(cell).update(before)
    for buffer, version, value in buffers:
        if buffer._version != version:
            buffer.data.copy_(value)
    if changed:
        raise RefusedError("a step changes the cell")


def _filled(arguments: Any, found: Sequence[Tensor]) -> Any:
    if isinstance(arguments, Constant):
        return found[arguments.number]
    return (
        type(arguments)(_filled(each, found) for each in arguments) if type(arguments) in (list, tuple) else arguments
    )


def _tensor(cell: Cell, kind: str, name: str) -> Tensor:
    owner, _, last = name.rpartition(".")
    if kind == "matrix":
        return cell.weights()[name].matrix()
    found: Tensor = getattr(cell.get_submodule(owner), last)
    return found


def edge_of(tensor: Tensor) -> Any:
    """Autograd's node that a tensor came from."""
    return torch.autograd.graph.get_gradient_edge(tensor).node


def place(tensor: Tensor) -> tuple[Any, ...]:
    """Where a tensor's numbers lie."""
    return tensor.data_ptr(), tuple(tensor.shape), tensor.stride()


def tensors_in(values: Any) -> list[Tensor]:
    """The tensors among arguments, those in lists included."""
    found = []
    for each in values:
        found += [each] if isinstance(each, Tensor) else tensors_in(each) if isinstance(each, (list, tuple)) else []
    return found
