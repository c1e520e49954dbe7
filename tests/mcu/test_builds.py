"""The exported code takes the cycles that are predicted however it is built: as Arduino's cores do, and others."""

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu.emit import emit
from bench.mcu.simulate import run
from bench.mcu.simulate.firmware import BUILDS

pytestmark = pytest.mark.long

CELLS = {
    "fastgrnn-sparse": ("fastgrnn", 16, 0.75, 32, 64),
    "fastgrnn-96": ("fastgrnn", None, 0.0, 13, 96),  # whose sums exceed 24 bits
    "gru": ("gru", None, 0.0, 13, 37),
    "lstm": ("lstm", None, 0.0, 7, 32),
}


@pytest.mark.parametrize("case", CELLS)
@cases.ON
def test_predicted_cycles_are_those_of_every_build_within_two_hundredths(target, case):
    cases.need(target)
    name, rank, zeros, features, hidden = CELLS[case]
    program = cases.program(cases.network(name, rank, features=features, hidden=hidden, zeros=zeros), features)
    x = mcu.quantise_input(program, np.random.default_rng(1).normal(size=(3, features)))
    predicted = mcu.predict(program, cases.BOARDS[target], steps=3)
    for build in BUILDS:
        ran = run(emit(program, target), target, [x], build=build)
        cases.agree(program, ran, [x])
        assert predicted.cycles_per_step == pytest.approx(np.mean(ran.step_cycles), rel=0.02), build
        assert predicted.answer_cycles == pytest.approx(np.mean(ran.answer_cycles), rel=0.05), build


@cases.ON
def test_float32_scores_have_the_same_bits_in_every_build(target):
    """Though GNU C would contract products and sums where a processor can."""
    cases.need(target)
    net = cases.network("lstm", features=5, hidden=6)
    source = emit(mcu.lower(net.cell, net.head), target)
    x = np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32)
    scores = [run(source, target, [x], build=build).scores[0] for build in (*BUILDS, "-O3")]
    for other in scores[1:]:
        np.testing.assert_array_equal(scores[0], other)
