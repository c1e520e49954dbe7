"""Cycles, milliseconds, flash and RAM of the exported code, without any toolchain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.mcu.costs import KernelCosts, kernel_costs
from bench.mcu.emit import Call, Source, emit, layout
from bench.mcu.fused import cycles as counted
from bench.mcu.graph import Graph, Linear
from bench.mcu.hardware import Board, Format
from bench.mcu.program import Delta, MatVec, Program
from bench.mcu.trips import trips
from bench.mcu.worst import BEST, paths, spread

_WIDE = {"matvec32", "sparse32", "delta32", "delta_sparse32"}
STACK_BYTES = 96
"""Allowed for the stack of a step: its deepest kernel keeps fewer registers than that. An estimate."""


@dataclass(frozen=True)
class KernelCycles:
    """One call of a kernel: what it is called, how many products it computes, its cycles at zero wait states."""

    function: str
    products: int
    cycles: float


@dataclass(frozen=True)
class Prediction:
    """How long exported code takes on one board, and the memory it needs. No figure here was measured on a board.

    Attributes:
        board: its name.
        title: its title.
        format: of the numbers that the program computes with.
        method: ``code``: predicted for the exported code, kernel by kernel.
        cycles_per_step: of one sample, at zero flash wait states; of delta execution the mean, where it was counted.
        cycles: of one inference: the steps, then one answer.
        ms_per_step: milliseconds of ``cycles_per_step``.
        ms: milliseconds of ``cycles``.
        ms_low: with the least branch refill.
        ms_high: with the most branch refill, the flash wait states that the board's file says, and every column.
        flash_bytes: constants and code.
        ram_bytes: buffers and an allowance for the stack.
        fits_flash: whether ``flash_bytes`` is at most the board's.
        fits_ram: whether ``ram_bytes`` is at most the board's.
        answer_cycles: of one answer.
        ms_per_answer: milliseconds of that.
        products: of a step that are not with a 0 that is not stored.
        ratio: cycles of the step's matrix-vector products over what nothing on the core can beat; of float32 unknown.
        step_ratio: cycles of the whole step over the same.
        worst_per_step: as ``cycles_per_step``, with the data that take longest; in float32 unknown.
        worst: of one inference.
        step_hz: samples a second that the board can take, flash wait states at their worst.
        kernels: of a step, in order.
        wide: products whose sums AVR adds in 32 bits rather than the faster 24, with the reason, in words.
    """

    board: str
    title: str
    format: Format
    method: str
    cycles_per_step: int
    cycles: int
    ms_per_step: float
    ms: float
    ms_low: float
    ms_high: float
    flash_bytes: int
    ram_bytes: int
    fits_flash: bool
    fits_ram: bool
    answer_cycles: int
    ms_per_answer: float
    products: int
    ratio: float | None
    step_ratio: float | None
    worst_per_step: int | None
    worst: int | None
    step_hz: float
    kernels: tuple[KernelCycles, ...]
    wide: tuple[str, ...]


def predict(model: Program | Graph, board: Board, *, steps: int) -> Prediction:
    """The latency of one inference of exported code: so many steps, then one answer.

    Args:
        model: integers, from :func:`bench.mcu.quantise`; or float32, from :func:`bench.mcu.lower`.
        board: from :func:`bench.mcu.board`.
        steps: samples of one inference.
    """
    source = emit(model, board.target)
    costs = kernel_costs(board.target, source.format)
    per_ms = board.clock_hz.value / 1000
    step, answer = _cycles(source, costs, board, 0)
    ends = (_cycles(source, costs, board, refill, most) for refill, most in ((-1, False), (1, True)))
    low, high = (steps * one + once for one, once in ends)
    high *= board.flash_waits.value
    flash, ram = _flash(source, costs, board), source.ram_bytes + STACK_BYTES
    worst = _worst(source, costs, board, *_cycles(source, costs, board, 0, most=True), steps)
    kernels = tuple(KernelCycles(call.function, _products(call), _cost(costs, call, board)) for call in source.step)
    products = sum(kernel.products for kernel in kernels)
    floor = max(products * costs.limit.value, 1) if costs.limit is not None else None
    return Prediction(
        board=board.name,
        title=board.title,
        format=source.format,
        method="code",
        cycles_per_step=round(step),
        cycles=round(steps * step + answer),
        ms_per_step=step / per_ms,
        ms=(steps * step + answer) / per_ms,
        ms_low=low / per_ms,
        ms_high=high / per_ms,
        flash_bytes=flash,
        ram_bytes=ram,
        fits_flash=flash <= board.flash_bytes.value,
        fits_ram=ram <= board.ram_bytes.value,
        answer_cycles=round(answer),
        ms_per_answer=answer / per_ms,
        products=products,
        ratio=None if floor is None else sum(kernel.cycles for kernel in kernels if kernel.products) / floor,
        step_ratio=None if floor is None else step / floor,
        worst_per_step=worst[0],
        worst=worst[1],
        step_hz=1000 * steps * per_ms / high,
        kernels=kernels,
        wide=tuple(_wide(call, costs, board) for call in source.calls if call.function in _WIDE),
    )


def _cycles(source: Source, costs: KernelCosts, board: Board, refill: int, most: bool = False) -> tuple[float, float]:
    """Cycles of a step and of an answer; ``most``: every column of delta execution."""
    parts = (source.step, source.head)
    step, answer = (sum(_cost(costs, call, board, refill, most) for call in calls) for calls in parts)
    classes = 0 if source.softmax else source.classes  # a softmax finds the best word itself
    return step + costs.step_glue, answer + costs.answer_glue + costs.class_glue * classes


def _worst(
    source: Source, costs: KernelCosts, board: Board, step: float, answer: float, steps: int
) -> tuple[int | None, int | None]:
    """Cycles of a step and of an inference at their worst."""
    if source.format != "int8":
        return None, None
    step += spread(source.step, board.target)
    answer += spread(source.head, board.target) + (0 if source.softmax else paths(board.target)[BEST])
    kernels = [call for call in source.head if call.loop is None]
    answer += sum(costs.spread(call.function, trips(call, board.target)) for call in kernels)
    return round(step), round(steps * step + answer)


def _cost(costs: KernelCosts, call: Call, board: Board, refill: int = 0, most: bool = False) -> float:
    if call.loop is not None:
        return counted.cycles(call.loop, board.target, refill)
    return costs.cycles(call.function, trips(call, board.target, most=most), refill)


def _wide(call: Call, costs: KernelCosts, board: Board) -> str:
    assert isinstance(call.kernel, MatVec)  # noqa: S101 -- no other kernel has that name
    rows, columns = call.kernel.weight.shape
    each = _cost(costs, call, board) / max(_products(call), 1)
    return f"{rows} x {columns} product in 32 bits, {each:.1f} cycles each: {layout.wide(call.kernel)}"


def _flash(source: Source, costs: KernelCosts, board: Board) -> int:
    used = {call.function for call in source.calls if call.loop is None}
    loops = sum(counted.code_bytes(call.loop, board.target) for call in source.calls if call.loop is not None)
    code = loops + sum(costs.functions[name].code_bytes for name in used) + costs.code_bytes
    return source.flash_bytes + round(code + costs.call_bytes * len(source.calls))


def _products(call: Call) -> int:
    if not isinstance(call.kernel, MatVec | Linear):
        return 0
    weight = call.kernel.weight
    columns = (weight != 0).sum(0) if "sparse" in call.function else np.full(weight.shape[1], len(weight))
    often = call.kernel.applied if isinstance(call.kernel, Delta) else None
    return round(float(columns.sum() if often is None else columns @ often))
