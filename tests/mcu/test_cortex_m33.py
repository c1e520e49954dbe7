"""Cycles of Cortex-M33 instructions as they were measured on an RP2350."""

from __future__ import annotations

import pytest

from bench.mcu.cortex_m import Instruction
from bench.mcu.target import targets
from bench.mcu.timing import timing

PIPELINE = targets()["m33"].pipeline
assert PIPELINE is not None
TIMING = timing(PIPELINE)


def cycles(*block: tuple[str, str]) -> int:
    return TIMING.block([Instruction(*instruction) for instruction in block])


@pytest.mark.parametrize(
    ("mnemonic", "operands", "wanted"),
    [
        ("add", "r0, r1, r2", 1),
        ("mul", "r0, r1, r2", 1),
        ("muls", "r0, r1, r0", 2),
        ("smlad", "r0, r1, r2, r3", 1),
        ("ldr", "r0, [r1]", 1),
        ("strh", "r0, [r1, r2]", 1),
        ("ldrd", "r0, r1, [r2]", 2),
        ("ldm", "r0!, {r1, r2, r3}", 3),
        ("push", "{r4, r5, lr}", 3),
        ("pop", "{r4, pc}", 3),
        ("b", "#0x100", 2),
        ("vadd", "s0, s1, s2", 1),
        ("vfma", "s0, s1, s2", 3),
    ],
)
def test_one_instruction(mnemonic: str, operands: str, wanted: int) -> None:
    assert cycles((mnemonic, operands)) == wanted


def test_a_conditional_branch_takes_one_cycle_and_one_more_where_it_is_taken() -> None:
    assert TIMING.block([Instruction("b", "#0x100", conditional=True)]) == 1
    assert TIMING.taken == 1


LOAD, MAC, SHIFTED = ("ldrsh", "r0, [r1, #2]"), ("smlad", "r0, r1, r2, r3"), ("add", "r0, r1, r2, lsl #3")


@pytest.mark.parametrize("first", [LOAD, MAC, SHIFTED, ("mul", "r0, r1, r2"), ("sxtab16", "r0, r1, r2")])
@pytest.mark.parametrize(
    ("after", "waits"),
    [
        (("add", "r4, r0, r5"), 1),
        (("adds", "r0, #1"), 1),  # reads what it writes
        (("add", "r0, r4, r5"), 0),
        (("mov", "r0, r4"), 0),
        (("cmp", "r4, r0"), 1),
        (("cbz", "r0, #0x100"), 1),
        (("mla", "r4, r5, r6, r0"), 0),  # only adds to it
        (("mla", "r4, r0, r6, r5"), 1),
        (("smlal", "r0, r4, r5, r6"), 0),
        (("sxtab16", "r4, r0, r5"), 0),
        (("sxtab16", "r4, r5, r0"), 1),
        (("strh", "r0, [r4]"), 0),  # only stores it
        (("strh", "r4, [r0, #2]"), 1),
        (("ldr", "r4, [r5, r0, lsl #2]"), 1),
        (("add", "r4, r10, r5"), 0),
    ],
)
def test_what_needs_a_late_result_waits_a_cycle(first: tuple[str, str], after: tuple[str, str], waits: int) -> None:
    assert cycles(first, after) == cycles(first) + cycles(after) + waits
    assert cycles(first, ("nop", ""), after) == cycles(first) + 1 + cycles(after)


@pytest.mark.parametrize("first", [("add", "r0, r1, #4"), ("asr", "r0, r1, #4"), ("sxtb16", "r0, r1, ror #8")])
def test_no_other_result_is_waited_for(first: tuple[str, str]) -> None:
    assert cycles(first, ("add", "r4, r0, r5")) == 2


def test_registers_that_the_disassembler_calls_otherwise_are_the_same() -> None:
    assert cycles(("ldr", "sl, [r1]"), ("add", "r4, r10, r5")) == 3
