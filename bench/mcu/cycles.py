"""From counted operations to cycles, milliseconds and whether a model fits a board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import nn

from bench.mcu.hardware import Board, Costs, Format
from bench.mcu.kinds import Counts
from bench.mcu.operations import OpCounts, count
from cells import Cell

Method = Literal["code", "model", "simulation", "published"]
BYTES = 4  # of a float32


@dataclass(frozen=True)
class Latency:
    """How long one inference takes on one board. No figure here was measured on a board.

    Attributes:
        board: its name.
        title: its title.
        format: of the numbers that the program computes with.
        method: how the cycles were obtained: predicted for the exported code, kernel by kernel (``code``), charged to
            the operations of a traced step (``model``), a program run in a simulator (``simulation``), or printed by
            somebody else (``published``).
        cycles_per_step: of one sample, with the board's flash wait states as modelled.
        cycles: of one inference: the steps, then the head once.
        ms_per_step: milliseconds of ``cycles_per_step``.
        ms: milliseconds of ``cycles``.
        ms_low: without wait states, at the low end of the board's spread (branch refill P = 1).
        ms_high: with wait states, at the high end of the spread (P = 3).
        flash_bytes: the constants; the code is not counted.
        ram_bytes: the state and the most intermediates at once; stack and libraries are not counted.
        fits_flash: whether ``flash_bytes`` is at most the board's.
        fits_ram: whether ``ram_bytes`` is at most the board's.
    """

    board: str
    title: str
    format: Format
    method: Method
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


def _charge(counts: Counts, costs: Costs) -> float:
    """Cycles at zero wait states."""
    return sum(number * costs.of(kind).value for kind, number in counts.items())


def _on(board: Board, operations: OpCounts, steps: int) -> Latency:
    per_step, head = _charge(operations.step, board.float32), _charge(operations.head, board.float32)
    waits = board.flash_waits.value
    per_ms = board.clock_hz.value / 1000
    cycles_per_step = round(per_step * waits)
    cycles = steps * cycles_per_step + round(head * waits)
    zero_wait = steps * per_step + head
    flash_bytes = BYTES * operations.constants
    ram_bytes = BYTES * (operations.state + operations.live)
    return Latency(
        board=board.name,
        title=board.title,
        format="float32",
        method="model",
        cycles_per_step=cycles_per_step,
        cycles=cycles,
        ms_per_step=cycles_per_step / per_ms,
        ms=cycles / per_ms,
        ms_low=zero_wait * board.spread.low / per_ms,
        ms_high=zero_wait * waits * board.spread.high / per_ms,
        flash_bytes=flash_bytes,
        ram_bytes=ram_bytes,
        fits_flash=flash_bytes <= board.flash_bytes.value,
        fits_ram=ram_bytes <= board.ram_bytes.value,
    )


def latency(layers: Sequence[Cell], head: nn.Module, *, steps: int, boards: Sequence[Board]) -> list[Latency]:
    """Models one inference of a trained float32 network on each board, in their order.

    Every operation that PyTorch's tracing finds is charged the board's cycles for its kind; the costs and their
    sources are in the board's file.

    Args:
        layers: the cells; each reads the hidden state of the one before.
        head: a module from [1, H] to its outputs, run once, after the last step.
        steps: samples of one inference.
        boards: from :func:`bench.mcu.board`.

    Raises:
        RnnbenchError: as :func:`bench.mcu.count`.
        ValueError: when there is no layer, or ``steps`` is below 1.
    """
    if steps < 1:
        raise ValueError(f"an inference has at least one step, not {steps}")
    operations = count(layers, head)
    return [_on(board, operations, steps) for board in boards]
