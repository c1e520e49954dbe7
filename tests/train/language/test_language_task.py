"""A run on a text, from specification to record."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_runs import stand_in
from tiny_texts import spec, tiny_text

from bench import record
from bench.data import Corpus
from bench.errors import RnnbenchError
from bench.status import Status
from bench.train import Job, run
from bench.train.facts import flat_summary
from bench.train.language.model import build

TRAIN = {"epochs": 3, "batch_size": 5, "optimizer": "plain-sgd", "learning_rate": 4.0, "gradient_clip": 0.25}


def go(folder: Path, monkeypatch: pytest.MonkeyPatch, corpus: Corpus | None = None, **changes: Any) -> record.Record:
    stand_in(monkeypatch, corpus or tiny_text())
    made = spec(**{"train": TRAIN, "language": {"bptt": 10}, **changes})
    return run(Job(made, folder, "tests", "disabled"))


def test_the_record_of_a_language_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = go(tmp_path, monkeypatch)
    assert (left.status, left.reason) == (Status.DONE, "")
    assert left.result is not None
    assert left.data is not None
    assert left.size is not None
    assert left.data.task == "language-modelling"
    assert left.data.majority is None
    assert (left.data.train, left.data.test) == (len(tiny_text().train), len(tiny_text().test))
    assert left.latency == ()
    net = build(spec(), 7)
    assert left.size.parameters == sum(p.numel() for p in net.layers.parameters())
    assert left.size.embedding_parameters == sum(p.numel() for p in net.parameters()) - left.size.parameters
    body = json.loads((tmp_path / "record.json").read_text())["result"]
    assert set(body) == {
        *("test_loss", "validation_loss", "best_epoch", "epochs"),
        *("test_perplexity", "validation_perplexity", "train_perplexity"),
        "learnt",
    }
    assert body["test_perplexity"] == pytest.approx(math.exp(body["test_loss"]))
    assert flat_summary(left)["test_perplexity"] == body["test_perplexity"]
    assert record.read(tmp_path) == left


def test_the_perplexities_are_those_of_the_saved_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = go(tmp_path, monkeypatch)
    net = build(spec(), 7)
    net.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True)["state"])
    corpus = tiny_text()
    assert left.result is not None
    for split, text in (("test", corpus.test), ("train", corpus.train[: len(corpus.test)])):
        ids = text.long()
        h, _, _ = net.eval()(ids[:-1].unsqueeze(1))
        p = torch.softmax(net.softmax(h.squeeze(1)), 1)[torch.arange(len(ids) - 1), ids[1:]]
        want = float(torch.exp(-p.detach().double().log().mean()))
        assert left.result.of("perplexity", split) == pytest.approx(want, rel=1e-5)


def test_every_epoch_has_a_row_and_the_best_is_the_lowest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = go(tmp_path, monkeypatch)
    with (tmp_path / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    found = [float(row["validation_perplexity"]) for row in rows]
    assert left.result is not None
    assert left.result.best_epoch == found.index(min(found)) + 1
    assert left.result.validation_perplexity == pytest.approx(min(found), rel=1e-5)
    assert float(rows[0]["train_perplexity"]) == pytest.approx(math.exp(float(rows[0]["train_loss"])), rel=1e-4)


def test_the_same_run_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = {"dropout_input": 0.2, "weight_drop": 0.2, "variable_bptt": True}
    results = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        results.append(go(tmp_path / name, monkeypatch, awd=part).result)
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"language": {"bptt": 5000}}, "language.bptt is 5000, but"),
        ({"train": {**TRAIN, "learning_rate": 1000.0, "gradient_clip": None}}, "learning_rate below 1000"),
    ],
)
def test_what_fails_leaves_a_record_with_one_line(
    changes: dict[str, Any], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = go(tmp_path, monkeypatch, **changes)
    assert left.status is Status.FAILED
    assert says in left.reason
    assert "\n" not in left.reason


def test_every_layer_is_as_sparse_as_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = go(
        tmp_path,
        monkeypatch,
        cell={"name": "lstm", "hidden_size": 8, "rank": {"U": 3}},
        language={"bptt": 10, "layers": 2},
        awd={"weight_drop": 0.3},
        compress={"keep": {"W": 0.25, "U": 0.5}},
    )
    assert (left.status, left.reason) == (Status.DONE, "")
    state = torch.load(tmp_path / "model.pt", weights_only=True)["state"]
    for layer in (0, 1):
        live = {name: int((state[f"layers.{layer}.{name}"] != 0).sum()) for name in ("W.value", "U.left", "U.right")}
        assert live == {"W.value": 32 * 8 / 4, "U.left": 32 * 3 / 2, "U.right": 8 * 3 / 2}
    with (tmp_path / "metrics.csv").open(encoding="utf-8") as file:
        assert [row["stage"] for row in csv.DictReader(file)] == ["dense", "thresholding", "fixed support"]


def test_fine_tuning_goes_on_after_the_last_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = go(tmp_path, monkeypatch, awd={"finetune": 2, "nt_asgd": 1, "variable_bptt": True})
    assert (left.status, left.reason) == (Status.DONE, "")
    assert left.result is not None
    assert 3 < left.result.epochs <= 5


def test_the_rate_that_is_written_is_the_schedules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = {**TRAIN, "schedule": "constant"}
    go(tmp_path, monkeypatch, train=train, awd={"variable_bptt": True})
    with (tmp_path / "metrics.csv").open(encoding="utf-8") as file:
        assert [float(row["learning_rate"]) for row in csv.DictReader(file)] == [4.0] * 3


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ({"first": {"hidden_size": 0}}, "language.first: hidden_size: "),
        ({"first": {"name": "lstm"}}, "leave `name` out"),
        ({"tied": True, "embedding_size": 5}, "the one layer has 8 units, the embedding 5"),
    ],
)
def test_layers_that_cannot_be_are_said_in_one_line(language: dict[str, Any], says: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        build(spec(language=language), 7)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
