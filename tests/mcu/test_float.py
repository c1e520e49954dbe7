"""The code in float32: C against NumPy's float32, and cycles through soft float or the M4's unit."""

import shutil

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu.emit import emit
from bench.mcu.interpreter import trajectory
from bench.mcu.reference import TOLERANCE
from bench.mcu.simulate import host

pytestmark = pytest.mark.long


def graph(name, rank=None, options=None, **sizes):
    net = cases.network(name, rank, options, **sizes)
    return net, mcu.lower(net.cell, net.head)


def samples(features, steps=10, scale=1.0):
    return (scale * np.random.default_rng(3).normal(size=(steps, features))).astype(np.float32)


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize(("name", "rank", "options"), cases.CASES, ids=cases.IDS)
def test_the_code_says_what_numpy_says_in_float32(name, rank, options, tmp_path):
    _, model = graph(name, rank, options, zeros=0.8 if rank else 0.0)
    sequences = [samples(5), samples(5, scale=30.0), np.zeros((4, 5), np.float32)]
    said = host.run(emit(model, cases.TARGETS["m4f"]), sequences, tmp_path)
    for x, scores in zip(sequences, said.scores, strict=True):
        wanted = trajectory(model, x)
        assert wanted.dtype == np.float32
        np.testing.assert_allclose(scores, wanted, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", cases.NAMES)
def test_numpys_float32_is_torchs(name):
    net, model = graph(name)
    x = samples(5)
    wanted = cases.scores(net, x[None].astype(np.float64), np.array([len(x)]))
    np.testing.assert_allclose(trajectory(model, x)[-1], wanted[0], rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.slow
@cases.ON
@pytest.mark.parametrize("name", cases.SIMULATED)
def test_predicted_cycles_are_the_simulated_ones_within_four_hundredths(name, target):
    cases.need(target)
    _, model = graph(name, features=9, hidden=32, classes=6)
    compared = mcu.compare(model, cases.BOARDS[target], [samples(9, 8)])
    assert compared.agrees, compared.worst
    # Costs of exp were fitted to smaller numbers than gates of exponentials and decays take.
    assert abs(compared.error) <= (0.055 if name in ("slstm", "s6") else 0.04)
