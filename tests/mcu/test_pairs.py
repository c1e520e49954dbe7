"""Functions of one and of two vectors: exact integers, and how well they approximate the reals."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from bench import mcu
from bench.mcu.graph import PAIRS, TABLES, Affine, Binary, Buffer, Graph, Linear, Ref, Unary, Where
from bench.mcu.interpreter import trajectory
from bench.mcu.program import IntBuffer, Pair, Program, Select

pytestmark = pytest.mark.long

EXTREMES = [-32768, -32767, -16384, -257, -256, -3, -2, -1, 0, 1, 2, 3, 255, 256, 16383, 32766, 32767]
GRID = list(itertools.product(EXTREMES, EXTREMES))
A, B, OUT = (Ref(number, 0, len(GRID)) for number in range(3))
REAL = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "maximum": max,
    "minimum": min,
    "greater": lambda a, b: float(a > b),
}


def clamp(value, bits=16):
    return max(-(2 ** (bits - 1)), min(2 ** (bits - 1) - 1, value))


def computed(kernel, bits=16):
    """What the interpreter makes of every pair of extremes."""
    buffers = [IntBuffer(len(GRID), "state", 0, 16)] * 2
    program = Program("test", (*buffers, IntBuffer(len(GRID), "state", 0, bits)), (kernel,), (), OUT)
    machine = mcu.Interpreter(program, 1)
    for number in range(2):
        machine.arrays[number][0] = [pair[number] for pair in GRID]
    machine.run(program.step)
    return machine.arrays[2][0].tolist()


def nearest(value):
    """To the nearest whole number, halves away from 0."""
    return math.floor(abs(value) + Fraction(1, 2)) * (1 if value > 0 else -1)


@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize(("left", "right"), [(0, 0), (15, 0), (0, 15), (7, 0), (3, 5)])
def test_a_quotient_is_the_nearest_and_saturates(left, right, bits):
    wanted = [
        clamp(nearest(Fraction(a << left, b << right)) if b else (a > 0) * 2**20 - (a < 0) * 2**20, bits)
        for a, b in GRID
    ]
    assert computed(Pair(OUT, A, B, "div", left, right), bits) == wanted


@pytest.mark.parametrize(("left", "right"), [(0, 0), (15, 0), (0, 15), (7, 2)])
def test_a_comparison_aligns_the_points_first(left, right):
    wanted = [4096 if a * 2**left > b * 2**right else 0 for a, b in GRID]
    assert computed(Pair(OUT, A, B, "greater", left, right, 12)) == wanted


@pytest.mark.parametrize(("name", "function"), [("maximum", max), ("minimum", min)])
def test_an_extreme_is_one_of_the_two(name, function):
    assert computed(Pair(OUT, A, B, name)) == [function(pair) for pair in GRID]


def test_a_selection_takes_the_first_where_the_condition_holds():
    assert computed(Select(OUT, A, A, B)) == [a if a else b for a, b in GRID]


def graph_of(operations, sizes, constants=()):
    """A graph of one step on samples; the last operation's result is the scores."""
    buffers = [Buffer(sizes[0], "input"), Buffer(1, "state")]
    buffers += [Buffer(size, "temporary") for number, size in enumerate(sizes[1:])]
    buffers += [Buffer(len(value), "constant", np.array(value)) for value in constants]
    return Graph("test", tuple(buffers), tuple(operations[:-1]), (operations[-1],), operations[-1].out)


@pytest.mark.parametrize("scales", [(1.0, 1.0), (50.0, 0.02), (0.02, 50.0)], ids=str)
@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_approximates_reals_whatever_their_sizes(name, scales):
    """Within two units of the result's format, and what the operands' own rounding makes of it."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 1, (200, 1, 8)) * rng.choice([-1, 1], (200, 1, 8))
    whole, a, b, out = Ref(0, 0, 8), Ref(2, 0, 4), Ref(3, 0, 4), Ref(4, 0, 4)
    graph = graph_of(
        [
            Affine(a, Ref(whole.buffer, 0, 4), scales[0], 0.0),
            Affine(b, Ref(whole.buffer, 4, 4), scales[1], 0.0),
            Binary(out, a, b, name),
        ],
        (8, 4, 4, 4),
    )
    program = mcu.quantise(graph, x)
    q = mcu.quantise_input(program, x)
    machine = mcu.Interpreter(program, len(x))
    machine.step(q[:, 0])
    got = machine.scores() * 2.0 ** -program.buffers[4].fraction
    operands = [machine[ref] * 2.0 ** -program.buffers[ref.buffer].fraction for ref in (a, b)]
    wanted = np.vectorize(REAL[name])(*operands)
    assert np.abs(got - wanted).max() <= 1.01 * 2.0 ** -program.buffers[4].fraction
    exact = np.vectorize(REAL[name])(x[:, 0, :4] * scales[0], x[:, 0, 4:] * scales[1])
    if name != "greater":
        assert np.abs(got - exact).max() <= 0.01 * np.abs(exact).max() + 2.0 ** -program.buffers[4].fraction


@pytest.mark.parametrize("name", TABLES)
def test_a_table_follows_its_function(name):
    """Between knots h apart by at most h^2 / 8 times the second derivative, and two roundings."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5 if name == "sqrt" else -3, 3, (500, 1, 4))
    graph = graph_of([Unary(Ref(2, 0, 4), Ref(0, 0, 4), name)], (4, 4))
    program = mcu.quantise(graph, x)
    q = mcu.quantise_input(program, x)[:, 0]
    machine = mcu.Interpreter(program, len(x))
    machine.step(q)
    real = {
        "exp": math.exp,
        "sqrt": math.sqrt,
        "sin": math.sin,
        "cos": math.cos,
        "sigmoid": lambda v: 1 / (1 + math.exp(-v)),
        "tanh": math.tanh,
        "silu": lambda v: v / (1 + math.exp(-v)),
        "softplus": lambda v: math.log(1 + math.exp(v)),
    }[name]
    curvature = {"exp": math.exp(3), "sqrt": 0.25 * 0.5**-1.5}.get(name, 1.0)
    knots = 256 * 2.0 ** -program.buffers[0].fraction
    wanted = np.vectorize(real)(q * 2.0 ** -program.buffers[0].fraction)
    got = machine.scores() * 2.0 ** -program.buffers[2].fraction
    assert np.abs(got - wanted).max() <= knots**2 / 8 * curvature + 2 * 2.0 ** -program.buffers[2].fraction


