"""Runs a cell over a sequence: by a kernel compiled from its formula, or step by step.

:func:`run` chooses, and callers never see which it was: the numbers are the same to rounding. A kernel serves ordinary
float32 tensors on the CPU, of any cell whose ``step`` is a formula. It is compiled when it is first wanted. Everything
else is scanned step by step, and the log says once why: a step that is no formula, no compiler.
``RNNBENCH_KERNELS=off`` and :func:`use` turn kernels off; ``RNNBENCH_KERNEL_FLAGS`` chooses compiler flags,
``RNNBENCH_KERNEL_CACHE`` the folder.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from cells.formula import Formula, RefusedError, formula_of, identity
from cells.scan import native
from cells.scan.native import Constants, Kernel, NoKernelError, Operands, cache_folder
from cells.transforms import transformed
from cells.weight import materialised

if TYPE_CHECKING:
    from cells.cell import Cell, State

__all__ = [
    "Constants",
    "Kernel",
    "cache_folder",
    "engine",
    "in_use",
    "kernel_of",
    "lanes",
    "last_of_each",
    "multiply_adds",
    "plain",
    "run",
    "threads",
    "use",
    "why_not",
]

_MODES = ("auto", "off")
_MOST = 256
_log = logging.getLogger(__name__)


class _Settings:
    mode = os.environ.get("RNNBENCH_KERNELS", "auto")
    threads = 1


_known: dict[object, Kernel | str] = {}
_said: set[str] = set()


def use(mode: str | None = None, threads: int | None = None) -> None:
    """Turns kernels on or off, in this process, and forgets those that it knows.

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
    _known.clear()


def in_use() -> str:
    """The mode: ``auto`` or ``off``."""
    return _Settings.mode


def threads() -> int:
    """How many threads a call may use."""
    return _Settings.threads


def run(cell: Cell, x_TBD: Tensor, state: State, ends_B: Tensor | None = None) -> tuple[Tensor, State]:
    """Runs a cell over a sequence, each of its matrices computed once.

    Args:
        cell: the cell.
        x_TBD: the inputs, T >= 1.
        state: as the cell's ``initial_state`` gives it, past inputs included.
        ends_B: the step after which to read h of each sequence, from 0; ``None`` for h of every step.

    Returns:
        h_TBH and the state after the last step; with ``ends_B`` h_BH and nothing.

    Raises:
        IndexError: when a step of ``ends_B`` is not in the sequence.
    """
    if ends_B is not None and not _inside(ends_B, len(x_TBD)):
        raise IndexError(f"lengths must be in 1..{len(x_TBD)}")
    with materialised(cell):
        alike = len(state) >= cell.states and all(tensor.shape == state[0].shape for tensor in state[: cell.states])
        kernel = kernel_of(cell) if alike and x_TBD.shape[1] and plain(x_TBD, *state) else None
        if kernel is None:
            return _step_by_step(cell, x_TBD, state, ends_B)
        made = kernel.constants(cell)
        if not plain(*made[0], *made[1]):
            return _step_by_step(cell, x_TBD, state, ends_B)
        return _by_kernel(cell, kernel, made, x_TBD, state, ends_B)


def _inside(ends_B: Tensor, T: int) -> bool:
    if not len(ends_B) or torch.compiler.is_compiling() or transformed("cpu"):
        return True
    first, last = ends_B.aminmax()
    return int(first) >= 0 and int(last) < T


def _by_kernel(
    cell: Cell, kernel: Kernel, made: Constants, x_TBD: Tensor, state: State, ends_B: Tensor | None
) -> tuple[Tensor, State]:
    recurrent, past = state[: cell.states], state[cell.states :]
    if kernel.given:
        samples, after_past = _project(cell, x_TBD, past)
        samples = kernel.widen(samples, None)
    else:
        samples = kernel.widen(x_TBD, *(past or (None,)))
        after_past = (samples[len(samples) - cell.window + 1 :],) if past else ()
    ends = None if ends_B is None else ends_B.long().contiguous()
    h, *others = native.run(Operands(kernel, samples, recurrent, *made, _Settings.threads, ends))
    return (h, ()) if ends_B is not None else (h, (h[-1], *others, *after_past))


def _step_by_step(cell: Cell, x_TBD: Tensor, state: State, ends_B: Tensor | None) -> tuple[Tensor, State]:
    pre_TBG, past = _project(cell, x_TBD, state[cell.states :])
    recurrent, steps = state[: cell.states], []
    for pre_BG in pre_TBG.unbind(0):
        recurrent = cell.step(pre_BG, recurrent)
        steps.append(recurrent[0])
    h_TBH = torch.stack(steps)
    if ends_B is not None:
        return h_TBH[ends_B, torch.arange(len(ends_B), device=h_TBH.device)], ()
    return h_TBH, recurrent + past


