"""The integer softmax against float64, and the probability of a text against the model in real numbers."""

from itertools import pairwise

import mcu_cases as cases
import numpy as np
import pytest
import torch

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu.reference import RealInterpreter
from bench.mcu.text import losses, quantise_text
from bench.mcu.text.softmax import FRACTION, log_losses

BOUND = 2.1e-4
"""As the module derives it."""


def log_softmax(scores, fraction):
    """In float64."""
    return torch.log_softmax(torch.from_numpy(scores * 2.0**-fraction), dim=1).numpy()


def drawn(rng, words, spread, fraction):
    """Scores of every kind: random, all equal, one above all others, two that are next to each other."""
    numbers = rng.normal(scale=spread, size=(12, words)) * 2.0**fraction
    numbers[0] = numbers[0, 0]
    numbers[1], numbers[2] = -40000, rng.integers(-1, 2, words)
    numbers[1, rng.integers(words)] = 40000
    return np.clip(np.rint(numbers), -32768, 32767).astype(np.int64)


@pytest.mark.parametrize("fraction", range(1, 16))
def test_the_error_is_within_the_bound_for_any_scores(fraction):
    rng = np.random.default_rng(fraction)
    for words in (1, 2, 3, 7, 60, 1000, 20000):
        for spread in (0.02, 0.5, 2, 6, 30):
            scores = drawn(rng, words, spread, fraction)
            asked = rng.integers(0, words, len(scores))
            found = log_losses(scores, asked, fraction) * 2.0**-FRACTION
            wanted = -log_softmax(scores, fraction)[np.arange(len(scores)), asked]
            assert np.abs(found - wanted).max() <= BOUND


@pytest.mark.parametrize("words", [2, 16, 4096])
def test_equal_scores_share_probability(words):
    """-ln(1 / V), of a power of two exact up to the roundings of ln(2)."""
    found = log_losses(np.zeros((1, words), np.int64), np.array([words - 1]), 11)
    assert found[0] * 2.0**-FRACTION == pytest.approx(np.log(words), abs=2e-5)


def test_probabilities_add_up_to_one():
    scores = drawn(np.random.default_rng(0), 50, 3, 11)
    each = np.stack([log_losses(scores, np.full(len(scores), word), 11) for word in range(50)], axis=1)
    assert np.exp(-each * 2.0**-FRACTION).sum(1) == pytest.approx(np.ones(len(scores)), abs=BOUND)


def test_a_text_is_as_likely_as_to_the_model_in_real_numbers():
    """One sequence from end to end, the state carried over the pieces in which it is read."""
    words = 40
    net = cases.network("gru", features=6, hidden=9, classes=words)
    rng = np.random.default_rng(0)
    embedding, text = rng.normal(size=(words, 6)), rng.integers(0, words, 300)
    graph = mcu.lower(net.cell, net.head)
    program = quantise_text(graph, embedding, rng.integers(0, words, (8, 40)))
    machine, wanted = RealInterpreter(graph, 1), []
    for word, following in pairwise(text):
        machine.step(embedding[word][None])
        wanted.append(-log_softmax(machine.scores(), 0)[0, following])
    found = losses(program, text) * 2.0**-FRACTION
    assert np.abs(found - wanted).max() < 0.05
    assert found.mean() == pytest.approx(np.mean(wanted), abs=0.002)
    assert (losses(program, text[:40]) == losses(program, text)[:39]).all()


def test_losses_do_not_depend_on_the_pieces_in_which_a_text_is_read(monkeypatch):
    net = cases.network("lstm", features=4, hidden=6, classes=11)
    rng = np.random.default_rng(1)
    program = quantise_text(mcu.lower(net.cell, net.head), rng.normal(size=(11, 4)), rng.integers(0, 11, (4, 30)))
    text = rng.integers(0, 11, 70)
    whole = losses(program, text)
    monkeypatch.setattr("bench.mcu.text.perplexity._AT_ONCE", 11 * 9)
    assert (losses(program, text) == whole).all()


def test_the_embedding_is_rounded_once_and_no_word_saturates():
    """Also words that the calibration text does not have."""
    net = cases.network("rnn", features=5, hidden=7, classes=12)
    embedding = np.random.default_rng(2).normal(size=(12, 5))
    embedding[11] *= 6
    program = quantise_text(mcu.lower(net.cell, net.head), embedding, np.zeros((3, 20), np.int64))
    samples = program.samples(np.arange(12)) * 2.0 ** -program.buffers[0].fraction
    assert np.abs(samples - embedding).max() <= np.abs(embedding).max() / 127
    assert np.abs(program.samples(np.arange(12))).max() <= program.buffers[0].limit


def test_what_has_no_integer_program_says_so():
    net = cases.network("rnn", features=2, hidden=3, classes=4)
    graph, words = mcu.lower(net.cell, net.head), np.zeros((1, 2), np.int64)
    with pytest.raises(RnnbenchError, match="vocabulary of 70000 words"):
        quantise_text(graph, np.zeros((70_000, 2)), words)
    with pytest.raises(RnnbenchError, match="embedding is not finite"):
        quantise_text(graph, np.full((4, 2), np.nan), words)
