"""Cycles of Cortex-M instructions by Arm's tables: ARM DDI 0484C (M0+), DDI 0337I (M3), 100166 (M4).

Zero wait states, the multiplier of one cycle on M0+. A block costs its instructions in order; a taken conditional
branch costs more than one that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.mcu.target import Pipeline

NOMINAL = 2
"""Cycles to fill the pipeline of a Cortex-M3 or M4 after a taken branch; Arm's tables give 1 to 3."""


@dataclass(frozen=True)
class Instruction:
    """One decoded instruction.

    Attributes:
        mnemonic: without width and condition, ``ldr``.
        operands: as the disassembler prints them.
        conditional: whether it is a branch that may not be taken.
    """

    mnemonic: str
    operands: str
    conditional: bool = False

    @property
    def registers(self) -> int:
        """How many registers a list names."""
        inside = self.operands[self.operands.find("{") + 1 : self.operands.find("}")]
        return len([name for name in inside.split(",") if name.strip()])

    @property
    def loads(self) -> bool:
        """Whether it is a load of one register."""
        return self.mnemonic.startswith("ldr") and self.mnemonic != "ldrd"

    @property
    def stores(self) -> bool:
        """Whether it is a store of one register."""
        return self.mnemonic.startswith("str") and self.mnemonic != "strd"


MULTIPLE = ("push", "pop", "ldm", "stm", "vpush", "vpop", "vldm", "vstm")
"""Instructions that take a list of registers."""


class Timing:
    """The costs of one core.

    Args:
        pipeline: of the core.
        refill: P, cycles to fill the pipeline after a branch.
    """

    def __init__(self, pipeline: Pipeline, refill: int = NOMINAL) -> None:
        self.small, self.slow = pipeline.rules == "m0plus", pipeline.slow
        self.refill = refill
        self.taken = 1 if self.small else refill

    def block(self, instructions: Sequence[Instruction]) -> int:
        """Cycles of a block whose last branch, if conditional, is not taken."""
        nexts = [*instructions[1:], None]
        return sum(self._cycles(one, after) for one, after in zip(instructions, nexts, strict=True))

    def saved(self, last: Instruction, first: Instruction) -> int:
        """Cycles by which two blocks are shorter than charged: the emulator's end at pages, a load's wait does not."""
        return int(not self.small and last.loads and _pipelines(last, first))

    def _cycles(self, it: Instruction, after: Instruction | None) -> int:
        name = it.mnemonic
        if it.conditional:
            return 1
        if name.startswith(MULTIPLE):
            jump = name == "pop" and "pc" in it.operands
            return 1 + it.registers + (0 if not jump else 2 if self.small else self.refill)
        if self.small:
            return self._small(it)
        if name in ("b", "bl", "bx", "blx"):
            return 1 + self.refill
        if name in ("tbb", "tbh"):
            return 2 + self.refill
        if it.loads or name == "vldr":
            if it.operands.startswith("pc"):
                return 2 + self.refill
            return 1 if after is not None and _pipelines(it, after) else 2
        if it.stores:
            return 2 if "#" not in it.operands and it.operands.count(",") > 1 else 1
        if name in ("ldrd", "strd"):
            return 3
        return self.slow.get(name, 1)

    @staticmethod
    def _small(it: Instruction) -> int:
        if it.loads or it.stores:
            return 2
        branch = {"b": 2, "bx": 2, "blx": 2, "bl": 3}
        if it.mnemonic in ("mov", "add") and it.operands.startswith("pc"):
            return 2
        return branch.get(it.mnemonic, 1)


def _pipelines(load: Instruction, after: Instruction) -> bool:
    """Whether a load's second cycle hides under the next access, whose address does not need it."""
    if not (after.loads or after.stores):
        return False
    target = load.operands.split(",")[0].strip()
    address = after.operands[after.operands.find("[") :]
    return target not in address.replace("]", "").replace("[", "").replace(" ", "").split(",")
