"""What instructions cost, by core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bench.mcu import cortex_m, cortex_m33, risc_v
from bench.mcu.cortex_m import NOMINAL, Instruction
from bench.mcu.target import Pipeline


class Timing(Protocol):
    """The costs of a core: ``taken`` is what a conditional branch that is taken costs beyond one that is not."""

    taken: int

    def block(self, instructions: Sequence[Instruction]) -> int:
        """Cycles of a block whose last branch, if conditional, is not taken."""

    def saved(self, last: Instruction, first: Instruction) -> int:
        """Cycles by which two blocks are shorter together: the emulator's end at pages, a load's wait does not."""


def timing(pipeline: Pipeline, refill: int = NOMINAL) -> Timing:
    """The costs of a core.

    Args:
        pipeline: of the core.
        refill: cycles to fill the pipeline after a branch, on cores whose maker leaves it open.
    """
    if pipeline.rules == "esp32c3":
        return risc_v.Timing(pipeline)
    if pipeline.rules == "m33":
        return cortex_m33.Timing(pipeline)
    return cortex_m.Timing(pipeline, refill)
