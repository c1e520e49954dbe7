"""The most that data can add to a program's cycles: every path of every kernel, and whole programs that saturate."""

import itertools
import re
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu import worst
from bench.mcu.calibration import drawn
from bench.mcu.delta import skipping
from bench.mcu.emit import emit
from bench.mcu.graph import Ref
from bench.mcu.program import Copy, IntBuffer, MatVec, Pair, Program, Scale, Select
from bench.mcu.simulate import run
from bench.mcu.simulate.firmware import firmware

pytestmark = pytest.mark.long

EXTREMES = [-32768, -32767, -16384, -257, -129, -3, -1, 0, 1, 3, 129, 256, 16383, 32766, 32767]
UNSEEN = {"plain": 5, "dsp": 5, "riscv": 25}
"""Cycles of a division that a simulator does not charge, on the cores that have one."""


def one_element(width):
    """Kernels of one element, or four rows, of two of so many numbers: an element's path is the call's."""
    a, b, flash = Ref(0, 0, 1), Ref(0, 1, 1), Ref(2, 0, 1)
    makers = [
        *(lambda out, s=s: Pair(out, a, b, "add", *s) for s in [(0, 0, 0), (0, 0, 1), (2, 0, 8), (8, 0, 8)]),
        *(lambda out, s=s: Pair(out, a, b, "sub", *s) for s in [(0, 0, 0), (2, 0, 3), (0, 15, 15)]),
        *(lambda out, s=s: Pair(out, a, b, "mul", shift=s) for s in (4, 12)),
        *(lambda out, s=s: Scale(out, a, 20000, 77, s) for s in (4, 12)),
        *(lambda out, s=s: Pair(out, a, b, "div", *s) for s in [(15, 0), (0, 15)]),
        *(lambda out, n=n: Pair(out, a, b, n, 0, 0, 12) for n in ("greater", "maximum", "minimum")),
        lambda out: Select(out, a, b, a),
        lambda out: Select(out, a, b, flash),
        *(
            lambda out, w=w, s=s, c=c: MatVec(
                out, Ref(0, 0, width), np.array([w] * out.size, np.int8), None, None, s, c
            )
            for w in ([127] * width, [127] + [0] * (width - 1))
            for s, c in [(2, 24), (12, 24), (2, 32), (17, 32)]
        ),
    ]
    buffers, kernels = [IntBuffer(width, "input", 0, 16), IntBuffer(1, "state", 0, 16)], []
    buffers.append(IntBuffer(1, "constant", 0, 16, np.array([-7], np.int16)))
    for make in makers:
        size = 4 if isinstance(make(Ref(0, 0, 1)), MatVec) else 1
        for bits in (16, 15):
            buffers.append(IntBuffer(size, "temporary", 0, bits))
            kernels.append(make(Ref(len(buffers) - 1, 0, size)))
    buffers.append(IntBuffer(1, "temporary", 0, 16))
    scores = Ref(len(buffers) - 1, 0, 1)
    seen = Ref(len(buffers), 0, sum(kernel.out.size for kernel in kernels))
    buffers.append(IntBuffer(seen.size, "temporary", 0, 16))
    head = Copy(seen, tuple(kernel.out for kernel in kernels)), Copy(scores, (a,))
    return Program("paths", tuple(buffers), tuple(kernels), head, scores)


def best(target, classes):
    """By how much the choice of the best class varies: its answer is nothing else."""
    buffers = [IntBuffer(classes, "input", 0, 16), IntBuffer(1, "state", 0, 16), IntBuffer(classes, "temporary", 0, 16)]
    scores = Ref(2, 0, classes)
    program = Program("best", tuple(buffers), (), (Copy(scores, (Ref(0, 0, classes),)),), scores)
    x = np.random.default_rng(0).integers(-32768, 32768, (64, classes)).astype(np.int16)
    cycles = run(emit(program, target), target, [x]).answer_cycles
    return max(cycles) - min(cycles)


@cases.ON_ALL
def test_paths_of_an_element_differ_by_what_is_stated_and_no_more(target):
    """On every pair of extremes, and on random ones; every stated figure is met by some kernel."""
    cases.need(target)
    width = 9 if target.family == "avr" else 40  # rows so long that one weight is taken alone
    program = one_element(width)
    pairs = [*itertools.product(EXTREMES, EXTREMES), *np.random.default_rng(0).integers(-32768, 32768, (64, 2))]
    x = np.pad(np.array(pairs, np.int16), ((0, 0), (0, width - 2)))
    source = emit(program, target)
    trace = run(source, target, [x], inside=True).trace
    found = defaultdict(float)
    for number, call in enumerate(source.step, 1):
        cycles, kind = trace.of(number), worst.kind(call, target)
        if call.loop is None:
            found[kind] = max(found[kind], (max(cycles) - min(cycles)) / call.size)
        else:
            assert max(cycles) - min(cycles) <= worst.spread([call], target)
    stated = {kind: cycles for kind, cycles in worst.paths(target).items() if kind not in ("delta", "column")}
    found[worst.BEST] = max(best(target, classes) for classes in (2, 3, 4, 9))
    found["div"] += UNSEEN.get(target.family, 0)
    assert {kind: cycles for kind, cycles in found.items() if cycles} == stated


