"""Texts: the network's embedding, its size beside the cell's, and a run on words that learns."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import stand_in

from bench.data import Dataset, DatasetInfo
from bench.data.dataset import RawSplit, build
from bench.measure import size
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job, run
from bench.train import build as build_network

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


def test_a_quantised_run_on_words_embeds_them_in_real_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, texts())
    train = {"epochs": 12, "batch_size": 16, "learning_rate": 0.01}
    record = run(Job(spec(train=train, compress={"quantise": "table"}), tmp_path, "tests", "disabled"))
    assert (record.status, record.reason) == (Status.DONE, "")
    assert record.result is not None
    assert record.result.integer_accuracy is not None
    assert record.result.integer_accuracy > 0.9


@pytest.mark.parametrize(("word", "says"), [(0, "not in the vocabulary"), (VOCABULARY + 1, "not in the vocabulary")])
def test_a_word_outside_the_vocabulary(word: int, says: str) -> None:
    part = RawSplit([np.array([word] * 7), np.array([1] * 7)], np.array([0, 1]), np.array([0, 0]))
    with pytest.raises(Exception, match=says):
        build(INFO, part, dataclasses.replace(part), part, ("a", "b"))
