"""The exported code on simulated processors: bit for bit the interpreter's, and as many cycles as predicted."""

import itertools

import mcu_cases as cases
import numpy as np
import pytest
import torch

from bench import mcu
from bench.mcu.costs import kernel_hash
from bench.mcu.emit import emit
from bench.mcu.graph import Ref
from bench.mcu.interpreter import trajectory
from bench.mcu.prediction import predict
from bench.mcu.program import IntBuffer, MatVec, Program
from bench.mcu.simulate import run

pytestmark = pytest.mark.long

SHAPES = ((9, 32, 6), (32, 45, 12), (6, 50, 7))  # on none of which a cost was fitted: calibration draws its own


@cases.ON
@pytest.mark.parametrize(("name", "rank", "options"), cases.CASES, ids=cases.IDS)
def test_simulated_processors_say_what_the_interpreter_says(name, rank, options, target):
    cases.need(target)
    zeros = 0.8 if rank else 0.0
    program = cases.program(cases.network(name, rank, options, zeros=zeros))
    limit = program.buffers[0].limit
    rng = np.random.default_rng(0)
    sequences = [
        mcu.quantise_input(program, rng.normal(size=(4, 5))),
        rng.choice([-limit - 1, limit, 0, 1, -1], (4, 5)).astype(np.int16),
        np.full((3, 5), limit, np.int16),
        np.full((3, 5), -limit - 1, np.int16),
    ]
    cases.agree(program, run(emit(program, target), target, sequences), sequences)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@cases.ON
def test_any_shape_rank_sparsity_and_input(target, seed):
    cases.need(target)
    rng = np.random.default_rng(200 + seed)
    name, _, options = cases.CASES[rng.integers(len(cases.CASES))]
    features, hidden, classes = (int(rng.integers(1, most)) for most in (14, 30, 9))
    rank = None if name == "spectralrnn" or rng.random() < 0.4 else int(rng.integers(1, 9))
    zeros = float(rng.choice([0, 0.5, 0.9, 1]))
    net = cases.network(name, rank, options, features=features, hidden=hidden, classes=classes, seed=seed, zeros=zeros)
    program = cases.program(net, features, seed)
    limit = program.buffers[0].limit
    x = rng.choice([-limit - 1, limit, 0, 1, -1], (5, features)).astype(np.int16)
    (scores,) = run(emit(program, target), target, [x]).scores
    np.testing.assert_array_equal(scores, trajectory(program, x))


@pytest.mark.parametrize("columns", [127, 128, 129, 256, 257])
@cases.ON
def test_sparse_rows_reach_any_column(target, columns):
    """The last column alone, none, both ends, and all of a row; beyond 128 columns AVR has another kernel."""
    cases.need(target)
    weight = np.zeros((5, columns), np.int8)
    weight[0, -1], weight[2, 0], weight[2, -1], weight[3, :20] = 99, -128, 127, 3
    buffers = (
        IntBuffer(columns, "input", 8, 12),
        IntBuffer(1, "state", 8, 16),
        IntBuffer(5, "temporary", 8, 16),
    )
    head = MatVec(Ref(2, 0, 5), Ref(0, 0, columns), weight, None, None, 5, 24)
    program = Program("sparse rows", buffers, (), (head,), Ref(2, 0, 5))
    x = np.random.default_rng(0).choice([-2048, 2047], (2, columns)).astype(np.int16)
    ran = run(emit(program, target), target, [x])
    np.testing.assert_array_equal(ran.scores[0], trajectory(program, x))


