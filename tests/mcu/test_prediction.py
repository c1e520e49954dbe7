"""Predicted cycles, time and memory of the smallest models, summed by hand from the costs' and the boards' files."""

from __future__ import annotations

from dataclasses import replace

import mcu_cases as cases
import numpy as np
import pytest
import yaml

from bench.mcu import board, predict
from bench.mcu.emit.layout import is_sparse
from bench.mcu.graph import Buffer, Graph, Linear, Ref
from bench.mcu.program import IntBuffer, MatVec, Program
from bench.places import CONFIGS

STEPS = 7


def costs(name):
    return yaml.safe_load((CONFIGS / "kernels" / f"{name}.yaml").read_text(encoding="utf-8"))


def program(weight):
    """s = W x of numbers, mostly 4; scores = V s, 3 of them. The state has 14 bits; 16 are clamped quicker."""
    rows, columns = np.shape(weight)
    buffers = (
        IntBuffer(columns, "input", 8, 12),
        IntBuffer(rows, "state", 8, 14),
        IntBuffer(3, "temporary", 8, 16),
    )
    step = MatVec(Ref(1, 0, rows), Ref(0, 0, columns), np.array(weight, np.int8), None, None, 8, 24)
    head = MatVec(Ref(2, 0, 3), Ref(1, 0, rows), np.full((3, rows), 5, np.int8), None, None, 8, 24)
    return Program("smallest", buffers, (step,), (head,), Ref(2, 0, 3))


# Of W, 6 x 4, on the Uno: one tile of four rows, and two single rows, each with as many steps as columns.
TILED = {"call": 1, "tile": 1, "tiles": 1, "tile_step": 4, "single": 2, "singles": 1, "single_step": 8, "half": 8}
# Of V, 3 x 6: single rows alone.
SINGLES = {"call": 1, "single": 3, "singles": 1, "single_step": 18, "half": 8}
# The same on the Due, instruction by instruction. A call: four arguments in registers, one on the stack, BL; 13
# registers are saved, four moves; at the end 9 come back. A tile has two steps of two columns: 6 loads, of which the
# last waits, 4 SXTB, 8 MLA; before them 4 moves; after them 2 SUB, 4 SSAT, 4 STRH, 1 SUB. The other two rows: 2 moves;
# 4 loads, 2 SXTB, 4 MLA; 1 SUB, 2 SSAT, 2 STRH, 1 SUB.
CALL = (4 + 1 + 3) + 14 + 4 + (1 + 12)
PRODUCT = CALL + (4 + 2 * (7 + 4 + 16) + 11) + (2 + 2 * (5 + 2 + 8) + 6)
# V has a pair and a row alone, and three steps: 3 moves; 6 loads, 2 SXTB, 6 MLA; 1 SUB, 3 SSAT, 3 STRH, 1 SUB.
SCORES = CALL + 3 + 3 * (7 + 2 + 12) + 8


def summed(costs, trips):
    return sum(times * costs.get(block, 0) for block, times in trips.items())


def test_cycles_of_a_step_and_of_an_answer_on_the_uno_by_hand():
    body = costs("avr-int8")
    copy, matvec = (body["functions"][name]["cycles"] for name in ("copy", "matvec24"))
    step = copy["call"] + 4 * copy["element"] + summed(matvec, TILED) + body["step_glue"]
    answer = summed(matvec, SINGLES) + body["answer_glue"] + 3 * body["class_glue"]
    predicted = predict(program(np.full((6, 4), 3)), board("uno"), steps=STEPS)
    assert predicted.cycles_per_step == round(step)
    assert predicted.answer_cycles == round(answer)


def test_cycles_of_a_step_and_of_an_answer_on_the_due_by_hand():
    body = costs("m3-int8")
    copy = body["functions"]["copy"]["cycles"]
    step = copy["call"] + 4 * copy["element"] + PRODUCT + body["step_glue"]
    answer = SCORES + body["answer_glue"] + 3 * body["class_glue"]
    predicted = predict(program(np.full((6, 4), 3)), board("due"), steps=STEPS)
    assert predicted.cycles_per_step == round(step)
    assert predicted.answer_cycles == round(answer)
    assert predicted.cycles == round(STEPS * step + answer)
    assert predicted.ms == pytest.approx((STEPS * step + answer) / 84_000)
    assert predicted.ms_per_step == pytest.approx(step / 84_000)
    assert predicted.ms_per_answer == pytest.approx(answer / 84_000)


def test_the_interval_is_one_cycle_of_refill_down_and_up_and_then_the_wait_states():
    body = costs("m3-int8")
    copy = body["functions"]["copy"]["refill"]
    product = 2  # the call and the return
    step = copy["call"] + 4 * copy["element"] + product
    predicted = predict(program(np.full((6, 4), 3)), board("due"), steps=STEPS)
    refill = (STEPS * step + product) / 84_000
    waits = board("due").flash_waits.value
    assert waits > 1
    assert predicted.ms_low == pytest.approx(predicted.ms - refill)
    assert predicted.ms_high == pytest.approx((predicted.ms + refill) * waits)
    assert predicted.step_hz == pytest.approx(STEPS * 1000 / predicted.ms_high)