@cases.ON_ALL
@pytest.mark.parametrize("weight", [[[60]], [[9] * 24], [[60], [0], [0], [0]]], ids=["row", "columns", "sparse"])
def test_a_product_whose_columns_are_all_applied_varies_by_what_is_stated(target, weight):
    """Factors change at every step, up and down, by little and by much."""
    cases.need(target)
    weight, buffers = np.array(weight, np.int8), [IntBuffer(len(weight[0]), "input", 0, 15)]
    rows, columns = weight.shape
    buffers += [IntBuffer(1, "state", 0, 16), IntBuffer(rows, "temporary", 0, 15)]
    out = Ref(2, 0, rows)
    kernel = skipping(MatVec(out, Ref(0, 0, columns), weight, None, None, 2, 24), buffers, 0)
    program = Program("delta", tuple(buffers), (kernel,), (Copy(out, (out,)),), out)
    signs = np.where(np.arange(80) % 2, 1, -1)[:, None]
    x = np.random.default_rng(0).choice([3, 200, 16383], (80, columns)) * signs
    source = emit(program, target)
    cycles = run(source, target, [x.astype(np.int16)], inside=True).trace.of(2)
    assert 0 < max(cycles) - min(cycles) <= worst.spread(source.step, target)


@pytest.mark.parametrize("case", [("fastgrnn", 4, 0.7), ("gru", None, 0.0), ("lstm", None, 0.0), ("slstm", None, 0.0)])
@cases.ON
def test_no_step_of_a_program_that_saturates_everywhere_takes_longer(target, case):
    """Weights are at their limits, samples random, at their limits or 0."""
    cases.need(target)
    name, rank, zeros = case
    program = cases.program(cases.network(name, rank, hidden=16, zeros=zeros))
    usual = program.step
    step = tuple(
        MatVec(k.out, k.x, np.sign(k.weight) * np.int8(127), k.bias, k.add, k.shift, 32) if isinstance(k, MatVec) else k
        for k in usual
    )
    program = Program(program.subject, program.buffers, step, program.head, program.scores)
    rng, size, limit = np.random.default_rng(0), program.buffers[0].size, program.buffers[0].limit
    x = np.concatenate([rng.choice(of, (8, size)) for of in ([-limit - 1, limit], [limit], [0], [-99, 0, 99])])
    ran = run(emit(program, target), target, [x.astype(np.int16)])
    cases.agree(program, ran, [x])
    predicted = mcu.predict(program, cases.BOARDS[target], steps=1)
    assert max(ran.step_cycles) <= predicted.worst_per_step * 1.02
    assert max(ran.step_cycles) - min(ran.step_cycles) <= predicted.worst_per_step - predicted.cycles_per_step
    assert (
        max(ran.answer_cycles) - min(ran.answer_cycles)
        <= predicted.worst - predicted.worst_per_step - predicted.answer_cycles + 1  # three rounded figures
    )
    if target.name in ("m3", "m4f") and name in ("gru", "lstm"):
        assert predicted.worst_per_step == predicted.cycles_per_step


def test_no_instruction_of_a_cortex_m3_takes_longer_for_other_numbers_but_a_division():
    """Long multiplications and signed divisions would: Arm DDI 0337I, table 3-1."""
    target = cases.TARGETS["m3"]
    cases.need(target)
    program = drawn.random_program(np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        elf = firmware(emit(program, target), target, [np.zeros((1, program.buffers[0].size), np.int16)], Path(folder))
        text = subprocess.run(["arm-none-eabi-objdump", "-d", elf], capture_output=True, text=True, check=True).stdout
    functions = dict(re.findall(r"<(\w+)>:\n(.*?)(?=\n\n|\Z)", text, re.S))
    kernels = {name: set(re.findall(r"\t([a-z0-9]+)[.\s]", body)) for name, body in functions.items()}
    assert "udiv" in kernels["rnn_div"]
    for name, mnemonics in kernels.items():
        assert not mnemonics & {"smull", "umull", "smlal", "umlal", "sdiv"}, name
        assert name.startswith("rnn_div") or "udiv" not in mnemonics, name


def test_float32_has_no_bound():
    net = cases.network("gru")
    predicted = mcu.predict(mcu.lower(net.cell, net.head), mcu.board("uno"), steps=3)
    assert (predicted.worst, predicted.worst_per_step) == (None, None)
