"""A latency that is missing or out of date is predicted again where the model is, and left alone otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench import mcu
from bench.data import describe
from bench.deploy import refresh as refreshing
from bench.deploy.refresh import refresh
from bench.record import Latency
from bench.record import latency as beside
from bench.spec import RunSpec
from bench.train.classification.network import Network, build
from bench.train.language.model import build as build_language_model
from bench.train.trainer import save

SPEC = RunSpec.model_validate({"data": "watch7", "cell": {"name": "gru", "hidden_size": 5}})
TEXT = RunSpec.model_validate({"data": "ptb", "cell": {"name": "gru", "hidden_size": 5}})


def trained(results: Path, spec: RunSpec = SPEC) -> tuple[Path, Network]:
    folder = results / "runs" / spec.id
    folder.mkdir(parents=True)
    info = describe(spec.data.name)
    network = build(spec, info.features, info.classes).eval()
    save(folder, spec.written(info.task), network)
    return folder, network


@pytest.mark.parametrize("old", [None, Latency(model=1), Latency(files={"boards/uno.yaml": "another"}), Latency()])
@pytest.mark.parametrize("by_run", [False, True])
def test_it_is_that_of_the_saved_weights(old: Latency | None, by_run: bool, tmp_path: Path) -> None:
    folder, network = trained(tmp_path)
    if old is not None:
        beside.write(folder, old)
    assert refresh(folder if by_run else tmp_path) == 1
    found = beside.read(folder)
    assert found is not None
    assert found.current
    wanted = mcu.predict(mcu.lower(network.cell, network.head), mcu.board("uno"), steps=describe("watch7").steps)
    assert (found.boards[0].board, found.boards[0].ms, found.boards[0].format) == ("uno", wanted.ms, "float32")


def test_what_is_current_is_not_touched_and_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = trained(tmp_path)
    refresh(tmp_path)
    before = (folder / "latency.json").stat().st_mtime_ns
    monkeypatch.setattr(refreshing, "_predict", None)
    assert refresh(tmp_path) == 0
    assert (folder / "latency.json").stat().st_mtime_ns == before


def test_without_a_model_a_stale_one_stays(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path)
    (folder / "model.pt").unlink()
    beside.write(folder, Latency(model=1))
    assert refresh(tmp_path) == 0
    assert beside.read(folder) == Latency(model=1)


def test_a_model_that_cannot_be_read_keeps_what_it_has(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder, _ = trained(tmp_path)
    (folder / "model.pt").write_bytes(b"no model")
    beside.write(folder, Latency(model=1))
    assert refresh(tmp_path) == 0
    assert beside.read(folder) == Latency(model=1)
    assert "is damaged" in caplog.text


def test_a_quantised_model_whose_data_are_not_here_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNNBENCH_DATA", str(tmp_path / "empty"))
    raw = {"data": "har2", "cell": {"name": "gru", "hidden_size": 5}, "compress": {"quantise": "table"}}
    folder, _ = trained(tmp_path, RunSpec.model_validate(raw))
    beside.write(folder, Latency(model=1))
    assert refresh(tmp_path) == 0
    assert beside.read(folder) == Latency(model=1)


def test_a_language_model_says_why_it_has_none(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / TEXT.id
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    save(folder, TEXT.written("language-modelling"), build_language_model(TEXT, 7))
    assert refresh(tmp_path) == 1
    found = beside.read(folder)
    assert found is not None
    assert found.current
    assert "reads words" in found.reason
