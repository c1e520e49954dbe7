"""What moved against an earlier state of the results, by seed and beyond noise, and how it is marked."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reading import whole

from bench.cli.paper import paper
from bench.errors import RnnbenchError
from bench.report import read
from bench.report.document import (
    at_commit,
    moved,
    sections,
    write_document,
)
from bench.status import Status


def test_what_moved_is_by_seed_and_beyond_the_interval(make_folder: Callable[[str], Any]) -> None:
    """GRU by 2 points at every seed and more at one; LSTM up and down; RNN not at all; QRNN has one seed."""
    before, now = make_folder("before"), make_folder("now")
    for seed in range(3):
        for folder, step in ((before, 0.0), (now, 1.0)):
            folder.add("GRU", seed=seed, accuracy=0.8 + step * (0.02 + 0.001 * seed))
            folder.add("LSTM", seed=seed, accuracy=0.8 + step * (-0.05, 0.05, 0.01)[seed])
            folder.add("RNN", seed=seed, accuracy=0.7)
    before.add("QRNN", accuracy=0.6)
    now.add("QRNN", accuracy=0.7)
    found = {own.name: own for own in moved([read(now.path)], [read(before.path)])}
    assert {name: own.verdict for name, own in found.items()} == {
        "GRU": "moved",
        "LSTM": "within noise",
        "RNN": "same",
        "QRNN": "one seed: no noise is known",
    }
    assert found["GRU"].difference == pytest.approx(2.1)
    text = sections.of_moved([*found.values()], "v1")
    assert "Rows that are in both this and v1: 4, of which the same: 1." in text
    assert r"\bfseries 2.10" in text
    assert "\n    RNN & Watch" not in text


def test_a_row_whose_size_or_time_moved_is_not_the_same(make_folder: Callable[[str], Any], make_latency: Any) -> None:
    """Equal accuracies: GRU's KB double, LSTM's ms on one board of two; RNN has a seed more now, of other KB."""
    before, now = make_folder("before"), make_folder("now")
    for folder, twice in ((before, 1), (now, 2)):
        folder.add("GRU", kb=10.0 * twice)
        folder.add("LSTM", latencies=(make_latency("uno", 8.0), make_latency("due", 4.0 * twice)))
        folder.add("RNN", kb=5.0)
    now.add("RNN", seed=1, kb=50.0)
    found = {own.name: own for own in moved([read(now.path)], [read(before.path)])}
    assert {name: (own.verdict, own.same) for name, own in found.items()} == {
        "GRU": ("same", False),
        "LSTM": ("same", False),
        "RNN": ("same", True),
    }
    assert (found["GRU"].kb, found["GRU"].ms) == ((10, 20), None)
    assert (found["LSTM"].kb, found["LSTM"].ms, found["LSTM"].board) == (None, (4, 8), "Arduino due")
    text = sections.of_moved([*found.values()], "v1")
    assert "Rows that are in both this and v1: 3, of which the same: 1." in text
    assert "10 to 20" in text
    assert "4 to 8" in text


def test_stale_times_are_not_held_against_others(make_folder: Callable[[str], Any], make_latency: Any) -> None:
    before, now = make_folder("before"), make_folder("now")
    before.add(latencies=(make_latency(ms=4.0),))
    now.add(latencies=(make_latency(ms=8.0),))
    results = read(before.path)
    old = tuple(record.model_copy(update={"latency_stale": True}) for record in results.records)
    (own,) = moved([read(now.path)], [replace(results, records=old)])
    assert own.same


def test_a_folder_with_nothing_to_compare_is_refused(make_folder: Callable[[str], Any], tmp_path: Path) -> None:
    """Nothing at all; a run that failed; another data set's."""
    now, failed, other = make_folder("now"), make_folder("failed"), make_folder("other")
    now.add()
    failed.add(status=Status.FAILED, reason="x")
    other.add(data="digits")
    (tmp_path / "empty").mkdir()
    for place, said in (("empty", "holds none"), ("failed", "nothing to compare"), ("other", "nothing to compare")):
        with pytest.raises(RnnbenchError, match=said):
            paper(now.path, tmp_path / "out", str(tmp_path / place), pdf=False)
    assert not (tmp_path / "out").exists()


def test_a_figure_that_moved_is_marked_in_its_tables(make_folder: Callable[[str], Any], tmp_path: Path) -> None:
    """GRU moved, LSTM did not; the caption of the table says what the mark means, and the others' do not."""
    before, now = make_folder("before"), make_folder("now")
    for seed in range(3):
        for folder, step in ((before, 0.0), (now, 0.02)):
            folder.add("GRU", seed=seed, accuracy=0.8 + seed / 1000 + step)
            folder.add("LSTM", seed=seed, accuracy=0.7)
    results = [read(now.path)]
    changed = ("v1", [*moved(results, [read(before.path)])])
    text = write_document(tmp_path / "out", results, [], changed=changed).read_text(encoding="utf-8")
    (gru,) = re.findall(r"^ *GRU~.*", text, re.MULTILINE)
    (lstm,) = re.findall(r"^ *LSTM~.*", text, re.MULTILINE)
    assert r"\ddagger" in gru
    assert r"\ddagger" not in lstm
    assert text.count(r"$\ddagger$: moved against v1 beyond the noise of the seeds") == 1
    assert r"\ddagger" not in whole(now, tmp_path / "alone").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_folder_as_it_was_at_a_commit(tmp_path: Path) -> None:
    place = tmp_path / "repo" / "results"
    place.mkdir(parents=True)
    (place / "a.txt").write_text("old", encoding="utf-8")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=tmp_path / "repo", check=True, capture_output=True)
    (place / "a.txt").write_text("new", encoding="utf-8")
    into = tmp_path / "into"
    into.mkdir()
    assert (at_commit(place, "HEAD", into) / "a.txt").read_text(encoding="utf-8") == "old"
    with pytest.raises(RnnbenchError, match="--against nonsense: neither a folder nor a commit"):
        at_commit(place, "nonsense", into)
