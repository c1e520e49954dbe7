"""Scales by hand, and what is refused because 32 bits cannot be proven to hold it."""

from __future__ import annotations

import mcu_cases as cases
import numpy as np
import pytest
import torch

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu.formats import fraction_for, weight_fraction
from bench.mcu.graph import Affine, Buffer, Graph, Linear, Ref
from bench.mcu.program import MatVec, Scale
from bench.mcu.reference import run_float


def product(weight, bias=None):
    """Scores = weight x + bias."""
    rows, columns = weight.shape
    buffers = (Buffer(columns, "input"), Buffer(1, "state"), Buffer(rows, "temporary"))
    head = Linear(Ref(2, 0, rows), Ref(0, 0, columns), weight, bias)
    return Graph("a product", buffers, (), (head,), head.out)


def test_a_product_is_refused_at_the_first_column_that_32_bits_may_not_hold():
    """Weights of 127 and factors of 14 bits: 1032 * 127 * 2^13 + 2^14 = 2^30 - 49152; one column more is beyond."""
    x = np.ones((1, 1, 1032))
    program = mcu.quantise(product(np.full((1, 1032), 127 / 64)), x)
    (kernel,) = program.head
    assert isinstance(kernel, MatVec)
    assert (kernel.accumulator, int(kernel.weight[0, 0])) == (32, 127)
    with pytest.raises(RnnbenchError, match="1 x 1033 product does not fit 32 bits"):
        mcu.quantise(product(np.full((1, 1033), 127 / 64)), np.ones((1, 1, 1033)))


def test_a_bias_beyond_32_bits_is_refused():
    """The sum has 13 + 12 bits after the point, and 4 * 64 * 2^13 + 2^14 < 0.1 * 2^25 is what the products may add."""
    weight = np.full((1, 4), 2.0**-7)
    mcu.quantise(product(weight, np.array([31.9])), np.ones((1, 1, 4)))
    with pytest.raises(RnnbenchError, match="different sizes"):
        mcu.quantise(product(weight, np.array([32.0])), np.ones((1, 1, 4)))


def test_weights_so_large_that_only_a_left_shift_would_do_are_refused():
    with pytest.raises(RnnbenchError, match="2 x 3 product does not fit"):
        mcu.quantise(product(np.full((2, 3), 1e6)), np.full((1, 1, 3), 4000.0))


@pytest.mark.parametrize(("columns", "accumulator"), [(32, 24), (33, 32)])
def test_24_bits_are_used_as_long_as_they_hold_every_sum(columns, accumulator):
    """Factors get 12 bits at least: 32 * 127 * 2^11 + 2^14 is below 2^23, 33 columns are beyond."""
    weight = np.full((1, columns), 127 / 64)
    (kernel,) = mcu.quantise(product(weight), np.ones((1, 1, columns))).head
    assert kernel.accumulator == accumulator


@pytest.mark.parametrize(
    ("largest", "bits", "fraction"),
    [
        (1.0, 16, 14),
        (0.9, 16, 15),
        (0.91, 16, 14),
        (7.2, 16, 12),
        (7.3, 16, 11),
        (100, 16, 8),
        (1e6, 16, 0),
        (0, 16, 15),
    ],
)
def test_a_format_reaches_a_tenth_beyond_the_largest_value(largest, bits, fraction):
    assert fraction_for(largest, bits) == fraction


@pytest.mark.parametrize(("largest", "fraction"), [(1, 6), (127 / 64, 6), (2, 5), (0.5, 7), (127, 0), (200, -1)])
def test_the_largest_weight_just_fits_eight_bits(largest, fraction):
    assert weight_fraction(np.array([[largest, -largest / 3]])) == fraction


def test_a_scaling_has_as_many_bits_as_fit():
    """-0.75 x + 0.5 with x of fraction 14 and a result of fraction 14: -0.75 * 2^15 / 2^15, the half included."""
    buffers = (Buffer(1, "input"), Buffer(1, "state"), Buffer(1, "temporary"))
    head = Affine(Ref(2, 0, 1), Ref(0, 0, 1), -0.75, 0.5)
    (kernel,) = mcu.quantise(Graph("a scaling", buffers, (), (head,), head.out), np.array([[[-0.6]], [[1.0]]])).head
    assert isinstance(kernel, Scale)
    assert (kernel.factor, kernel.shift) == (-24576, 15)
    assert kernel.offset == 2**28 + 2**14


