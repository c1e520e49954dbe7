"""The meaning of integer kernels by hand, and of whole programs beside their networks."""

import math

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu.graph import Ref
from bench.mcu.program import IntBuffer, Limit, MatVec, Pair, Program, Scale, Table


def one(kernel, inputs, constants=(), bits=16):
    """What a kernel makes of int16 vectors: buffers 0, 1, ... and the result last."""
    size = kernel.out.size
    buffers = [IntBuffer(len(v), "state", 0, 16) for n, v in enumerate(inputs)]
    program = Program("test", (*buffers, IntBuffer(size, "state", 0, bits)), (kernel,), (), kernel.out)
    machine = mcu.Interpreter(program, 1)
    for number, value in enumerate(inputs):
        machine.arrays[number][0] = value
    machine.run(program.step)
    return machine.arrays[-1][0].tolist()


EXTREMES = [-32768, -32767, -257, -256, -1, 0, 1, 255, 256, 32766, 32767]
N = len(EXTREMES)
A, B, OUT = Ref(0, 0, N), Ref(1, 0, N), Ref(2, 0, N)


def clamp(value):
    return max(-32768, min(32767, value))


@pytest.mark.parametrize("shift", [0, 1, 8, 13, 15, 30])
def test_a_product_rounds_half_up_once_and_saturates(shift):
    b = EXTREMES[::-1]
    wanted = [clamp(math.floor(x * y / 2**shift + (0.5 if shift else 0))) for x, y in zip(EXTREMES, b, strict=True)]
    assert one(Pair(OUT, A, B, "mul", shift=shift), [EXTREMES, b]) == wanted


@pytest.mark.parametrize(("name", "sign"), [("add", 1), ("sub", -1)])
@pytest.mark.parametrize(("left", "right", "shift"), [(0, 0, 0), (3, 0, 2), (0, 15, 15)])
def test_a_sum_aligns_then_rounds_and_saturates(name, sign, left, right, shift):
    b = EXTREMES[::-1]
    wanted = [
        clamp(math.floor((x * 2**left + sign * y * 2**right) / 2**shift + (0.5 if shift else 0)))
        for x, y in zip(EXTREMES, b, strict=True)
    ]
    assert one(Pair(OUT, A, B, name, left, right, shift), [EXTREMES, b]) == wanted


def test_a_scaling_is_one_multiplication_and_one_shift():
    wanted = [clamp(math.floor((-12345 * x + 100_000) / 2**14)) for x in EXTREMES]
    assert one(Scale(Ref(1, 0, N), A, -12345, 100_000, 14), [EXTREMES]) == wanted


def test_a_limit_bounds():
    assert one(Limit(Ref(1, 0, N), A, 0, 256), [EXTREMES]) == [max(0, min(256, x)) for x in EXTREMES]


def test_narrow_results_saturate_at_their_bits():
    assert one(Scale(Ref(1, 0, N), A, 1, 0, 0), [EXTREMES], bits=12) == [max(-2048, min(2047, x)) for x in EXTREMES]


@pytest.mark.parametrize("function", [math.tanh, lambda x: 1 / (1 + math.exp(-x))], ids=["tanh", "sigmoid"])
def test_a_table_follows_its_function(function):
    knots = np.array([round(function((256 * i - 32768) / 4096) * 16384) for i in range(257)], np.int16)
    everything = list(range(-32768, 32768, 7))
    size = len(everything)
    got = one(Table(Ref(1, 0, size), Ref(0, 0, size), "f", knots), [everything])
    wanted = np.array([function(x / 4096) * 16384 for x in everything])
    # h^2 / 8 times the largest second derivative (0.77 of tanh) at knots 1/16 apart, and two roundings
    assert np.abs(np.array(got) - wanted).max() <= 16384 * 0.77 / 16**2 / 8 + 2


def test_a_product_with_a_matrix_is_exact():
    rng = np.random.default_rng(0)
    weight = rng.integers(-127, 128, (5, N)).astype(np.int8)
    bias, add = rng.integers(-(2**20), 2**20, 5).astype(np.int32), [5, -32768, 32767, 0, 7]
    kernel = MatVec(Ref(2, 0, 5), A, weight, bias, Ref(1, 0, 5), 9, 32)
    wanted = [
        clamp((sum(int(w) * x for w, x in zip(weight[o], EXTREMES, strict=True)) + int(bias[o]) >> 9) + add[o])
        for o in range(5)
    ]
    assert one(kernel, [EXTREMES, add]) == wanted


@pytest.mark.parametrize(("name", "rank", "options"), cases.CASES, ids=cases.IDS)
def test_the_program_is_close_to_the_network(name, rank, options):
    net = cases.network(name, rank, options)
    x, lengths = cases.sequences(40)
    program = mcu.quantise(mcu.lower(net.cell, net.head), x, lengths)
    wanted = cases.scores(net, x, lengths)
    unit = 2.0 ** -program.buffers[program.scores.buffer].fraction
    got = mcu.run(program, mcu.quantise_input(program, x), lengths) * unit
    worst = 0.04 if name == "slstm" else 0.03  # its output is a quotient of two sums of 16 bits
    assert np.abs(got - wanted).max() < worst * np.abs(wanted).max()


@pytest.mark.parametrize(("name", "rank", "options"), cases.CASES, ids=cases.IDS)
def test_every_accumulator_holds_its_sums_for_any_input(name, rank, options):
    program = cases.program(cases.network(name, rank, options, hidden=20))
    for kernel in program.kernels:
        if isinstance(kernel, MatVec):
            largest = program.buffers[kernel.x.buffer].limit + 1
            start = kernel.half if kernel.bias is None else np.abs(kernel.bias.astype(np.int64))
            worst = np.abs(kernel.weight.astype(np.int64)).sum(1) * largest + start
            assert worst.max() < 2 ** (kernel.accumulator - 1)


def test_a_sequence_ends_where_it_ends():
    net = cases.network("gru")
    program = cases.program(net)
    x, lengths = cases.sequences(5)
    q = mcu.quantise_input(program, x)
    padded = mcu.run(program, q, lengths)
    for number, length in enumerate(lengths):
        alone = mcu.run(program, q[number : number + 1, :length], lengths[number : number + 1])
        np.testing.assert_array_equal(alone[0], padded[number])
