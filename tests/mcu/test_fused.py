"""Runs of element-wise kernels as one loop: which, with what left in memory, in how many cycles."""

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu.emit import emit
from bench.mcu.fused.groups import Fused, fused
from bench.mcu.graph import Ref
from bench.mcu.program import IntBuffer, Limit, MatVec, Pair, Program
from bench.mcu.simulate import run

SIZE = 8


def program(*step):
    """x of 8, a state of 8, temporaries of 8 and of 16; the scores are the state."""
    sizes = ("input", SIZE), ("state", SIZE), ("temporary", SIZE), ("temporary", 2 * SIZE), ("temporary", SIZE)
    buffers = tuple(IntBuffer(size, role, 8, 16) for role, size in sizes)
    return Program("loops", buffers, step, (Limit(at(4), at(1), 0, 9),), at(4))


def at(buffer, offset=0, size=SIZE):
    return Ref(buffer, offset, size)


@pytest.mark.parametrize("name", ["fastgrnn", "gru", "lstm", "mingru", "janet"])
def test_a_cells_update_is_one_loop_after_its_products(name):
    step = fused(cases.program(cases.network(name))).step
    assert [type(kernel) for kernel in step[:-1]] == [MatVec] * (len(step) - 1)
    assert isinstance(step[-1], Fused)
    states = cases.zoo.cell_class(name)(5, 12).states
    assert [ref.buffer for ref in step[-1].out] == list(range(1, 1 + states))


def test_only_what_is_read_later_is_left_in_memory():
    (loop,) = fused(program(Limit(at(2), at(0), 0, 9), Pair(at(1), at(2), at(1), "add"))).step
    assert loop.out == (at(1),)
    assert loop.x == (at(0), at(1), at(2))
    assert [operation.kind for operation in loop.operations] == ["load", "limit", "load", "sum", "store"]


def test_a_long_vector_is_taken_in_parts_of_the_shorter():
    long = Pair(Ref(3, 0, 16), Ref(3, 0, 16), Ref(3, 0, 16), "add")
    (loop,) = fused(program(long, Pair(at(1), at(3), at(3, SIZE), "mul"))).step
    assert loop.size == SIZE
    assert [operation.kind for operation in loop.operations].count("load") == 2


def test_a_unit_that_reads_another_units_result_begins_a_loop():
    first, shifted = Limit(at(3), at(0), 0, 9), Limit(at(1), at(3, 4), 0, 9)
    assert len(fused(program(first, shifted)).step) == 2
    assert len(fused(program(first, Limit(at(1), at(3), 0, 9))).step) == 1


@pytest.mark.long
@cases.ON_ALL
@pytest.mark.parametrize("name", ["fastgrnn", "slstm", "lru"])
def test_counted_cycles_of_a_loop_are_the_simulated_ones(target, name):
    """But for what the compiler takes for the arguments of a call."""
    cases.need(target)
    model = cases.program(cases.network(name, hidden=24))
    source = emit(model, target)
    x = mcu.quantise_input(model, np.random.default_rng(1).normal(size=(4, 5)))
    trace = run(source, target, [x], inside=True).trace
    predicted = mcu.predict(model, cases.BOARDS[target], steps=4).kernels
    for number, (call, kernel) in enumerate(zip(source.step, predicted, strict=True)):
        if call.loop is not None:
            assert kernel.cycles == pytest.approx(np.mean(trace.of(number + 1)), rel=0.01, abs=12), call.function
