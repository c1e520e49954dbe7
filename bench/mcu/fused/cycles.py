"""Cycles and bytes of a loop, counted by instructions, without those that run only where a number saturates."""

from __future__ import annotations

from collections.abc import Sequence

from bench.mcu.cortex_m import NOMINAL, Instruction
from bench.mcu.fused.code import RARE, Code, Part
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
    "brlo": 2,
    "brne": 2,
    "brpl": 2,
    "breq": 2,
}
"""Cycles of AVR's instructions that take more than one (as the ATmega328P's data sheet lists them, and simavr counts
them); of branches when taken, for they skip what is rare."""


_TO_RARE = ("brsh", "brvs")
"""AVR's branches to what is rare, one cycle more where they are taken."""
_CONDITIONAL = ("beq", "bne", "bge", "ble", "bgt", *BRANCHES)
_ARGUMENTS = ("ldr r0, [pc]", "ldr r1, [pc]", "ldr r2, [pc]", "ldr r3, [pc]", "str r3, [sp, #0]")
"""What readies a call's arguments, in which compilers differ by a few cycles."""
_RISC_V_CALL = ("lui a0, 0", "addi a0, a0, 0", "addi a1, a1, 0", "addi a2, a2, 0", "jal ra, 0")
_EXIT = " 91f"  # a branch out of the loop, which is taken once


def cycles(code: Code, target: Target, refill: int = 0) -> float:
    """Cycles of one call of a loop or a product, the call's own included.

    Args:
        code: its instructions.
        target: the processor.
        refill: cycles of branch refill beyond nominal.
    """
    if target.pipeline is None:
        return avr_cycles(code.parts) + 12  # arguments, and the call
    costs = timing(target.pipeline, NOMINAL + refill)
    call = _RISC_V_CALL if target.family == "riscv" else (*_ARGUMENTS[: code.arguments], "bl #0")
    total = costs.block(_decoded(call))
    for part in code.parts:
        lines = [line for line in part.lines if not line.startswith((RARE, "."))]
        total += part.times * (costs.block(_decoded(lines)) + sum(map(_taken, lines)) * costs.taken)
        total -= part.ends * costs.taken
    return total


def avr_cycles(parts: Sequence[Part]) -> int:
    """Cycles of instructions on AVR, without a call's."""
    return sum(part.times * sum(map(_avr, part.lines)) + part.more for part in parts)


def _taken(line: str) -> bool:
    """Whether a branch is taken: all that skip what is rare, or go round, but those to what is rare."""
    return line.startswith(_CONDITIONAL) and not line.endswith(_EXIT) and not _to_rare(line)


def _to_rare(line: str) -> bool:
    label = line.split()[-1][:-1]
    return line.startswith(_CONDITIONAL) and label.isdecimal() and int(label) >= FIRST


def spread(code: Code, target: Target) -> int:
    """Returns the cycles by which data can make code longer than counted, at most: all that is rare."""
    total = 0
    for part in code.parts:
        rare = [line.removeprefix(RARE) for line in part.lines if line.startswith(RARE)]
        if target.pipeline is None:
            cycles = sum(map(_avr, rare)) + sum(line.startswith(_TO_RARE) for line in part.lines)
        else:
            costs = timing(target.pipeline)
            cycles = sum(costs.block([one]) for one in _decoded(rare)) + sum(map(_to_rare, part.lines)) * costs.taken
        total += (part.rare or part.times) * cycles
    return total


def _avr(line: str) -> int:
    name = line.split()[0]
    if line.startswith((RARE, ".")) or name.endswith(":"):
        return 0
    return 1 if line.endswith(_EXIT) else _AVR.get(name, 1)


def _decoded(lines: Sequence[str]) -> list[Instruction]:
    parts = [line.partition(" ") for line in lines if not line.endswith(":")]
    return [Instruction(name, operands, name in _CONDITIONAL) for name, _, operands in parts]


def code_bytes(code: Code, target: Target) -> int:
    """Bytes of the instructions; beyond AVR and M0+ at most, for the assembler chooses between two and four."""
    count = sum(not line.endswith(":") for line in code.text)
    return 2 * count if target.family in ("avr", "thumb") else 4 * count
