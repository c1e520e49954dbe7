"""The exported code on simulated processors: bit for bit the interpreter's, and as many cycles as predicted."""

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu import simulation, toolchain
from bench.mcu.emit import emit
from bench.mcu.prediction import predict
from bench.mcu.structure import trips

TARGETS = ("avr", "m0plus", "m3", "m4f")
BOARDS = {"avr": "uno", "m0plus": "mkr1000", "m3": "due", "m4f": "nano33ble"}
SHAPES = ((9, 32, 6), (32, 45, 12), (6, 50, 7))  # on none of which a cost was fitted: calibration draws its own


def need(target):
    lack = toolchain.missing(target)
    if lack:
        pytest.skip(f"the simulation of {target} needs {lack}")


def trajectory(program, x):
    machine = mcu.Interpreter(program, 1)
    scores = []
    for sample in x:
        machine.step(sample[None])
        scores.append(machine.scores()[0])
    return np.array(scores)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "rank", "options"), cases.CASES, ids=cases.IDS)
def test_simulated_processors_say_what_the_interpreter_says(name, rank, options, target):
    need(target)
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
    ran = simulation.run(emit(program, target), target, sequences)
    for x, scores, answers in zip(sequences, ran.scores, ran.answers, strict=True):
        wanted = trajectory(program, x)
        np.testing.assert_array_equal(scores, wanted)
        np.testing.assert_array_equal(answers, wanted.argmax(1))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", sorted({name for name, _, _ in cases.CASES}))
def test_predicted_cycles_are_the_simulated_ones_within_a_hundredth(name, target, shape):
    need(target)
    features, hidden, classes = shape
    program = cases.program(cases.network(name, features=features, hidden=hidden, classes=classes), features)
    source = emit(program, target)
    x = mcu.quantise_input(program, np.random.default_rng(1).normal(size=(5, features)))
    ran = simulation.run(source, target, [x])
    predicted = predict(program, mcu.board(BOARDS[target]), steps=5)
    assert predicted.cycles_per_step == pytest.approx(np.mean(ran.step_cycles), rel=0.01)
    whole = np.sum(ran.step_cycles) + np.mean(ran.answer_cycles)
    assert 5 * predicted.cycles_per_step + predicted.answer_cycles == pytest.approx(whole, rel=0.01)


@pytest.mark.parametrize(("target", "most"), [("avr", 1.25), ("m0plus", 1.6), ("m3", 1.75), ("m4f", 1.45)])
def test_dense_products_are_near_what_the_core_can_do(target, most):
    need(target)
    program = cases.program(cases.network("lstm", features=32, hidden=64), 32)
    source = emit(program, target)
    ran = simulation.run(source, target, [np.zeros((2, 32), np.int16)], inside=True)
    costs = mcu.kernel_costs(target)
    number = max(range(len(source.step)), key=lambda n: sum(trips(source.step[n], target).values()))
    weights = source.step[number].kernel.weight.size
    assert weights == 4 * 64 * 64
    assert np.mean(ran.trace.of(number + 1)) / weights <= most * costs.limit.value


@pytest.mark.parametrize(("target", "cmsis"), [("m0plus", 270_000), ("m3", 161_000), ("m4f", 93_600)])
def test_our_lstm_takes_fewer_cycles_than_cmsis_nns(target, cmsis):
    """CMSIS-NN's int8 LSTM at H 64, D 32, simulated with the same timing tables."""
    need(target)
    program = cases.program(cases.network("lstm", features=32, hidden=64), 32)
    ran = simulation.run(emit(program, target), target, [np.zeros((2, 32), np.int16)])
    assert max(ran.step_cycles) < cmsis