def _project(cell: Cell, x_TBD: Tensor, past: State) -> tuple[Tensor, State]:
    """Pre-activations, and the past inputs that the next call needs."""
    if not past:
        return cell.project(x_TBD), ()
    return cell.project(x_TBD, past[0]), (torch.cat([past[0], x_TBD])[len(x_TBD) :],)


def plain(*tensors: Tensor) -> bool:
    """Whether all are what a kernel reads: ordinary float32 tensors of the CPU, under no transform of torch's."""
    if torch.compiler.is_compiling():
        return False
    for tensor in tensors:
        if tensor.dtype != torch.float32 or tensor.device.type != "cpu" or type(tensor) not in (Tensor, nn.Parameter):
            return False
    return not transformed("cpu")


def kernel_of(cell: Cell) -> Kernel | None:
    """The kernel that serves a cell as it is now, built when it must be, in a few seconds; ``None`` when none does."""
    found = None if _Settings.mode == "off" else _kernel(cell)
    if isinstance(found, str):
        _say_once(f"{type(cell).__name__} has no kernel ({found}): it is run step by step, which is slower")
        return None
    return found


def why_not(cell: Cell) -> str:
    """Why no kernel serves a cell; empty when one does."""
    if _Settings.mode == "off":
        return "kernels are turned off"
    found = _kernel(cell)
    return found if isinstance(found, str) else ""


def engine(cell: Cell) -> str:
    """The engine that now runs a cell: ``"compiled, 16 lanes"`` or ``"step by step"``; last bits differ."""
    kernel = kernel_of(cell)
    return "step by step" if kernel is None else f"compiled, {kernel.library.rnnbench_lanes()} lanes"


def _kernel(cell: Cell) -> Kernel | str:
    key = identity(cell)
    if key is None:
        return "an attribute or a module that may change unseen"
    if key not in _known:
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = _made(cell)
    return _known[key]


def _made(cell: Cell) -> Kernel | str:
    try:
        formula: Formula = formula_of(cell)
        inputs = cell.input_size
        if formula.given:
            widths = [node.width for node in formula.nodes if node.op == "input"]
            inputs = widths[0] * cell.hidden_size
        kernel = Kernel(type(cell).__name__, formula, cell.hidden_size, inputs)
        _ = kernel.library
    except (RefusedError, NoKernelError) as error:
        return str(error)
    except RecursionError:
        return "its step is a chain of too many operations"
    return kernel


def _say_once(text: str) -> None:
    if text not in _said:
        _said.add(text)
        _log.warning(text)


def last_of_each(kernel: Kernel, made: Constants, H: int, x_MTBD: Tensor, lengths_MB: Tensor) -> Tensor:
    """The last h of each sequence, for each of M models of one shape, by one call of a kernel: h_MBH.

    Args:
        kernel: of any of them, and not given its pre-activations.
        made: :meth:`Kernel.constants` of each, stacked.
        H: hidden size.
        x_MTBD: the inputs of each.
        lengths_MB: steps of each sequence, 1..T.
    """
    M, _, B, D = x_MTBD.shape
    past = x_MTBD.new_zeros(M, kernel.window - 1, B, D) if kernel.window > 1 else None
    state = [x_MTBD.new_zeros(M, B, H) for _ in range(kernel.states)]
    samples, ends = kernel.widen(x_MTBD, past), (lengths_MB.long() - 1).contiguous()
    matrices, vectors = ([tensor.contiguous() for tensor in part] for part in made)  # vmap leaves models far apart
    operands = Operands(kernel, samples, state, matrices, vectors, _Settings.threads, ends, ends.amax(dim=1) + 1)
    return native.run(operands)[0]


def lanes() -> int:
    """Floats in a vector of the compiled kernels: 16 with AVX-512, 8 with AVX2, else 4; 0 when none can be built."""
    kernel = _simplest()
    return 0 if kernel is None else int(kernel.library.rnnbench_lanes())


def multiply_adds(rounds: int) -> int:
    """See :func:`cells.scan.native.multiply_adds`; 0 when no kernel can be built."""
    kernel = _simplest()
    return 0 if kernel is None else native.multiply_adds(kernel, rounds)


def _simplest() -> Kernel | None:
    """The kernel of ``h = x``, by which the processor is measured."""
    formula = Formula(given=True, window=1)
    formula.after = [formula.put("input", numbers=(0,), width=1)]
    try:
        kernel = Kernel("nothing", formula, 1, 1)
        _ = kernel.library
    except NoKernelError:
        return None
    return kernel
