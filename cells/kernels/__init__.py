"""Compiled kernels for whole sequences, forward and backward.

A kernel stands in for the scan of :class:`cells.Cell` and gives the same numbers to rounding, in a fraction of the
time. It is compiled when it is first wanted. The cells here have kernels written for them; that of any other cell is
derived from what it does (:func:`derived`). Where there is none (a step that is no formula, another dtype or device,
replaced non-linearities, no compiler), the scan runs, and the log says so once. ``RNNBENCH_KERNELS=off`` and
:func:`use` turn them off; ``RNNBENCH_KERNEL_FLAGS`` and ``RNNBENCH_KERNEL_CACHE`` choose compiler flags and the folder.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cells import replay
from cells.gates import PIECEWISE, SMOOTH
from cells.kernels import autograd, derive, native
from cells.kernels.build import NoKernelError, cache_folder
from cells.kernels.native import Operands, plain
from cells.kernels.served import is_served, matrices, operands, operands_of_each, parts_of
from cells.replay.plan import Plan
from cells.replay.projection import Projection
from cells.weight import materialised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cells.cell import Cell, State

__all__ = [
    "cache_folder",
    "dense",
    "derived",
    "derives",
    "in_use",
    "lanes",
    "last",
    "last_of_each",
    "multiply_adds",
    "ready",
    "recurrence",
    "scan",
    "serves_each",
    "use",
]

_MODES = ("auto", "off")
_log = logging.getLogger(__name__)


class _Settings:
    mode = os.environ.get("RNNBENCH_KERNELS", "auto")
    threads = 1


_unavailable: dict[str, str] = {}
_said: set[str] = set()


def use(mode: str | None = None, threads: int | None = None) -> None:
    """Turns kernels on or off, in this process.

    Args:
        mode: ``auto`` or ``off``; ``None`` leaves it.
        threads: how many a call may use, 1 at first; another number gives other last bits. ``None`` leaves it.

    Raises:
        ValueError: when either is out of range.
    """
    if mode is not None:
        if mode not in _MODES:
            raise ValueError(f"kernels must be auto or off, not {mode!r}")
        _Settings.mode = mode
    if threads is not None:
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        _Settings.threads = threads
    _unavailable.clear()


def in_use() -> str:
    """The mode: ``auto`` or ``off``."""
    return _Settings.mode


def ready(cell: Cell) -> bool:
    """Whether a cell has a kernel written for it, on this machine; builds it when it must, in a few seconds."""
    parts = parts_of(cell)
    return _Settings.mode != "off" and parts is not None and _loaded(parts["kernel"])


_ANY = "FastGRNN<Sigmoid>"


def lanes() -> int:
    """Floats in a vector of the compiled kernels: 16 with AVX-512, 8 with AVX2, else 4; 0 when none can be built."""
    return int(native.load(_ANY).rnnbench_lanes()) if _loaded(_ANY) else 0


def multiply_adds(rounds: int) -> int:
    """See :func:`cells.kernels.native.multiply_adds`; 0 when no kernel can be built."""
    return native.multiply_adds(_ANY, rounds) if _loaded(_ANY) else 0


def scan(cell: Cell, x_TBD: Tensor, state: State) -> tuple[Tensor, State] | None:
    """What ``cell(x_TBD, state)`` returns, by a kernel; ``None`` when none serves this call."""
    found = _prepare(cell, x_TBD, state)
    if found is None:
        return None
    made, past = found
    h_TBH, after = _outputs(made)
    return h_TBH, after + past


def _outputs(o: Operands) -> tuple[Tensor, State]:
    h_TBH, c_BH = autograd.run(o, _Settings.threads)
    return h_TBH, (h_TBH[-1], *(() if c_BH is None else (c_BH,)))


def last(cell: Cell, x_TBD: Tensor, lengths_B: Tensor, state: State) -> Tensor | None:
    """h_BH of each sequence after its own last step, by a kernel; ``None`` when none serves this call."""
    found = _prepare(cell, x_TBD, state)
    if found is None:
        return None
    return _last(found[0], lengths_B - 1)


def _last(o: Operands, ends_B: Tensor) -> Tensor:
    if not torch.compiler.is_compiling() and not bool(((ends_B >= 0) & (ends_B < len(o.x))).all()):
        raise IndexError(f"lengths must be in 1..{len(o.x)}")
    return autograd.run(o, _Settings.threads, ends_B.contiguous())[0]


def derived(cell: Cell, x_TBD: Tensor, state: State, ends_B: Tensor | None) -> tuple[Tensor, State] | None:
    """A cell that no kernel was written for, by one that is derived from its ``project`` and ``step``.

    Args:
        cell: its matrices are materialised.
        x_TBD: the inputs.
        state: before the first step.
        ends_B: the step after which to read h of each sequence, from 0; after each step when ``None``.

    Returns:
        h_TBH, every state after the last step; with ``ends_B`` h_BH, no state. ``None`` when another way must serve.
    """
    if not _derivable(cell, x_TBD, *state) or cell.window > 1:
        return None
    projection = replay.projection_of(cell, x_TBD)
    if not isinstance(projection, Projection):
        return None
    plan = replay.plan_of(cell, x_TBD.new_zeros(1, x_TBD.shape[1], projection.outputs), state)
    made = derive.derived(plan, cell, projection) if isinstance(plan, Plan) else None
    return None if made is None or isinstance(made, str) else _run(cell, made, x_TBD, state, ends_B)


def recurrence(cell: Cell, pre_TBG: Tensor, state: State, ends_B: Tensor | None) -> tuple[Tensor, State] | None:
    """As :func:`derived`, by a kernel that is derived from ``step`` alone: of what ``project`` returned."""
    plan = replay.plan_of(cell, pre_TBG, state) if _derivable(cell, pre_TBG, *state) else None
    if plan is None:
        return None
    made = plan if isinstance(plan, str) else derive.derived(plan, cell, None)
    if isinstance(made, str):
        _say_once(f"{type(cell).__name__} has no kernel ({made}); the scan runs")
        return None
    return _run(cell, made, pre_TBG, state, ends_B)


def derives(cell: Cell) -> bool:
    """Whether a cell that no kernel was written for has one that is derived; :func:`last_of_each` cannot use that."""
    like = next(iter(cell.parameters()), torch.empty(0))
    x, state = like.new_zeros(2, 1, cell.input_size), cell.initial_state(1, like)
    with torch.no_grad(), materialised(cell):
        if derived(cell, x, state, None) is not None:
            return True
        return cell.window == 1 and recurrence(cell, cell.project(x), state, None) is not None


def _derivable(cell: Cell, *tensors: Tensor) -> bool:
    return not (_Settings.mode == "off" or is_served(cell) or torch.compiler.is_compiling()) and plain(*tensors)


def _run(
    cell: Cell, made: derive.Derived, x: Tensor, state: State, ends_B: Tensor | None
) -> tuple[Tensor, State] | None:
    o = derive.operands(cell, made, x, state) if _loaded(made.kernel) else None
    if o is None or not o.plain:
        return None
    return _outputs(o) if ends_B is None else (_last(o, ends_B), ())


def dense(cell: Cell) -> dict[str, Tensor]:
    """What a kernel reads of a cell's parameters, for :func:`last_of_each`: a function that vmap can map.

    Args:
        cell: one for which :func:`serves_each` holds.
    """
    parts = parts_of(cell)
    assert parts is not None  # noqa: S101
    return matrices(cell, parts)


def serves_each(cell: Cell, like: Tensor) -> bool:
    """Whether :func:`last_of_each` serves cells as this one is now: nothing drawn at random, among others."""
    drawn = cell.training and getattr(cell, "zoneout", None)
    return not drawn and plain(like) and cell.nonlinearities == SMOOTH and ready(cell)


def last_of_each(cell: Cell, found: Mapping[str, Tensor], x_MTBD: Tensor, lengths_MB: Tensor) -> Tensor:
    """What :meth:`Cell.last` returns for each of M models of one shape, by one call of a kernel: h_MBH.

    Args:
        cell: any of them, and :func:`serves_each` holds.
        found: :func:`dense` of each, stacked.
        x_MTBD: the inputs of each.
        lengths_MB: steps of each sequence, 1..T.
    """
    parts = parts_of(cell)
    assert parts is not None  # noqa: S101
    made = operands_of_each(cell, parts, found, x_MTBD, lengths_MB.amax(dim=1))
    return autograd.run(made, _Settings.threads, (lengths_MB - 1).contiguous())[0]


def _prepare(cell: Cell, x_TBD: Tensor, state: State) -> tuple[Operands, State] | None:
    if _Settings.mode == "off" or not plain(x_TBD, *state) or not x_TBD.shape[1]:
        return None
    if cell.nonlinearities not in (SMOOTH, PIECEWISE):
        return None
    parts = parts_of(cell)
    if parts is None or not _loaded(parts["kernel"]):
        return None
    made, past = operands(cell, parts, x_TBD, state)
    if made.c0 is not None and made.c0.shape != made.h0.shape:
        return None  # the scan broadcasts it, or says what is wrong
    if not made.plain:
        return None
    return made, past


def _loaded(kernel: str) -> bool:
    """Whether a kernel can be called; the first failure is logged and remembered."""
    if kernel in _unavailable:
        return False
    if torch.compiler.is_compiling():
        return True
    try:
        native.load(kernel)
    except NoKernelError as error:
        _unavailable[kernel] = str(error)
        _say_once(f"no compiled kernels, the slower scan runs: {error}")
        return False
    return True


def _say_once(text: str) -> None:
    if text not in _said:
        _said.add(text)
        _log.warning(text)
