"""Products that skip columns: by their definition, bit for bit in C, and with fewer cycles where little changes."""

import shutil
from dataclasses import replace

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu import simulate
from bench.mcu.delta import counted, delta
from bench.mcu.emit import emit
from bench.mcu.program import Delta
from bench.mcu.simulate import host

NAMES = ("fastgrnn", "gru", "lstm", "cornn", "lem")


def slow(program, steps=12, every=4):
    """A sequence that moves now and then, and ends at an extreme."""
    rng, buffer = np.random.default_rng(3), program.buffers[0]
    x = np.repeat(rng.normal(size=(steps // every, buffer.size)), every, axis=0)
    found = mcu.quantise_input(program, x)
    found[-1] = rng.choice([-buffer.limit - 1, buffer.limit], buffer.size)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_threshold_of_nothing_gives_the_bits_of_the_program(name):
    program = cases.program(cases.network(name))
    x = slow(program)
    assert (mcu.trajectory(delta(program, 0), x) == mcu.trajectory(program, x)).all()


def test_columns_are_applied_as_the_definition_says():
    """Sums, factors as last applied, and results of a product, kept by hand over the steps."""
    threshold = 0.02
    program = delta(cases.program(cases.network("gru")), threshold)
    (kernel,) = (kernel for kernel in program.step if isinstance(kernel, Delta))
    least = int(threshold * 2 ** program.buffers[kernel.x.buffer].fraction)
    machine = mcu.Interpreter(program, 1)
    seen = np.zeros(kernel.weight.shape[1], np.int64)
    skipped = 0
    for sample in slow(program):
        h = machine[kernel.x][0].copy()
        moved = abs(h - seen) > least
        skipped += int((~moved & (h != seen)).sum())
        seen = np.where(moved, h, seen)
        machine.step(sample[None])
        assert (machine[kernel.seen][0] == seen).all()
        assert (machine[kernel.sums][0][: len(kernel.weight)] == kernel.weight.astype(np.int64) @ seen).all()
    assert skipped > 0


def test_columns_are_counted_over_the_steps_of_every_sequence_alone():
    """By what the product reads and has applied, step by step; steps after a sequence's end do not count."""
    program = delta(cases.program(cases.network("lstm")), 0)
    x = np.stack([slow(program, 4), slow(program, 4)])
    found = counted(program, x, np.array([4, 1]))
    (kernel,) = (kernel for kernel in found.step if isinstance(kernel, Delta))
    wanted = np.zeros(kernel.x.size)
    for sequence in (x[0], x[1, :1]):
        machine = mcu.Interpreter(program, 1)
        for sample in sequence:
            before = machine[kernel.x][0].copy()  # what the product of this step reads
            wanted += before != machine[kernel.seen][0]
            machine.step(sample[None])
    assert kernel.applied == pytest.approx(wanted / 5)
    assert 0 < wanted.sum() < 5 * len(wanted)


@pytest.mark.long
@cases.ON_ALL
@pytest.mark.parametrize("zeros", [0, 0.8])
def test_mean_cycles_are_predicted_from_columns_that_were_counted(target, zeros):
    """Within 2 % of the simulated mean, between no column and all; no step takes longer than the most."""
    cases.need(target)
    program = delta(cases.program(cases.network("fastgrnn", hidden=32, zeros=zeros)), 0.05)
    x = slow(program, 24)
    program = counted(program, x[None], np.array([len(x)]))
    ran = simulate.run(emit(program, target), target, [x])
    found = mcu.predict(program, cases.BOARDS[target], steps=len(x))
    assert found.cycles_per_step == pytest.approx(np.mean(ran.step_cycles), rel=0.02)
    assert found.cycles_per_step < found.worst_per_step
    assert max(ran.step_cycles) <= found.worst_per_step


def test_what_depends_on_the_sample_alone_stays_and_a_cell_without_products_of_the_state_is_refused():
    program = cases.program(cases.network("fastgrnn"))
    kinds = [type(kernel) for kernel in delta(program, 0.1).step if hasattr(kernel, "weight")]
    assert sorted(kind.__name__ for kind in kinds) == ["Delta", "MatVec"]
    with pytest.raises(RnnbenchError, match="has no product of its state, so there is nothing to skip"):
        delta(cases.program(cases.network("mingru")), 0.1)


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize("zeros", [0, 0.8])
@pytest.mark.parametrize("target", ["avr", "m0plus", "m4f"])
@pytest.mark.parametrize("name", NAMES)
def test_the_code_says_what_the_interpreter_says(name, target, zeros, tmp_path):
    program = delta(cases.program(cases.network(name, hidden=70, zeros=zeros)), 0.02)
    source = emit(program, cases.TARGETS[target])
    assert ("delta_sparse" in source.files["rnn_model.c"]) == (zeros > 0)
    sequences = [slow(program), slow(program)[::-1]]
    cases.agree(program, host.run(source, sequences, tmp_path), sequences)


@pytest.mark.long
@pytest.mark.parametrize("zeros", [0, 0.8])
@pytest.mark.parametrize("target", list(cases.TARGETS))
def test_simulated_cores_say_the_same_and_take_fewer_cycles_where_nothing_changes(target, zeros):
    core = cases.TARGETS[target]
    if lack := simulate.missing(core):
        pytest.skip(lack)
    plain = cases.program(cases.network("fastgrnn", hidden=32, zeros=zeros))
    program = delta(plain, 4.0)  # which no factor reaches
    x = slow(plain)
    ran = simulate.run(emit(program, core), core, [x])
    assert (ran.scores[0] == mcu.trajectory(program, x)).all()
    exact = simulate.run(emit(delta(plain, 0), core), core, [x])
    assert (exact.scores[0] == mcu.trajectory(plain, x)).all()
    assert max(ran.step_cycles) < max(exact.step_cycles)


@pytest.mark.long
@pytest.mark.parametrize("zeros", [0, 0.8])
def test_an_uno_says_the_same_where_sums_take_32_bits(zeros):
    """GCC once found no registers for the dense ones."""
    target = cases.TARGETS["avr"]
    cases.need(target)
    program = delta(cases.program(cases.network("fastgrnn", hidden=32, zeros=zeros)), 0.02)
    step = tuple(replace(kernel, accumulator=32) if isinstance(kernel, Delta) else kernel for kernel in program.step)
    program, x = replace(program, step=step), slow(program)
    source = emit(program, target)
    assert ("rnn_delta_sparse32" if zeros else "rnn_delta32") in source.files["rnn_model.c"]
    cases.agree(program, simulate.run(source, target, [x]), [x])
