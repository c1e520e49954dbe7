"""Several results folders as one: what is pooled, what stays apart, and what the table says about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reading import notes as footnotes
from reading import row, texts

from bench.errors import RnnbenchError
from bench.record import runs_folder
from bench.report.rows.results import Results
from bench.report.rows.several import Source, read_several
from bench.report.table import Table
from bench.report.tables import comparison
from bench.status import Status

Folders = Callable[[str], Any]


@pytest.fixture
def two(make_folder: Folders) -> tuple[Any, Any]:
    return make_folder("a"), make_folder("b")


def pooled(*folders: Any, labels: tuple[str, ...] = ("", "")) -> Results:
    return read_several([Source(folder.path, label) for folder, label in zip(folders, labels, strict=True)])


def main(results: Results) -> Table:
    table = comparison.table(results)
    assert table is not None
    return table


def test_seeds_of_two_folders_share_a_row(two: tuple[Any, Any]) -> None:
    a, b = two
    a.add("GRU", seed=0, accuracy=0.90)
    b.add("GRU", seed=1, accuracy=0.94)
    (summary,) = pooled(a, b).summaries
    assert summary.n == 2
    assert summary.mean("accuracy") == pytest.approx(0.92)


def test_a_run_that_both_hold_counts_once_and_the_table_says_so(two: tuple[Any, Any]) -> None:
    a, b = two
    a.add("GRU", seed=0, accuracy=0.90)
    b.add("GRU", seed=0, accuracy=0.50)
    results = pooled(a, b)
    assert [run.figures["accuracy"] for run in results.runs] == [0.90]
    assert any("several of these folders hold: 1" in note for note in main(results).notes)


def test_of_a_run_that_both_hold_the_one_that_is_done_counts(two: tuple[Any, Any]) -> None:
    a, b = two
    a.add("GRU", seed=0, status=Status.FAILED, reason="burst")
    b.add("GRU", seed=0, accuracy=0.9)
    (run,) = pooled(a, b).runs
    assert (run.done, run.record.folder) == (True, b.path / "runs" / run.record.id)


@pytest.mark.parametrize("labels", [("old", "new"), ("old", "")])
def test_labels_keep_rows_apart_even_of_the_same_run(two: tuple[Any, Any], labels: tuple[str, str]) -> None:
    a, b = two
    a.add("GRU", seed=0, accuracy=0.90, variant="rank W 8")
    b.add("GRU", seed=0, accuracy=0.50, variant="rank W 8")
    results = pooled(a, b, labels=labels)
    names = [f"GRU (rank W 8, {label})" if label else "GRU (rank W 8)" for label in labels]
    assert {label: row[0] for label, row in texts(main(results)).items()} == {names[0]: "90.00", names[1]: "50.00"}
    assert not any("several of these folders hold" in note for note in main(results).notes)


def test_a_mean_over_folders_that_were_made_otherwise_has_a_note(two: tuple[Any, Any]) -> None:
    a, b = two
    a.add("GRU", seed=0, provenance={"git": {"commit": "aaaaaaa"}})
    b.add("GRU", seed=1, provenance={"git": {"commit": "bbbbbbb"}, "threads": 4})
    a.add("LSTM", seed=0)
    table = main(pooled(a, b))
    assert footnotes(table, row(table, "GRU")[0]) == ["mean over runs that differ in code, threads"]
    assert footnotes(table, row(table, "LSTM")[0]) == ["1 of 2 seeds; seed 1 not run"]


def test_folders_that_were_made_alike_have_no_such_note(two: tuple[Any, Any]) -> None:
    a, b = two
    a.add("GRU", seed=0)
    b.add("GRU", seed=1)
    notes = main(pooled(a, b)).notes
    assert [note for note in notes if "differ" in note] == []
    assert f"{a.path} (1 done), {b.path} (1 done)" in notes[0]


def test_a_run_has_not_begun_when_no_folder_has_it(two: tuple[Any, Any]) -> None:
    a, b = two
    first, second, third = a.add(seed=0), b.add(seed=1), "watch-gru-h64-s2-0123456789abcdef"
    for folder in (a, b):
        note = f"name: demo\nruns: [{first.id}, {second.id}, {third}]\n"
        (folder.path / "grid.yaml").write_text(note, encoding="utf-8")
    assert "1 run of the grid has not begun: watch-gru-h64 (seed 2)." in main(pooled(a, b)).notes


def test_a_folder_given_twice_is_refused(two: tuple[Any, Any]) -> None:
    two[0].add("GRU")
    with pytest.raises(RnnbenchError, match="given twice"):
        pooled(two[0], two[0], labels=("x", "y"))


def test_a_source_as_text(tmp_path: Path) -> None:
    (tmp_path / "a=b").mkdir()
    assert Source.parse("results/a=before") == (Path("results/a"), "before")
    assert Source.parse("results/a") == (Path("results/a"), "")
    assert Source.parse(f"{tmp_path}/a=b") == (tmp_path / "a=b", ""), "a folder that is there"
    assert Source.parse(f"{tmp_path}/a=b=c") == (tmp_path / "a=b", "c")


@pytest.mark.long
def test_a_report_of_two_folders(two: tuple[Any, Any], rnnbench: Any, tmp_path: Path) -> None:
    a, b = two
    a.add("GRU", seed=0, accuracy=0.90, curve=[0.5, 0.9])
    b.add("GRU", seed=1, accuracy=0.94, curve=[0.4, 0.8])
    b.add("LSTM", seed=1, status=Status.FAILED, reason="burst")
    before = sorted([*a.path.rglob("*"), *b.path.rglob("*")])
    said = rnnbench("report", a.path, b.path)
    assert said.code == 0
    assert "92.00 ± 2.83" in said.out
    page = (tmp_path / "a+b" / "report.html").read_text(encoding="utf-8")
    for name in (path.name for folder in two for path in folder.path.glob("runs/*")):
        assert f'href="../{"a" if "s0" in name else "b"}/runs/{name}/"' in page
    assert page.count('aria-label="GRU: % over epochs') == 1, "curves of both folders are one panel"
    assert sorted([*a.path.rglob("*"), *b.path.rglob("*")]) == before, "nothing is written into the folders"
    assert (tmp_path / "a+b" / "tables" / "demo.tex").is_file()


def test_a_report_with_labels(two: tuple[Any, Any], rnnbench: Any, tmp_path: Path) -> None:
    for folder, accuracy in zip(two, (0.90, 0.50), strict=True):
        folder.add("GRU", accuracy=accuracy)
    said = rnnbench("report", f"{two[0].path}=old", f"{two[1].path}=new", "--out", tmp_path / "out", "--json")
    assert said.code == 0
    table = (tmp_path / "out" / "tables" / "demo.md").read_text(encoding="utf-8")
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in table.splitlines() if line.startswith("| GRU")}
    assert "90.00" in rows["GRU (old)"]
    assert "50.00" in rows["GRU (new)"]


def test_labels_keep_what_a_search_chose_apart(two: tuple[Any, Any]) -> None:
    """The rows of a search are named by what it chose for, and not by the variant that it drew."""
    for folder, accuracy in zip(two, (0.90, 0.50), strict=True):
        path = runs_folder(folder.path) / folder.add("GRU", accuracy=accuracy, steps="LQ", variant="rank U 8").id
        origin = {"group": "watch, gru, kb 3", "trial": 3, "trials": 16, "failed": 0, "validation": 0.9, "sd": 0.01}
        chosen = {"chosen": {**origin, "epochs": 9, "settings": {}, "trial_runs": []}}
        record = path / "record.json"
        record.write_text(json.dumps({**json.loads(record.read_text()), **chosen}))
    rows = pooled(*two, labels=("before", "after")).summaries
    found = {own.label: [*own.scores.values()] for own in rows}
    assert found == {"GRU (LQ, after), 3 KB": [pytest.approx(50)], "GRU (LQ, before), 3 KB": [pytest.approx(90)]}
