"""The exported code on this machine: every cell, any shape, any input, bit for bit."""

import shutil

import mcu_cases as cases
import numpy as np
import pytest
import torch

from bench import mcu
from bench.mcu.emit import emit
from bench.mcu.simulate import host

pytestmark = [pytest.mark.long, pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")]
FAMILIES = ("avr", "m0plus", "m4f")  # whose layouts differ


def compare(program, target, sequences, folder):
    cases.agree(program, host.run(emit(program, cases.TARGETS[target]), sequences, folder), sequences)


def hard_sequences(program, rng, steps=8):
    """Ordinary samples, extreme ones, and all at the same extreme."""
    size, limit = program.buffers[0].size, program.buffers[0].limit
    ordinary = mcu.quantise_input(program, rng.normal(size=(steps, size)))
    extreme = rng.choice([-limit - 1, limit, 0, 1, -1], (steps, size)).astype(np.int16)
    return [ordinary, extreme, np.full((steps, size), limit, np.int16), np.full((steps, size), -limit - 1, np.int16)]


@pytest.mark.parametrize("target", FAMILIES)
@pytest.mark.parametrize(("name", "rank", "options"), cases.CASES, ids=cases.IDS)
def test_the_code_says_what_the_interpreter_says(name, rank, options, target, tmp_path):
    program = cases.program(cases.network(name, rank, options))
    compare(program, target, hard_sequences(program, np.random.default_rng(0)), tmp_path)


@pytest.mark.parametrize("seed", range(12))
def test_any_shape_rank_sparsity_and_input(seed, tmp_path):
    rng = np.random.default_rng(seed)
    name, _, options = cases.CASES[rng.integers(len(cases.CASES))]
    features, hidden, classes = (int(rng.integers(1, most)) for most in (14, 30, 9))
    rank = None if name == "spectralrnn" or rng.random() < 0.4 else int(rng.integers(1, 9))
    zeros = float(rng.choice([0, 0.5, 0.9, 1]))
    net = cases.network(name, rank, options, features=features, hidden=hidden, classes=classes, seed=seed, zeros=zeros)
    program = cases.program(net, features, seed)
    compare(program, FAMILIES[seed % 3], hard_sequences(program, rng), tmp_path)


@pytest.mark.parametrize("target", FAMILIES)
@pytest.mark.parametrize("name", ["fastgrnn", "lstm", "gru"])
def test_rows_with_scales_of_their_own_say_what_the_interpreter_says(name, target, tmp_path):
    """Their runs write beside each other, over what is added where that dies with the last."""
    net = cases.network(name, hidden=11)
    with torch.no_grad():
        for weight in (each for each in net.cell.parameters() if each.dim() == 2):
            weight[3, 2], weight[8, 1] = 40.0, -90.0
    program = cases.program(net)
    plain = cases.program(cases.network(name, hidden=11))
    assert len(program.kernels) > len(plain.kernels)
    compare(program, target, hard_sequences(program, np.random.default_rng(0)), tmp_path)


def test_sparse_products_store_only_what_is_not_zero():
    net = cases.network("gru", hidden=24, zeros=0.9)
    program = cases.program(net)
    source = emit(program, cases.TARGETS["m0plus"])
    dense = emit(cases.program(cases.network("gru", hidden=24)), cases.TARGETS["m0plus"])
    assert "rnn_sparse" in source.files["rnn_model.c"]
    assert "rnn_sparse" not in dense.files["rnn_model.c"]
    assert source.flash_bytes < dense.flash_bytes
