"""Cycles, milliseconds, flash and RAM of the exported code, without any toolchain."""

from __future__ import annotations

from dataclasses import dataclass

from bench.mcu.costs import KernelCosts, kernel_costs
from bench.mcu.cycles import Latency
from bench.mcu.emit import emit
from bench.mcu.graph import Graph, Linear
from bench.mcu.hardware import Board
from bench.mcu.program import MatVec, Program
from bench.mcu.source import Call
from bench.mcu.structure import trips

STACK_BYTES = 96
"""Allowed for the stack of a step: its deepest kernel keeps fewer registers than that. An estimate."""


@dataclass(frozen=True)
class KernelCycles:
    """One call of a kernel: what it is called, how many products it computes, its cycles at zero wait states."""

    function: str
    products: int
    cycles: float


@dataclass(frozen=True)
class CodeLatency(Latency):
    """Latency of exported code on one board; cycles are of the core at zero wait states.

    Attributes:
        answer_cycles: of one answer.
        ms_per_answer: milliseconds of that.
        products: of a step that are not with a 0 that is not stored.
        ratio: cycles of the step's matrix-vector products over what nothing on the core can beat; of float32 unknown.
        step_ratio: cycles of the whole step over the same.
        step_hz: samples a second that the board can take, flash wait states at their worst.
        kernels: of a step, in order.
    """

    answer_cycles: int
    ms_per_answer: float
    products: int
    ratio: float | None
    step_ratio: float | None
    step_hz: float
    kernels: tuple[KernelCycles, ...]


def predict(model: Program | Graph, board: Board, *, steps: int) -> CodeLatency:
    """One inference of exported code: so many steps, then one answer.

    ``ms`` is at zero wait states and nominal branch refill. ``ms_low`` has the least branch refill; ``ms_high`` the
    most, and the flash wait states that the board's file says.

    Args:
        model: integers, from :func:`bench.mcu.quantise`; or float32, from :func:`bench.mcu.lower`.
        board: from :func:`bench.mcu.board`.
        steps: samples of one inference.
    """
    source = emit(model, board.target)
    costs = kernel_costs(board.target, source.format)
    per_ms = board.clock_hz.value / 1000

    def total(refill: int) -> tuple[float, float]:
        step = sum(_cycles(costs, call, board, refill) for call in source.step) + costs.step_glue
        answer = sum(_cycles(costs, call, board, refill) for call in source.head) + costs.answer_glue
        return step, answer + costs.class_glue * source.classes

    step, answer = total(0)
    low, high = (steps * one + once for one, once in (total(-1), total(1)))
    high *= board.flash_waits.value
    used = {call.function for call in source.step + source.head}
    code = sum(costs.functions[name].code_bytes for name in used) + costs.code_bytes
    flash = source.flash_bytes + round(code + costs.call_bytes * (len(source.step) + len(source.head)))
    ram = source.ram_bytes + STACK_BYTES
    kernels = tuple(
        KernelCycles(call.function, _products(call), _cycles(costs, call, board, 0)) for call in source.step
    )
    products = sum(each.products for each in kernels)
    floor = max(products * costs.limit.value, 1) if costs.limit is not None else None
    return CodeLatency(
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
        ratio=None if floor is None else sum(each.cycles for each in kernels if each.products) / floor,
        step_ratio=None if floor is None else step / floor,
        step_hz=1000 * steps * per_ms / high,
        kernels=kernels,
    )


def _cycles(costs: KernelCosts, call: Call, board: Board, refill: int) -> float:
    return costs.cycles(call.function, trips(call, board.target), refill)


def _products(call: Call) -> int:
    if not isinstance(call.kernel, MatVec | Linear):
        return 0
    weight = call.kernel.weight
    return int((weight != 0).sum()) if call.function.startswith("sparse") else weight.size
