"""What trackio is told of a grid: its functions are stood in for; tried by hand with trackio 0.43.0."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.dashboard.browser import export
from bench.errors import RnnbenchError
from bench.record import read_all

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "demo"


def test_every_run_is_told_with_its_epochs_and_then_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = Path(shutil.copytree(REFERENCE, tmp_path / "grid"))
    told: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    about: dict[str, dict[str, Any]] = {}

    def init(project: str, *, name: str, config: dict[str, Any], **_: Any) -> Any:
        assert project == "demo"
        about[name], told[name] = config, []
        return SimpleNamespace(log=lambda metrics, step: told[name].append((step, metrics)))

    monkeypatch.setitem(sys.modules, "trackio", SimpleNamespace(init=init, finish=lambda: None))
    assert export(results) == "demo"
    records = read_all(results)
    assert told.keys() == {record.id for record in records}
    for record in records:
        *epochs, (last, figures) = told[record.id]
        assert record.result is not None
        assert [step for step, _ in epochs] == [*range(1, record.result.epochs + 1)]
        best = epochs[record.result.best_epoch - 1][1]["validation_accuracy"]
        assert best == pytest.approx(record.result.validation_accuracy, abs=1e-5)
        assert (last, figures["test_accuracy"]) == (record.result.epochs, record.result.test_accuracy)
        assert about[record.id]["cell"] == record.spec["cell"]


def test_without_trackio_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackio", None)
    with pytest.raises(RnnbenchError, match=r"pip install 'rnnbench\[trackio\]'"):
        export(tmp_path)
