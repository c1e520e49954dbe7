"""The exported code on real test sequences, bit for bit: every cell, dense, and of low rank with most weights zero."""

import itertools
import shutil

import mcu_cases as cases
import pytest

from bench import mcu
from bench.data import open_dataset
from bench.mcu.emit import emit
from bench.mcu.emit.layout import is_sparse
from bench.mcu.program import MatVec
from bench.mcu.simulate import host, run

pytestmark = pytest.mark.long

KINDS = ("dense", "compressed")
EVERY = list(itertools.product(cases.NAMES, KINDS))


@pytest.fixture(scope="module")
def activity():
    return open_dataset("watch7")


def made(name, kind, activity):
    rank = 5 if kind == "compressed" and name != "spectralrnn" else None
    net = cases.network(
        name, rank, features=activity.info.features, hidden=24, classes=7, zeros=0.9 if kind == "compressed" else 0.0
    )
    train, test = activity.train, activity.test
    program = mcu.quantise(mcu.lower(net.cell, net.head), train.x[:30].double().numpy(), train.lengths[:30].numpy())
    quantised = mcu.quantise_input(program, test.x[:4].double().numpy())
    return program, [each[:length] for each, length in zip(quantised, test.lengths[:4].tolist(), strict=True)]


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_this_machine_says_what_the_interpreter_says(name, kind, activity, tmp_path):
    program, sequences = made(name, kind, activity)
    if kind == "compressed" and name != "spectralrnn":  # of a sample's few features a dense product is quicker
        of_units = [each for each in program.step if isinstance(each, MatVec) and each.weight.shape[1] >= 24]
        assert not of_units or any(is_sparse(each, cases.TARGETS["m3"]) for each in of_units)
    cases.agree(program, host.run(emit(program, cases.TARGETS["m3"]), sequences, tmp_path), sequences)


@pytest.mark.slow
@cases.ON
@pytest.mark.parametrize(("name", "kind"), list(itertools.product(cases.SIMULATED, KINDS)))
def test_simulated_processors_say_what_the_interpreter_says(name, kind, target, activity):
    cases.need(target)
    program, (x, *_) = made(name, kind, activity)
    sequences = [x[:16]]
    cases.agree(program, run(emit(program, target), target, sequences), sequences)
