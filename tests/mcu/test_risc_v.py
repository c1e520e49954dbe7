"""Cycles of RISC-V instructions as they were measured on an ESP32-C3 and, of products and divisions, an ESP32-C6."""

from __future__ import annotations

import pytest

from bench.mcu.cortex_m import Instruction
from bench.mcu.fused.riscv import _moved
from bench.mcu.target import targets
from bench.mcu.timing import timing

PIPELINE = targets()["esp32c3"].pipeline
assert PIPELINE is not None
TIMING = timing(PIPELINE)


def cycles(*block: tuple[str, str]) -> int:
    return TIMING.block([Instruction(*instruction) for instruction in block])


@pytest.mark.parametrize(
    ("mnemonic", "operands", "wanted"),
    [
        ("add", "a0, a1, a2", 1),
        ("c.addi", "a0, 1", 1),
        ("xor", "a0, a1, a2", 1),
        ("sw", "a0, 0(a1)", 1),
        ("lbu", "a0, 0(a1)", 1),
        ("j", "16", 2),
        ("c.j", "16", 2),
        ("jal", "ra, 16", 2),
        ("c.jr", "ra", 2),
        ("mul", "a0, a1, a2", 1),
        ("mulhu", "a0, a1, a2", 2),
        ("divu", "a0, a1, a2", 10),
        ("rem", "a0, a1, a2", 10),
    ],
)
def test_one_instruction(mnemonic: str, operands: str, wanted: int) -> None:
    assert cycles((mnemonic, operands)) == wanted


def test_a_conditional_branch_takes_one_cycle_and_two_more_where_it_is_taken() -> None:
    assert TIMING.block([Instruction("bne", "a0, a1, 16", conditional=True)]) == 1
    assert TIMING.taken == 2


@pytest.mark.parametrize(
    ("after", "waits"),
    [
        (("add", "a2, a0, a3"), 1),
        (("add", "a0, a2, a3"), 0),  # writes it
        (("sw", "a0, 0(a1)"), 1),
        (("lw", "a2, 4(a0)"), 1),
        (("lw", "a0, 4(a1)"), 0),
        (("beq", "a0, a1, 16"), 1),
        (("c.bnez", "a0, 16"), 1),
        (("c.add", "a0, a1"), 1),  # reads what it writes
        (("c.addi", "a0, 1"), 1),
        (("c.mv", "a0, a1"), 0),
        (("c.mv", "a1, a0"), 1),
        (("c.li", "a0, 1"), 0),
        (("c.lwsp", "a0, 4(sp)"), 0),
        (("c.swsp", "a0, 4(sp)"), 1),
        (("add", "a2, a01, a10"), 0),
        (("jalr", "a0"), 1),
    ],
)
def test_what_needs_the_load_before_it_waits_a_cycle(after: tuple[str, str], waits: int) -> None:
    load = ("lh", "a0, 0(a1)")
    assert cycles(load, after) == cycles(load) + cycles(after) + waits
    assert cycles(load, ("addi", "t0, t0, 1"), after) == cycles(load) + 1 + cycles(after)


def test_the_loop_that_was_measured() -> None:
    """lbu, add of what it loads, bne: 2 + 1 + 3 cycles a turn on an ESP32-C3."""
    turn = [("lbu", "a5, 0(a4)"), ("add", "a4, a4, a5"), ("bne", "a4, a3, 16")]
    assert cycles(*turn) + TIMING.taken == 6


@pytest.mark.parametrize("value", [0, 1, -1, 2047, 2048, -2048, -2049, 4095, 4096, 32767, -32768, 1 << 19, -(1 << 31)])
def test_a_constant_is_made_of_its_upper_twenty_bits_and_a_signed_rest(value: int) -> None:
    parts = [line.split() for line in _moved("t0", value)]
    made = sum(int(part[-1]) << (12 if part[0] == "lui" else 0) for part in parts)
    assert (made - value) % 2**32 == 0
    assert all(-2048 <= int(part[-1]) < 2048 for part in parts if part[0] != "lui")
