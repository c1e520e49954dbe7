"""Cycles of Cortex-M33 instructions as others measured them on an RP2350, for Arm prints no table.

By jnk0le/random, "pipeline cycle test/doc/cortex_m33.md", commit 14b71da: an instruction takes 1 cycle, a taken branch
2, several loads or stores in one as many as they are. An instruction that needs what the one before it has loaded,
multiplied or made with a shifted operand waits 1 more, unless it only adds to that or stores it. MULS takes 2, a
fused product of the floating-point unit keeps others out of it for 2 more. Divisions, square roots and calls were not
measured: divisions are charged as a Cortex-M4's, calls and returns as branches. Shifted constants are charged as plain.

Limited dual issue is left out: a branch or IT that the core issues with the instruction before it costs nothing there
and 1 here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from bench.mcu.cortex_m import MULTIPLE, Instruction
from bench.mcu.target import Pipeline

_REGISTER = re.compile(r"\b(?:r\d+|s\d+|d\d+|sb|sl|fp|ip|sp|lr|pc)\b")
_ALIASES = {"sb": "r9", "sl": "r10", "fp": "r11", "ip": "r12"}
_ADDING = ("mla", "mls", "smla", "smlsd", "umlal", "smmla", "sxta", "uxta")
_MULTIPLYING = ("mul", "smul", "umull", "smmul", "smuad", "smusd")
_MOVING = ("mov", "mvn", "ldr", "vldr", "sxt", "uxt", "rev", "clz", "neg", "vmov", "vneg", "vabs")
_READING = ("str", "vstr", "cmp", "cmn", "tst", "teq", "cb", "movt", "tb")


class Timing:
    """The costs of the core.

    Args:
        pipeline: of the core.
    """

    taken = 1

    def __init__(self, pipeline: Pipeline) -> None:
        self.slow = pipeline.slow

    def block(self, instructions: Sequence[Instruction]) -> int:
        """Cycles of a block whose last branch, if conditional, is not taken."""
        waits = sum(_waits(one, after) for one, after in pairwise(instructions))
        return waits + sum(map(self._cycles, instructions))

    def saved(self, last: Instruction, first: Instruction) -> int:
        """Cycles by which two blocks are shorter than charged: less than none where one waits for the other."""
        return -int(_waits(last, first))

    def _cycles(self, it: Instruction) -> int:
        name = it.mnemonic
        if it.conditional:
            return 1
        if name.startswith(MULTIPLE):
            return it.registers + ("pc" in it.operands)
        if name in ("b", "bl", "bx", "blx"):
            return 2
        if name in ("tbb", "tbh") or (it.loads and it.operands.startswith("pc")):
            return 3
        return 2 if name in ("ldrd", "strd") else self.slow.get(name, 1)


def _waits(it: Instruction, after: Instruction) -> bool:
    """Whether an instruction has to wait for the result of the one before it."""
    return _late(it) and _names(it.operands)[0] in _needed(after)


def _late(it: Instruction) -> bool:
    """Whether a result comes a cycle later than others."""
    if it.loads or it.mnemonic == "vldr":
        return not it.operands.startswith("pc")
    if it.mnemonic.startswith((*_ADDING, *_MULTIPLYING)):
        return it.mnemonic != "muls"
    shifted = re.search(r", (?:lsl|lsr|asr|ror) ", it.operands) is not None
    return shifted and not it.mnemonic.startswith(("sxt", "uxt", *_READING))


def _needed(it: Instruction) -> list[str]:
    """The registers that an instruction needs at once: neither what it adds to nor what it stores."""
    names, name = _names(it.operands), it.mnemonic
    if name.startswith(("str", "vstr")):
        return _names(it.operands[it.operands.find("[") :])
    if name.startswith(("umlal", "smlal")):
        return names[2:]
    if name.startswith(("sxta", "uxta")):
        return names[2:]
    if name.startswith(_ADDING):
        return names[1:-1]
    two = it.operands.count(",") == 1 and not name.startswith(_MOVING)
    return names if two or name.startswith(_READING) else names[1:]


def _names(operands: str) -> list[str]:
    return [_ALIASES.get(name, name) for name in _REGISTER.findall(operands)]
