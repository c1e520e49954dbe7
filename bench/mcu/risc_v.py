"""Cycles of RISC-V instructions on the ESP32-C3, whose maker prints no table: as others measured them on chips.

On an ESP32-C3, code and data in RAM (timonvo/niccle, esp/examples/cycle_counting.rs, commit cc24cf4): additions and
stores take 1 cycle, a jump 2, a conditional branch 3 where it is taken and 1 where not, either way; a load takes 1,
and 1 more where the next instruction needs what it loads. Those are the figures of CV32E40P, another core of four
stages in order. Products (MUL 1, MULH 2) and divisions (10) were measured on an ESP32-C6 alone, a sibling
(nilhoel1/LLTA-Bench, RESULTS.md); that a return takes as long as a jump is taken from CV32E40P.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from bench.mcu.cortex_m import Instruction
from bench.mcu.target import Pipeline

BRANCHES = (
    *("beq", "bne", "blt", "bge", "bltu", "bgeu", "bgt", "ble", "bgtu", "bleu"),
    *("beqz", "bnez", "bltz", "bgez", "blez", "bgtz"),
)
"""Mnemonics of conditional branches."""
_LOADS = ("lb", "lbu", "lh", "lhu", "lw", "lwsp")
_JUMPS = ("j", "jal", "jr", "jalr", "ret", "call", "tail")
_WRITE_ONLY = ("li", "lui", "mv", "lw", "lwsp", "addi4spn")
"""Compressed instructions that do not read the register that they write."""
_REGISTER = re.compile(r"\b(?:zero|ra|sp|gp|tp|[ast]\d+)\b")


class Timing:
    """The costs of the ESP32-C3's core.

    Args:
        pipeline: of the core.
    """

    taken = 2

    def __init__(self, pipeline: Pipeline) -> None:
        self.slow = pipeline.slow

    def block(self, instructions: Sequence[Instruction]) -> int:
        """Cycles of a block whose last branch, if conditional, is not taken."""
        waits = sum(_waits(one, after) for one, after in pairwise(instructions))
        return waits + sum(self._cycles(_plain(one.mnemonic)) for one in instructions)

    def saved(self, last: Instruction, first: Instruction) -> int:
        """Cycles by which two blocks are shorter than charged: less than none where one waits for the other's load."""
        return -int(_waits(last, first))

    def _cycles(self, name: str) -> int:
        return 2 if name in _JUMPS else self.slow.get(name, 1)


def _plain(mnemonic: str) -> str:
    return mnemonic.removeprefix("c.")


def _waits(load: Instruction, after: Instruction) -> bool:
    """Whether an instruction has to wait for the load before it."""
    if _plain(load.mnemonic) not in _LOADS:
        return False
    (target, *_), names = _REGISTER.findall(load.operands), _REGISTER.findall(after.operands)
    name = _plain(after.mnemonic)
    stores = name in ("sb", "sh", "sw", "swsp")
    reads_all = stores or name in BRANCHES or name in ("jr", "jalr")
    if after.mnemonic.startswith("c."):
        reads_all = name not in _WRITE_ONLY
    return target in (names if reads_all else names[1:])