def test_a_scaling_beyond_32_bits_is_refused():
    buffers = (Buffer(1, "input"), Buffer(1, "state"), Buffer(1, "temporary"))
    head = Affine(Ref(2, 0, 1), Ref(0, 0, 1), 1e30, 0.0)
    with pytest.raises(RnnbenchError, match=r"1e\+30 x \+ 0 has no integer form"):
        mcu.quantise(Graph("a scaling", buffers, (), (head,), head.out), np.ones((1, 1, 1)))


@pytest.mark.parametrize("x", [np.zeros((0, 3, 2)), np.full((2, 3, 2), np.nan), np.full((2, 3, 2), np.inf)])
def test_calibration_wants_finite_numbers(x):
    with pytest.raises(RnnbenchError, match="empty or not finite"):
        mcu.quantise(product(np.ones((1, 2))), x)


def test_a_value_that_overflows_in_calibration_is_refused():
    buffers = (Buffer(1, "input"), Buffer(1, "state"), Buffer(1, "temporary"))
    head = Affine(Ref(2, 0, 1), Ref(0, 0, 1), 1e300, 0.0)
    with pytest.raises(RnnbenchError, match="was training stable"):
        mcu.quantise(Graph("a scaling", buffers, (), (head,), head.out), np.full((1, 1, 1), 1e300))


def test_steps_after_a_sequences_end_do_not_set_the_scales():
    graph = product(np.ones((1, 2)))
    x = np.ones((2, 3, 2))
    x[0, 1:] = 1000
    short = mcu.quantise(graph, x, np.array([1, 3]))
    assert short.buffers[0].fraction > mcu.quantise(graph, x).buffers[0].fraction


@pytest.mark.parametrize("name", ["fastgrnn", "lstm", "gru"])
def test_one_weight_far_beyond_the_others_costs_its_own_row_alone(name):
    """The answers stay those of real numbers for 97 of 100 sequences; with one scale, for as few as 51."""
    net = cases.network(name, features=6, hidden=24, classes=5)
    with torch.no_grad():
        next(each for each in net.cell.parameters() if each.dim() == 2)[3, 2] = 100.0
    graph = mcu.lower(net.cell, net.head)
    x = np.random.default_rng(0).normal(size=(400, 10, 6))
    program = mcu.quantise(graph, x[:100])
    integers = mcu.run(program, mcu.quantise_input(program, x), np.full(400, 10))
    same = integers.argmax(1) == run_float(graph, x).argmax(1)
    assert same.mean() >= 0.97


def test_rows_of_very_different_sizes_have_scales_of_their_own_and_others_share_one():
    """Rows of 0.5 and one of 100 in the middle, off the grid of int8: three runs; on it, as training rounds, one."""
    weight = np.full((6, 4), 0.51)
    weight[2] = 100.3
    x = np.ones((1, 1, 4))
    runs = mcu.quantise(product(weight), x).head
    assert [(run.out.offset, run.out.size) for run in runs] == [(0, 2), (2, 1), (3, 3)]
    assert [int(run.weight[0, 0]) for run in runs] == [65, 100, 65]  # 0.51 x 2^7, 100.3 x 2^0
    assert runs[0].shift == runs[2].shift == runs[1].shift + 7
    assert len(mcu.quantise(product(np.rint(weight)), x).head) == 1


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["cell", "head"])
def test_weights_that_are_not_finite_are_one_line(part, number):
    net = cases.network("gru")
    with torch.no_grad():
        next(getattr(net, part).parameters()).view(-1)[0] = number
    with pytest.raises(RnnbenchError, match=r"^cell 'gru' or its classifier has a weight that is not finite"):
        mcu.lower(net.cell, net.head)