@cases.ON
def test_predicted_cycles_of_sparse_models_are_the_simulated_ones(target):
    cases.need(target)
    program = cases.program(cases.network("fastgrnn", 8, features=16, hidden=44, zeros=0.97), 16)
    x = mcu.quantise_input(program, np.random.default_rng(1).normal(size=(5, 16)))
    compared = mcu.compare(program, cases.BOARDS[target], [x])
    assert any(each.function.startswith("sparse") for each in emit(program, target).step)
    assert compared.exact
    assert abs(compared.error) <= 0.01


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@cases.ON
@pytest.mark.parametrize("name", cases.SIMULATED)
def test_predicted_cycles_are_the_simulated_ones_within_a_hundredth(name, target, shape):
    cases.need(target)
    features, hidden, classes = shape
    program = cases.program(cases.network(name, features=features, hidden=hidden, classes=classes), features)
    source = emit(program, target)
    x = mcu.quantise_input(program, np.random.default_rng(1).normal(size=(5, features)))
    ran = run(source, target, [x])
    predicted = predict(program, cases.BOARDS[target], steps=5)
    assert predicted.cycles_per_step == pytest.approx(np.mean(ran.step_cycles), rel=0.01)
    whole = np.sum(ran.step_cycles) + np.mean(ran.answer_cycles)
    assert 5 * predicted.cycles_per_step + predicted.answer_cycles == pytest.approx(whole, rel=0.01)


@pytest.mark.parametrize(
    ("name", "most"), [("avr", 1.25), ("m0plus", 1.32), ("m3", 1.22), ("m4f", 1.22), ("esp32c3", 1.3)]
)
def test_dense_products_are_near_what_the_core_can_do(name, most):
    """An LSTM's U at H 64, added to W x, shifted by a byte."""
    target = cases.TARGETS[name]
    cases.need(target)
    rng = np.random.default_rng(0)
    weight = rng.integers(-60, 61, (256, 64)).astype(np.int8)
    buffers = (
        IntBuffer(64, "input", 11, 12),
        IntBuffer(256, "state", 11, 16),
        IntBuffer(256, "temporary", 11, 16),
        IntBuffer(2, "temporary", 11, 16),
    )
    product = MatVec(Ref(2, 0, 256), Ref(0, 0, 64), weight, None, Ref(1, 0, 256), 8, 24)
    head = MatVec(Ref(3, 0, 2), Ref(2, 0, 256), weight[:2].repeat(4, 1), None, None, 8, 32)
    program = Program("an LSTM's U", buffers, (product,), (head,), Ref(3, 0, 2))
    ran = run(emit(program, target), target, [rng.integers(-999, 999, (2, 64)).astype(np.int16)], inside=True)
    assert np.mean(ran.trace.of(2)) / weight.size <= most * target.limit


@pytest.mark.parametrize(("name", "cmsis"), [("m0plus", 311_309), ("m3", 188_109), ("m4f", 108_678)])
def test_our_lstm_takes_fewer_cycles_than_cmsis_nns(name, cmsis):
    """CMSIS-NN's int8 LSTM at H 64, D 32, simulated with the same timing tables."""
    target = cases.TARGETS[name]
    cases.need(target)
    program = cases.program(cases.network("lstm", features=32, hidden=64), 32)
    ran = run(emit(program, target), target, [np.zeros((2, 32), np.int16)])
    assert max(ran.step_cycles) < cmsis


def test_fastgrnn_of_google_12_is_four_times_faster_than_published():
    """537 ms on the MKR1000 in Table 4 of the FastGRNN paper, at H 100, ranks 16 and 25, 3 of 10 weights kept, T 99."""
    net = cases.network("fastgrnn", features=32, hidden=100, classes=12)
    net.cell.W.factorise(16)
    net.cell.U.factorise(25)
    with torch.no_grad():
        for weight in net.cell.weights().values():
            for each in weight.parameters():
                each *= torch.rand_like(each) < 0.3
    latency = predict(cases.program(net, 32), mcu.board("mkr1000"), steps=99)
    assert latency.ms < 537 / 4
    assert latency.ms_high < 537 / 3  # flash wait states at their worst


def test_costs_are_of_the_kernels_that_are_exported():
    """When a kernel's source changes, its costs must be fitted again."""
    for target, kind in itertools.product(cases.TARGETS.values(), ("int8", "float32")):
        costs = mcu.kernel_costs(target, kind)
        assert costs.provenance.kernels == kernel_hash(target, kind)
        assert (costs.target, costs.format) == (target, kind)
        assert costs.provenance.error < 0.25  # the worst call, of a few hundred cycles and a shift met nowhere else
