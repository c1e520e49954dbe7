"""The code of models that read words: bit for bit what the interpreter says, in as many cycles as predicted."""

import re
import shutil

import mcu_cases as cases
import numpy as np
import pytest
import torch

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu.calibration.text import random_text
from bench.mcu.costs import text_hash
from bench.mcu.emit import emit
from bench.mcu.interpreter import trajectory
from bench.mcu.prediction import predict
from bench.mcu.simulate import host, run
from bench.mcu.text import quantise_text, quantise_words
from bench.mcu.text.softmax import log_losses
from bench.places import CONFIGS

pytestmark = pytest.mark.long


def model(name, words=30, features=6, hidden=11, seed=0, spread=1.0):
    net = cases.network(name, features=features, hidden=hidden, classes=words, seed=seed)
    rng = np.random.default_rng(seed)
    embedding = rng.normal(size=(words, features), scale=spread)
    return quantise_text(mcu.lower(net.cell, net.head), embedding, rng.integers(0, words, (6, 30)))


def classifier(name, words=30, features=6, hidden=11, seed=0):
    """A network of five classes, its embedding, and its integers; texts for their scales end after 3 to 8 words."""
    net = cases.network(name, features=features, hidden=hidden, classes=5, seed=seed)
    rng = np.random.default_rng(seed)
    embedding, lengths = rng.normal(size=(words, features)), rng.integers(3, 9, 6)
    read = np.where(np.arange(9) < lengths[:, None], rng.integers(1, words, (6, 9)), 0)
    return net, embedding, quantise_words(mcu.lower(net.cell, net.head), embedding, read, lengths)


def texts(program, seed=0):
    """Random words, and every word once."""
    words = len(program.embedding)
    return [np.random.default_rng(seed).integers(0, words, 9), np.arange(words)[::-1]]


def agree(program, said, sequences):
    """Scores, answers and the logarithms of their probabilities are the interpreter's."""
    cases.agree(program, said, sequences)
    fraction = program.buffers[program.scores.buffer].fraction
    for x, answers, losses in zip(sequences, said.answers, said.losses, strict=True):
        np.testing.assert_array_equal(losses, log_losses(trajectory(program, x), answers, fraction))


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize("target", ["avr", "m0plus", "m4f"])
@pytest.mark.parametrize(("name", "words"), [("fastgrnn", 2), ("gru", 300), ("lstm", 61), ("qrnn", 1)])
def test_the_code_says_what_the_interpreter_says(name, words, target, tmp_path):
    """Beyond 255 words, which a byte counts, too."""
    program = model(name, words, spread=3.0)
    sequences = texts(program)
    agree(program, host.run(emit(program, cases.TARGETS[target]), sequences, tmp_path), sequences)


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize("bias", [np.arange(40) * 800 - 16000, np.where(np.arange(40) == 7, 32767, -32768)])
def test_scores_that_are_far_apart(bias, tmp_path):
    """Terms beyond the last power of two, and the largest difference that there is."""
    program = random_text(np.random.default_rng(0), 40, 5, bias, scale=3)
    sequences = texts(program)
    agree(program, host.run(emit(program, cases.TARGETS["m0plus"]), sequences, tmp_path), sequences)


@cases.ON_ALL
def test_simulated_processors_say_it_in_the_predicted_cycles(target):
    cases.need(target)
    for name, words in (("fastgrnn", 50), ("gru", 23)):
        program = model(name, words, hidden=18)
        sequences = texts(program)
        ran = run(emit(program, target), target, sequences)
        agree(program, ran, sequences)
        predicted = predict(program, cases.BOARDS[target], steps=1)
        assert predicted.cycles_per_step == pytest.approx(np.mean(ran.step_cycles), rel=0.02)
        assert predicted.answer_cycles == pytest.approx(np.mean(ran.answer_cycles), rel=0.02)
        assert max(ran.answer_cycles) <= 1.005 * (predicted.worst - predicted.worst_per_step)
        assert predicted.cycles == pytest.approx(predicted.cycles_per_step + predicted.answer_cycles, abs=1)


@cases.ON_ALL
def test_a_classifier_of_texts(target, tmp_path):
    """On this machine and on a simulated one, in the predicted cycles; close to the network in real numbers."""
    cases.need(target)
    net, embedding, program = classifier("gru", words=300)
    sequences = texts(program)
    source = emit(program, target)
    cases.agree(program, host.run(source, sequences, tmp_path), sequences)
    ran = run(source, target, sequences)
    cases.agree(program, ran, sequences)
    counted = 9 * np.mean(ran.step_cycles) + np.mean(ran.answer_cycles)
    assert predict(program, cases.BOARDS[target], steps=9).cycles == pytest.approx(counted, rel=0.02)
    with torch.no_grad():
        h = net.cell(torch.from_numpy(embedding[sequences[0]]).float()[:, None])[0]
        real = net.head(h)[:, 0].numpy()
    unit = 2.0 ** -program.buffers[program.scores.buffer].fraction
    np.testing.assert_allclose(ran.scores[0] * unit, real, atol=0.05 * np.abs(real).max())


@cases.ON_ALL
def test_no_scores_take_longer_than_the_worst(target):
    """Every word better than all before it."""
    cases.need(target)
    program = random_text(np.random.default_rng(0), 90, 4, np.arange(90), scale=0)
    predicted = predict(program, cases.BOARDS[target], steps=1)
    ran = run(emit(program, target), target, [np.zeros(2, np.int64)])
    assert max(ran.answer_cycles) <= 1.005 * (predicted.worst - predicted.worst_per_step)


@cases.ON_ALL
def test_costs_are_of_the_kernels_as_they_are(target):
    text = (CONFIGS / "kernels" / f"{target.name}-words.yaml").read_text()
    assert re.search(r"kernels: (\w+)", text)[1] == text_hash(), f"python -m bench.mcu.calibration {target.name}-words"


def test_a_vocabulary_takes_flash_for_both_matrices_and_ram_for_its_scores():
    """V rows of D and of H bytes; 2 bytes of RAM a score."""
    few, many = (predict(model("gru", words), mcu.board("due"), steps=1) for words in (100, 300))
    per_word = 6 + 12 + 4  # embedding, a row padded to twos, a bias
    assert many.flash_bytes - few.flash_bytes == pytest.approx(200 * per_word, abs=40)
    assert many.ram_bytes - few.ram_bytes == 400
    assert not predict(model("gru", 3000), mcu.board("uno"), steps=1).fits_flash


def test_too_many_words_for_the_code_are_refused():
    program = random_text(np.random.default_rng(0), 32_001, 2)
    with pytest.raises(RnnbenchError, match="32000 scores"):
        emit(program, cases.TARGETS["m4f"])
