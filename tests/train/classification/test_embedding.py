"""Texts: the network's embedding, its size beside the cell's, and a run on words that learns."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import stand_in

from bench import mcu
from bench.data import Dataset, DatasetInfo
from bench.data.dataset import RawSplit, build
from bench.deploy import model as models
from bench.deploy.export import export
from bench.deploy.model import Trained
from bench.errors import RnnbenchError
from bench.measure import size
from bench.record import Record
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job, run
from bench.train import build as build_network
from bench.train.task import tasks

VOCABULARY, WIDTH = 11, 5
INFO = DatasetInfo(
    name="texts",
    title="Texts",
    task="classification",
    metric="accuracy",
    higher_is_better=True,
    steps=7,
    features=WIDTH,
    classes=2,
    about="made up",
    protocol="by text",
    licence="none",
    citation="none",
    source="made up",
    sample_hz=None,
    vocabulary=VOCABULARY,
)


def texts() -> Dataset:
    """Class 1 has the word 9 somewhere."""
    rng = np.random.default_rng(0)
    groups = iter(range(1000))

    def part(count: int) -> RawSplit:
        y = np.arange(count) % 2
        made = [rng.integers(1, 9, 7 if i < 2 else rng.integers(5, 8)).astype(np.int32) for i in range(count)]
        for text, label in zip(made, y, strict=True):
            text[rng.integers(len(text))] = 9 if label else 10
        return RawSplit(made, y, np.array([next(groups) for _ in range(count)]))

    return build(INFO, part(300), part(60), part(60), ("without", "with"))


def spec(**changes: Any) -> RunSpec:
    raw = {"data": "texts", "cell": {"name": "gru", "hidden_size": 8}, **changes}
    made = parse(RunSpec, raw, "test")
    return made


def test_words_become_their_rows_and_padding_nothing() -> None:
    network = build_network(spec(), WIDTH, 2, VOCABULARY)
    assert network.embedding is not None
    assert tuple(network.embedding.weight.shape) == (VOCABULARY + 1, WIDTH)
    assert not network.embedding.weight[0].any()
    ids = torch.tensor([[3, 4], [5, 0]])
    lengths = torch.tensor([2, 1])
    by_hand = build_network(spec(), WIDTH, 2)
    by_hand.load_state_dict({k: v for k, v in network.state_dict().items() if not k.startswith("embedding")})
    x = network.embedding.weight[ids]
    assert torch.equal(network(ids, lengths), by_hand(x, lengths))


def test_a_cell_starts_alike_with_and_without_an_embedding() -> None:
    one, other = build_network(spec(), WIDTH, 2, VOCABULARY), build_network(spec(), WIDTH, 2)
    for name, value in other.state_dict().items():
        assert torch.equal(value, one.state_dict()[name])


def test_a_run_on_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, texts())
    job = Job(spec(train={"epochs": 12, "batch_size": 16, "learning_rate": 0.01}), tmp_path, "tests", "disabled")
    record = run(job)
    assert (record.status, record.reason) == (Status.DONE, "")
    assert record.result is not None
    assert record.size is not None
    assert record.result.test_accuracy > 0.9
    network = build_network(job.spec, WIDTH, 2)
    # cell and classifier as the paper prints them, the embedding beside
    assert record.size.kb == size(network).kb
    assert record.size.embedding_parameters == (VOCABULARY + 1) * WIDTH


def quantised(folder: Path, monkeypatch: pytest.MonkeyPatch, data: Dataset) -> tuple[Record, Trained]:
    """A run in integers, and its model."""
    stand_in(monkeypatch, data)
    monkeypatch.setattr(models, "describe", lambda name, options: INFO)
    monkeypatch.setattr(models, "task_of", lambda _: tasks()["classification"])
    train = {"epochs": 12, "batch_size": 16, "learning_rate": 0.01}
    record = run(Job(spec(train=train, compress={"quantise": "table"}), folder, "tests", "disabled"))
    model = models.load(folder)
    assert isinstance(model, Trained)
    return record, model


def test_the_integers_of_a_run_on_words_have_their_embedding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record, model = quantised(tmp_path, monkeypatch, texts())
    assert (record.status, record.reason) == (Status.DONE, "")
    assert record.result is not None
    assert record.result.integer_accuracy is not None
    assert record.result.integer_accuracy > 0.9
    assert model.measured() == (record.result.test_accuracy, record.result.integer_accuracy)
    assert model.network.embedding is not None
    weight, program = model.network.embedding.weight.detach(), model.program
    assert isinstance(program, mcu.WordProgram)
    # One scale, with which the largest number just fits an int8: each is off by half of the last bit at most.
    bit = float(weight.abs().max()) / 64
    assert float(np.abs(program.embedding).max()) > 63
    samples = program.samples(np.arange(VOCABULARY + 1)) * 2.0 ** -program.buffers[0].fraction
    np.testing.assert_allclose(samples, weight.numpy(), atol=bit / 2)
    assert not samples[0].any()
    uno = record.latency[0]
    assert uno.cycles == mcu.predict(program, mcu.board("uno"), steps=7).cycles
    with pytest.raises(RnnbenchError, match="float32 program of a model that reads words"):
        model.code("float32")


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
def test_the_export_of_a_run_on_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, model = quantised(tmp_path, monkeypatch, texts())
    with pytest.raises(RnnbenchError, match=r"does not name its words: .* `rnnbench data prepare texts --again`"):
        export(model, mcu.board("pico"), "int8", tmp_path / "code", force=False)
    named = dataclasses.replace(texts(), words=("<pad>", "<unk>", *"abcdefghij"))
    _, model = quantised(tmp_path, monkeypatch, named)
    export(model, mcu.board("pico"), "int8", tmp_path / "code", force=False)
    assert (tmp_path / "code" / "words.tsv").read_text().endswith("\n10\ti\n11\tj\n")
    main = (
        '#include "rnn_sensor.h"\n#include <stdio.h>\nint main(void) { const char *const names[] = { RNN_CLASS_NAMES };'
        " rnn_reset(); rnn_step(3); rnn_step(9); rnn_step(4); rnn_step(5); rnn_step(2);"
        ' printf("%s ", names[rnn_answer()]); printf("%d\\n", rnn_confidence() > 127); return 0; }'
    )
    (tmp_path / "code" / "main.c").write_text(main)
    for source, says in (("main.c", "with 1\n"), ("extras/check.c", "the test vector is met\n")):
        command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-Isrc", source, "src/rnn_model.c"]
        subprocess.run([*command, "src/rnn_sensor.c", "-o", "program"], cwd=tmp_path / "code", check=True)
        assert subprocess.check_output(["./program"], cwd=tmp_path / "code", text=True) == says


@pytest.mark.parametrize(("word", "says"), [(0, "not in the vocabulary"), (VOCABULARY + 1, "not in the vocabulary")])
def test_a_word_outside_the_vocabulary(word: int, says: str) -> None:
    part = RawSplit([np.array([word] * 7), np.array([1] * 7)], np.array([0, 1]), np.array([0, 0]))
    with pytest.raises(Exception, match=says):
        build(INFO, part, dataclasses.replace(part), part, ("a", "b"))
