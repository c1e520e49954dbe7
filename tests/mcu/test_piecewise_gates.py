"""Gates of straight lines, as quantisation-aware training puts them into a cell, need no table."""

import shutil

import mcu_cases as cases
import numpy as np
import pytest
import torch

from bench import mcu
from bench.mcu.emit import emit
from bench.mcu.graph import Unary
from bench.mcu.program import Limit, Table
from bench.mcu.simulate import host

pytestmark = pytest.mark.long

LINES = {
    "sigmoid": lambda x: torch.clamp((x + 1) / 2, 0, 1),
    "tanh": lambda x: torch.clamp(x, -1, 1),
}
GATED = ("fastgrnn", "gru", "lstm", "qrnn", "ugrnn")


def piecewise(name):
    net = cases.network(name)
    net.cell.nonlinearities.update(LINES)
    return net


@pytest.mark.parametrize("name", [*GATED, "rnn", "fastrnn"])
def test_lines_become_scaling_and_limits(name):
    net = piecewise(name)
    graph = mcu.lower(net.cell, net.head)
    program = cases.program(net)
    assert not [each for each in graph.step if isinstance(each, Unary)]
    assert not [each for each in program.step if isinstance(each, Table)]
    assert [each for each in program.step if isinstance(each, Limit)]


@pytest.mark.parametrize("name", GATED)
def test_the_program_approximates_torch(name):
    net = piecewise(name)
    program = cases.program(net)
    x, lengths = cases.sequences(20)
    integer = mcu.run(program, mcu.quantise_input(program, x), lengths)
    fraction = program.buffers[program.scores.buffer].fraction
    wanted = cases.scores(net, x, lengths)
    assert np.abs(integer * 2.0**-fraction - wanted).max() < 0.05 * max(1, np.abs(wanted).max())


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize("name", GATED)
def test_the_code_says_what_the_interpreter_says(name, tmp_path):
    program = cases.program(piecewise(name))
    x = mcu.quantise_input(program, cases.sequences(1)[0][0])
    cases.agree(program, host.run(emit(program, cases.TARGETS["m3"]), [x], tmp_path), [x])
