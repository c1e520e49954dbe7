"""Every kernel in C, its result seen: bit for bit the interpreter's, and as many cycles as predicted."""

import itertools
import shutil

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu.calibration import drawn
from bench.mcu.emit import emit
from bench.mcu.graph import Ref
from bench.mcu.interpreter import trajectory
from bench.mcu.program import Copy, IntBuffer, MatVec, Pair, Program
from bench.mcu.reference import TOLERANCE
from bench.mcu.simulate import host, run

pytestmark = pytest.mark.long

EXTREMES = [-32768, -32767, -16384, -257, -256, -3, -2, -1, 0, 1, 2, 3, 255, 256, 16383, 32766, 32767]


def hard(model, rng):
    """Two sequences for an observed model: random, and of extremes, zeros among them."""
    size, limit = model.buffers[0].size, model.buffers[0].limit
    return [
        rng.integers(-1000, 1000, (3, size)).astype(np.int16),
        rng.choice([-limit - 1, limit, 0, 1, -1], (4, size)).astype(np.int16),
    ]


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize("name", ["m0plus", "m4f"])
@pytest.mark.parametrize("seed", range(4))
def test_every_kernel_is_exact_on_this_machine(seed, name, tmp_path):
    """And computes in 32 bits without overflow: the code is compiled to stop at undefined behaviour."""
    rng = np.random.default_rng(seed)
    program = cases.observed(drawn.random_program(rng, 7))
    sequences = hard(program, rng)
    cases.agree(program, host.run(emit(program, cases.TARGETS[name]), sequences, tmp_path), sequences)


@pytest.mark.parametrize("seed", range(2))
@cases.ON
def test_every_kernel_is_exact_on_simulated_processors(target, seed):
    cases.need(target)
    rng = np.random.default_rng(10 + seed)
    program = cases.observed(drawn.random_program(rng, 7))
    sequences = hard(program, rng)
    cases.agree(program, run(emit(program, target), target, sequences), sequences)


@cases.ON
def test_sums_at_the_edge_of_24_bits_are_exact(target):
    """1023 x 2^13 is just below 2^23: with 256 times that, and another row's, a pair of rows leaves 32 bits."""
    cases.need(target)
    weight = np.full((7, 9), 127, np.int8)
    weight[:, 8] = 7
    weight[1] *= -1
    buffers = IntBuffer(9, "input", 0, 14), IntBuffer(7, "state", 0, 16), IntBuffer(7, "temporary", 0, 16)
    step = MatVec(Ref(1, 0, 7), Ref(0, 0, 9), weight, None, None, 8, 24)
    program = Program("edge", buffers, (step,), (Copy(Ref(2, 0, 7), (Ref(1, 0, 7),)),), Ref(2, 0, 7))
    x = np.array([[8191] * 9, [-8192] * 9, [8191, -8192] * 4 + [0]], np.int16)
    cases.agree(program, run(emit(program, target), target, [x]), [x])


SHIFTS = {
    "add": [(15, 0, 15), (0, 15, 0), (15, 15, 0)],
    "sub": [(15, 0, 15), (0, 15, 0)],
    "mul": [(0, 0, 0), (0, 0, 30)],
    "div": [(15, 0, 0), (0, 15, 0)],
    "maximum": [(0, 0, 0)],
    "minimum": [(0, 0, 0)],
    "greater": [(15, 0, 14), (0, 15, 14)],
}


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
def test_no_pair_of_extremes_overflows_32_bits(tmp_path):
    """Every function, at its largest shifts, on every pair of extremes, in C with overflow checked."""
    kernels = [(name, *shifts) for name, every in SHIFTS.items() for shifts in every]
    buffers = [IntBuffer(2, "input", 0, 16), IntBuffer(1, "state", 0, 16)]
    buffers += [IntBuffer(1, "temporary", 0, 16) for _ in kernels]
    buffers.append(IntBuffer(len(kernels), "temporary", 0, 16))
    outs = [Ref(2 + number, 0, 1) for number in range(len(kernels))]
    step = [Pair(out, Ref(0, 0, 1), Ref(0, 1, 1), *kernel) for out, kernel in zip(outs, kernels, strict=True)]
    scores = Ref(len(buffers) - 1, 0, len(kernels))
    program = Program("pairs", tuple(buffers), tuple(step), (Copy(scores, tuple(outs)),), scores)
    x = np.array(list(itertools.product(EXTREMES, EXTREMES)), np.int16)
    cases.agree(program, host.run(emit(program, cases.TARGETS["m3"]), [x], tmp_path), [x])


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize("seed", range(3))
def test_every_float32_kernel_is_numpys(seed, tmp_path):
    rng = np.random.default_rng(seed)
    graph = cases.observed(drawn.random_graph(rng, 7))
    x = drawn.samples(rng, graph, 5)
    (scores,) = host.run(emit(graph, cases.TARGETS["m4f"]), [x], tmp_path).scores
    np.testing.assert_allclose(scores, trajectory(graph, x), rtol=TOLERANCE, atol=TOLERANCE)


@cases.ON
def test_predicted_calls_are_the_simulated_ones_within_the_stated_error(target):
    """Of functions of one and two vectors, on sizes that no cost was fitted to."""
    cases.need(target)
    rng = np.random.default_rng(77)
    program = drawn.random_program(rng)
    source = emit(program, target)
    ran = run(source, target, [drawn.samples(rng, program, 3)], inside=True)
    predicted = mcu.predict(program, cases.BOARDS[target], steps=3).kernels
    stated = mcu.kernel_costs(target, "int8").provenance.error
    for number, kernel in enumerate(predicted):
        simulated = np.mean(ran.trace.of(number + 1))
        if simulated >= 500:
            assert abs(kernel.cycles / simulated - 1) <= max(stated, 0.02), kernel.function