def test_a_square_root_is_0_below_its_domain():
    x = np.linspace(0, 4, 64).reshape(16, 1, 4)
    program = mcu.quantise(graph_of([Unary(Ref(2, 0, 4), Ref(0, 0, 4), "sqrt")], (4, 4)), x)
    machine = mcu.Interpreter(program, 1)
    machine.step(np.array([[-32768, -256, -1, 0]], np.int16))
    assert machine.scores().tolist() == [[0, 0, 0, 0]]


def test_a_comparison_that_never_held_in_calibration_is_still_1_where_it_holds():
    graph = graph_of([Binary(Ref(2, 0, 4), Ref(0, 0, 4), Ref(3, 0, 4), "greater")], (4, 4), [[5.0] * 4])
    program = mcu.quantise(graph, np.full((3, 1, 4), 4.9))
    machine = mcu.Interpreter(program, 1)
    machine.step(np.array([[32767, 0, -32768, 1]], np.int16))
    assert (machine.scores() * 2.0 ** -program.buffers[2].fraction).tolist() == [[1, 0, 0, 0]]


def test_a_graph_of_everything_survives_quantisation():
    """A gate by comparison: where(|x| > 1 / 2, exp(-|x|), sin x) / (1 + x^2), with constants as second operands."""
    x, t = Ref(0, 0, 4), [Ref(number, 0, 4) for number in range(2, 11)]
    half, one = Ref(11, 0, 4), Ref(12, 0, 4)
    operations = [
        Affine(t[0], x, -1.0, 0.0),
        Binary(t[1], x, t[0], "maximum"),
        Binary(t[2], t[1], half, "greater"),
        Affine(t[3], t[1], -1.0, 0.0),
        Unary(t[4], t[3], "exp"),
        Unary(t[5], x, "sin"),
        Where(t[6], t[2], t[4], t[5]),
        Binary(t[7], x, x, "mul"),
        Binary(t[7], t[7], one, "add"),
        Binary(t[8], t[6], t[7], "div"),
    ]
    graph = graph_of(operations, (4, *[4] * 9), [[0.5] * 4, [1.0] * 4])
    draws = np.random.default_rng(0).normal(size=(300, 1, 4))
    draws = np.where(np.abs(np.abs(draws) - 0.5) < 0.01, 0.7, draws)  # rounding may decide either way there
    program = mcu.quantise(graph, draws)
    got = mcu.run(program, mcu.quantise_input(program, draws), np.ones(300, np.int64))
    size = np.abs(draws[:, 0])
    wanted = np.where(size > 0.5, np.exp(-size), np.sin(draws[:, 0])) / (1 + draws[:, 0] ** 2)
    assert np.abs(got * 2.0 ** -program.buffers[10].fraction - wanted).max() < 2e-3


def test_the_head_reads_every_kind_of_state():
    """A linear head of a state that a pair computes: the smallest whole model."""
    buffers = (
        Buffer(2, "input"),
        Buffer(2, "state"),
        Buffer(2, "temporary"),
    )
    step = (Binary(Ref(1, 0, 2), Ref(1, 0, 2), Ref(0, 0, 2), "maximum"),)
    head = (Linear(Ref(2, 0, 2), Ref(1, 0, 2), np.eye(2)),)
    graph = Graph("running maximum", buffers, step, head, Ref(2, 0, 2))
    x = np.array([[[1.0, -1.0], [0.5, 2.0], [3.0, -4.0]]])
    program = mcu.quantise(graph, x)
    scores = trajectory(program, mcu.quantise_input(program, x)[0]) * 2.0 ** -program.buffers[2].fraction
    np.testing.assert_allclose(scores, [[1, 0], [1, 2], [3, 2]], atol=2e-2)
