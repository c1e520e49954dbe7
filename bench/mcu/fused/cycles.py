"""Cycles and bytes of a loop, counted by instructions, without those that run only where a number saturates."""

from __future__ import annotations

from collections.abc import Sequence

from bench.mcu.cortex_m import NOMINAL, Instruction
from bench.mcu.fused.code import RARE, Loop
from bench.mcu.fused.riscv import FIRST
from bench.mcu.risc_v import BRANCHES
from bench.mcu.target import Target
from bench.mcu.timing import timing

_AVR = {
    name: 2 for name in ("ld", "ldd", "st", "std", "mul", "muls", "mulsu", "adiw", "sbiw", "rjmp", "push", "pop")
} | {
    "lpm": 3,
    "ret": 4,
    "brge": 2,
    "brlt": 2,
    "brvc": 2,
    "brne": 2,
    "brpl": 2,
    "breq": 2,
}
"""Cycles of AVR's instructions that take more than one (as the ATmega328P's data sheet lists them, and simavr counts
them); of branches when taken, for they skip what is rare."""


_CONDITIONAL = ("beq", "bne", "bge", "ble", "bgt", *BRANCHES)
_CALL = ("ldr r0, [pc]", "ldr r1, [pc]", "ldr r2, [pc]", "bl #0")
_RISC_V_CALL = ("lui a0, 0", "addi a0, a0, 0", "addi a1, a1, 0", "addi a2, a2, 0", "jal ra, 0")
_EXIT = " 91f"  # a branch out of the loop, which is taken once


def cycles(loop: Loop, target: Target, refill: int = 0) -> float:
    """Cycles of one call of a loop, the call's own included.

    Args:
        loop: its instructions.
        target: the processor.
        refill: cycles of branch refill beyond nominal.
    """
    once = [line for line in (*loop.enter, *loop.leave) if not line.startswith(".")]
    if target.pipeline is None:
        return sum(map(_avr, once)) + loop.turns * sum(map(_avr, loop.body)) + 12  # arguments, and the call
    costs = timing(target.pipeline, NOMINAL + refill)
    once, body = ([line for line in lines if not line.startswith(RARE)] for lines in (once, loop.body))
    turn = costs.block(_decoded(body)) + sum(map(_taken, body)) * costs.taken
    call = costs.block(_decoded(_RISC_V_CALL if target.family == "riscv" else _CALL))
    return costs.block(_decoded(once)) + loop.turns * turn + call - costs.taken


def _taken(line: str) -> bool:
    """Whether a branch is taken: all that skip what is rare, or go round, but those to what is rare."""
    label = line.split()[-1][:-1]
    rare = line.endswith(_EXIT) or (label.isdecimal() and int(label) >= FIRST)
    return line.startswith(_CONDITIONAL) and not rare


def spread(loop: Loop, target: Target) -> int:
    """Returns the cycles by which data can make a loop longer than counted, at most: all that is rare."""
    rare = [line.removeprefix(RARE) for line in (*loop.body, *loop.leave) if line.startswith(RARE)]
    if target.pipeline is None:
        return loop.turns * sum(map(_avr, rare))
    costs = timing(target.pipeline)
    ways = sum(line.startswith(_CONDITIONAL) and not _taken(line) and not line.endswith(_EXIT) for line in loop.body)
    return loop.turns * (sum(costs.block([one]) for one in _decoded(rare)) + ways * costs.taken)


def _avr(line: str) -> int:
    name = line.split()[0]
    if line.startswith(RARE) or name.endswith(":"):
        return 0
    return 1 if line.endswith(_EXIT) else _AVR.get(name, 1)


def _decoded(lines: Sequence[str]) -> list[Instruction]:
    parts = [line.partition(" ") for line in lines if not line.endswith(":")]
    return [Instruction(name, operands, name in _CONDITIONAL) for name, _, operands in parts]


def code_bytes(loop: Loop, target: Target) -> int:
    """Bytes of a loop's instructions; beyond AVR and M0+ at most, for the assembler chooses between two and four."""
    count = sum(not line.endswith(":") for line in loop.text)
    return 2 * count if target.family in ("avr", "thumb") else 4 * count
