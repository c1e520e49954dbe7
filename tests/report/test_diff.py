"""Two runs side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.record import read
from bench.report.diff import differences, find, table


def pair(folder: Any, make_latency: Any) -> tuple[Path, Path]:
    """The second is more accurate, has another rate and commit, and no latency on the Uno."""
    uno, due = make_latency("uno", ms=4.0), make_latency("due", ms=2.0)
    first = folder.add("GRU", accuracy=0.80, kb=10.0, train={"learning_rate": 0.01}, latencies=(uno, due))
    slower = make_latency("due", ms=3.0)
    git = {"git": {"commit": "d00f", "dirty": True}}
    second = folder.add(
        "GRU", accuracy=0.84, kb=10.0, train={"learning_rate": 0.02}, provenance=git, latencies=(slower,)
    )
    return folder.path / "runs" / first.id, folder.path / "runs" / second.id


def test_what_differs_and_by_how_much(folder: Any, make_latency: Any) -> None:
    first, second = map(read, pair(folder, make_latency))
    made = table(first, second)
    said = {row.labels[1]: tuple(entry.text for entry in row.entries) for row in made.rows}
    assert said["train.learning_rate"] == ("0.01", "0.02", "+0.01 (+100.0%)")
    assert said["test_accuracy"] == ("0.8", "0.84", "+0.04 (+5.0%)")
    assert said["git.commit"] == ("c0ffee", "d00f", "-")
    assert said["git.dirty"] == ("no", "yes", "-")
    assert said["due float32 ms"] == ("2", "3", "+1 (+50.0%)")
    assert said["uno float32 ms"] == ("4", "-", "-")
    assert not {"kb", "train.epochs", "python", "name"} & set(said)
    assert [row.labels[0] for row in made.rows if row.labels[0]] == ["specification", "provenance", "result", "latency"]
    equal = sum(item.equal for item in differences(first, second))
    assert made.notes == (f"Equal in {equal} of {equal + len(made.rows)} items, which are left out.",)
    assert len(table(first, second, everything=True).rows) == equal + len(made.rows)


def test_a_run_and_itself(folder: Any, make_latency: Any, rnnbench: Any) -> None:
    path, _ = pair(folder, make_latency)
    assert table(read(path), read(path)).rows == ()
    said = rnnbench("diff", path, path)
    assert said.code == 0
    assert "differ in nothing" in said.out


def test_runs_by_folder_and_by_id(folder: Any, make_latency: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = pair(folder, make_latency)
    monkeypatch.chdir(folder.path.parent)
    results = folder.path.rename(folder.path.with_name("demo"))
    (folder.path.parent / "results").mkdir()
    results.rename(folder.path.parent / "results" / "demo")
    assert find(f"results/demo/runs/{first.name}").id == first.name
    assert find(second.name).id == second.name
    assert find(second.name[-16:]).id == second.name
    assert find(second.name, Path("results/demo")).folder == Path("results/demo/runs") / second.name
    with pytest.raises(RnnbenchError, match="more of the id"):
        find("watch-gru")
    with pytest.raises(RnnbenchError, match="no run 'nowhere'"):
        find("nowhere")
    with pytest.raises(RnnbenchError, match="no run ''"):
        find("")


def test_for_programs(folder: Any, make_latency: Any, rnnbench: Any) -> None:
    first, second = pair(folder, make_latency)
    body = json.loads(rnnbench("diff", first, second, "--json").out)
    assert body["runs"] == [first.name, second.name]
    assert {"part": "result", "item": "test_accuracy", "first": 0.80, "second": 0.84} in body["differences"]