def test_the_ratio_is_of_the_steps_products_to_the_cores_limit():
    body = costs("m3-int8")
    copy = body["functions"]["copy"]["cycles"]
    predicted = predict(program(np.full((6, 4), 3)), board("due"), steps=STEPS)
    assert predicted.products == 24
    assert predicted.ratio == pytest.approx(PRODUCT / (24 * body["limit"]["value"]))
    step = PRODUCT + copy["call"] + 4 * copy["element"] + body["step_glue"]
    assert predicted.step_ratio == pytest.approx(step / (24 * body["limit"]["value"]))


def test_zeros_that_are_not_stored_are_no_products():
    """Two of 40 weights are kept, one in each row: a word of two pairs for each."""
    body = costs("m3-int8")
    sparse = body["functions"]["sparse"]["cycles"]
    predicted = predict(program(9 * np.eye(2, 20)), board("due"), steps=STEPS)
    assert predicted.products == 2
    product = sparse["call"] + 2 * sparse["row"] + 2 * sparse["two_pairs"]
    assert predicted.ratio == pytest.approx(product / (2 * body["limit"]["value"]))


@pytest.mark.parametrize("kept", [0.05, 0.15, 0.3, 0.7])
@pytest.mark.parametrize(("rows", "columns"), [(16, 32), (64, 16), (20, 64), (96, 9)])
@cases.ON_ALL
def test_products_are_sparse_where_that_takes_fewer_cycles(target, rows, columns, kept, monkeypatch):
    """Neither form is chosen where the other takes 6 % fewer, or 12 on AVR, where a byte of flash counts as one."""
    rng = np.random.default_rng(rows)
    weight = rng.integers(1, 60, (rows, columns)) * (rng.random((rows, columns)) < kept)
    chosen, cycles = is_sparse(program(weight).step[0], target), {}
    for form in (True, False):
        monkeypatch.setattr(
            "bench.mcu.emit.integer.is_sparse", lambda kernel, _, form=form: form and kernel.out.size > 3
        )
        cycles[form] = predict(program(weight), cases.BOARDS[target], steps=1).kernels[1].cycles
    assert cycles[chosen] <= cycles[not chosen] * (1.12 if target.family == "avr" else 1.06)


def test_memory_by_hand():
    """Weights, a third row's in 16 bits; the copy's code, four bytes an instruction of a product; 96 bytes of stack."""
    body = costs("m3-int8")
    around = 5 + 2  # instructions
    products = around + (4 + 2 * 18 + 11) + (2 + 2 * 10 + 6) + around + (3 + 3 * 14 + 8)
    code = body["code_bytes"] + body["functions"]["copy"]["code_bytes"] + 4 * products + 3 * body["call_bytes"]
    predicted = predict(program(np.full((6, 4), 3)), board("due"), steps=STEPS)
    assert predicted.flash_bytes == 6 * 4 + (2 + 2) * 6 + round(code)
    assert predicted.ram_bytes == 2 * (4 + 8 + 4) + 96


@pytest.mark.parametrize(("memory", "fits"), [("flash", "fits_flash"), ("ram", "fits_ram")])
def test_a_model_fits_at_the_boundary(memory, fits):
    model = program(np.full((6, 4), 3))
    needed = getattr(predict(model, board("uno"), steps=1), f"{memory}_bytes")
    for size, wanted in ((needed, True), (needed - 1, False)):
        fields = board("uno").model_dump()
        fields[f"{memory}_bytes"]["value"] = size
        assert getattr(predict(model, type(board("uno")).model_validate(fields), steps=1), fits) is wanted


def test_float32_has_no_limit_and_its_costs_are_of_nonzero_factors():
    """W is dense, so its products are pairs; the head's too, with the bias once a row."""
    buffers = (Buffer(4, "input"), Buffer(2, "state"), Buffer(3, "temporary"))
    step = Linear(Ref(1, 0, 2), Ref(0, 0, 4), np.full((2, 4), 0.5))
    head = Linear(Ref(2, 0, 3), Ref(1, 0, 2), np.full((3, 2), 0.5), np.ones(3))
    graph = Graph("smallest", buffers, (step,), (head,), Ref(2, 0, 3))
    body = costs("m0plus-float32")
    copy, matvec = (body["functions"][name]["cycles"] for name in ("copy", "matvec"))
    cycles = copy["call"] + 4 * copy["element"] + matvec["call"] + 2 * matvec["row"] + 8 * matvec["pair"]
    answer = matvec["call"] + 3 * (matvec["row"] + matvec["bias"]) + 6 * matvec["pair"]
    predicted = predict(graph, board("mkr1000"), steps=STEPS)
    assert predicted.cycles_per_step == round(cycles + body["step_glue"])
    assert predicted.answer_cycles == round(answer + body["answer_glue"] + 3 * body["class_glue"])
    assert predicted.ratio is None
    assert predicted.step_ratio is None


def test_a_product_in_32_bits_is_named_with_its_reason_on_avr_alone():
    model = program(np.full((6, 4), 3))
    (step,) = model.step
    model = replace(model, step=(replace(step, accumulator=32),))
    (said,) = predict(model, board("uno"), steps=STEPS).wide
    assert said.startswith("6 x 4 product in 32 bits")
    assert said.endswith("its sums exceed 24 bits")
    assert predict(model, board("due"), steps=STEPS).wide == ()
