"""Cycles of instructions against Arm's tables: ARM DDI 0484C (M0+), DDI 0337I (M3), 100166 (M4)."""

from __future__ import annotations

import pytest

from bench.mcu.cortex_m import Instruction, Timing
from bench.mcu.target import targets


def cycles(name: str, *block: tuple[str, str], refill: int = 2) -> int:
    """Cycles of a block of mnemonics and operands on a core."""
    pipeline = targets()[name].pipeline
    assert pipeline is not None
    return Timing(pipeline, refill).block([Instruction(*instruction) for instruction in block])


@pytest.mark.parametrize(
    ("mnemonic", "operands", "wanted"),
    [
        ("adds", "r0, r1, r2", 1),
        ("muls", "r0, r1, r0", 1),
        ("ldr", "r0, [r1, #4]", 2),
        ("ldrsh", "r0, [r1, r2]", 2),
        ("strh", "r0, [r1]", 2),
        ("push", "{r4, r5, lr}", 4),
        ("pop", "{r4, r5}", 3),
        ("pop", "{r4, pc}", 5),
        ("ldm", "r0!, {r1, r2, r3}", 4),
        ("b", "#0x100", 2),
        ("bl", "#0x100", 3),
        ("bx", "lr", 2),
        ("mov", "pc, r3", 2),
    ],
)
def test_one_instruction_on_cortex_m0_plus(mnemonic: str, operands: str, wanted: int) -> None:
    assert cycles("m0plus", (mnemonic, operands)) == wanted


@pytest.mark.parametrize(
    ("mnemonic", "operands", "m3", "m4f"),
    [
        ("add", "r0, r1, r2", 1, 1),
        ("mul", "r0, r1, r2", 1, 1),
        ("mla", "r0, r1, r2, r3", 2, 1),
        ("mls", "r0, r1, r2, r3", 2, 1),
        ("smull", "r0, r1, r2, r3", 4, 1),
        ("smlal", "r0, r1, r2, r3", 6, 1),
        ("udiv", "r0, r1, r2", 7, 7),
        ("smlad", "r0, r1, r2, r3", 1, 1),
        ("ldr", "r0, [r1]", 2, 2),
        ("ldr", "pc, [r1, r2, lsl #2]", 4, 4),
        ("str", "r0, [r1, #4]", 1, 1),
        ("str", "r0, [r1, r2]", 2, 2),
        ("ldrd", "r0, r1, [r2]", 3, 3),
        ("push", "{r4, r5, lr}", 4, 4),
        ("pop", "{r4, pc}", 5, 5),
        ("b", "#0x100", 3, 3),
        ("tbb", "[pc, r0]", 4, 4),
        ("vldr", "s0, [r1]", 2, 2),
    ],
)
def test_one_instruction_on_cortex_m3_and_m4(mnemonic: str, operands: str, m3: int, m4f: int) -> None:
    """Two cycles fill the pipeline, as P is charged by default."""
    assert (cycles("m3", (mnemonic, operands)), cycles("m4f", (mnemonic, operands))) == (m3, m4f)


@pytest.mark.parametrize(("mnemonic", "wanted"), [("vadd", 1), ("vmul", 1), ("vmla", 3), ("vdiv", 14), ("vsqrt", 14)])
def test_the_floating_point_unit(mnemonic: str, wanted: int) -> None:
    assert cycles("m4f", (mnemonic, "s0, s1, s2")) == wanted


def test_a_loads_second_cycle_hides_under_the_next_access_unless_that_needs_its_result() -> None:
    first, free, needing = ("ldr", "r0, [r1]"), ("ldr", "r2, [r3]"), ("ldr", "r2, [r0]")
    assert cycles("m3", first, free) == 1 + 2
    assert cycles("m3", first, needing) == 2 + 2
    assert cycles("m3", first, ("str", "r2, [r3, #4]")) == 1 + 1
    assert cycles("m3", first, ("add", "r2, r3, r4")) == 2 + 1
    assert cycles("m0plus", first, free) == 2 + 2


@pytest.mark.parametrize("refill", [1, 2, 3])
def test_a_branch_costs_what_filling_the_pipeline_does(refill: int) -> None:
    assert cycles("m3", ("bl", "#0x100"), refill=refill) == 1 + refill
    assert cycles("m3", ("pop", "{r4, pc}"), refill=refill) == 3 + refill
    assert cycles("m0plus", ("bl", "#0x100"), refill=refill) == 3


def test_a_conditional_branch_costs_one_and_the_refill_when_it_is_taken() -> None:
    for name, taken in (("m0plus", 1), ("m3", 2), ("m4f", 2)):
        pipeline = targets()[name].pipeline
        assert pipeline is not None
        timing = Timing(pipeline)
        assert timing.block([Instruction("b", "#0x100", conditional=True)]) == 1
        assert timing.taken == taken
