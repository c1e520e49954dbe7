"""The whole: files, determinism, and what is refused."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.errors import RnnbenchError
from bench.report import figures, read, tables, write_report, write_results
from bench.status import Status

pytestmark = pytest.mark.long

NEW_TABLE = """
from bench.report.notes import Notes
from bench.report.table import Column, Row, Table, number, typeset
from dataclasses import replace


def table(results):
    notes = Notes()
    rows = [
        Row((summary.label,), (replace(number(summary.mean("accuracy"), scale=100), marks=notes.mark("new")),))
        for summary in results.summaries
    ]
    return typeset(Table("new", f"Errors of {results.name}", (Column("%", places=2),), tuple(rows), notes.listed()))
"""
NEW_FIGURE = """
from bench.report.figure import Figure, Panel


def figure(results):
    dot = '<svg viewBox="0 0 9 9"><circle r="3"/></svg>'
    panels = (Panel(data.title, lambda: dot, f"dot-{data.name}") for data in results.data_sets)
    return Figure("Dots", f"A dot for {len(results.records)} run", tuple(panels))
"""


def test_files_and_counts(small: Any) -> None:
    report = write_report(small.path)
    tables = small.path / "tables"
    assert (report.tex, report.markdown, report.csv) == tuple(tables / f"demo{end}" for end in (".tex", ".md", ".csv"))
    assert report.html == small.path / "report.html"
    assert (report.done, report.not_done) == (9, 1)
    written = [f"demo{name}.{end}" for name in ("-settings", "") for end in ("csv", "md", "tex")]
    assert sorted(path.name for path in tables.iterdir()) == [*written, "references.bib"]
    figures = {path.name.partition("-")[0] for path in (small.path / "figures").iterdir()}
    assert figures == {"size", "latency", "curves"}


def test_the_same_records_give_the_same_bytes_anywhere(folder: Any, tmp_path: Path) -> None:
    for cell, kb in (("A", 3.0), ("B", 12.0)):
        folder.add(cell, kb=kb, curve=[0.5, 0.9])
    copied = tmp_path / "elsewhere"
    shutil.copytree(folder.path, copied)
    first, second, third = (write_report(path) for path in (folder.path, folder.path, copied))
    for name in ("html", "tex", "markdown", "csv"):
        texts = {getattr(report, name).read_bytes() for report in (first, second, third)}
        assert len(texts) == 1, name


def test_two_grids_in_one_folder(folder: Any) -> None:
    folder.add("A")
    folder.grid = "other"
    folder.add("B")
    report = write_report(folder.path)
    assert report.tex.name == "demo+other.tex"
    assert report.tables["comparison"].name == "demo + other"


def test_the_names_of_many_grids_are_cut(folder: Any) -> None:
    for number in range(4):
        folder.grid = f"{'x' * 38}-{number}"
        folder.add(seed=number)
    assert write_report(folder.path).tex.stem == "+".join(f"{'x' * 38}-{number}" for number in range(4))[:120]


def test_the_name_of_a_grid_cannot_lead_out_of_the_folder(make_folder: Any, tmp_path: Path) -> None:
    folder = make_folder("results")
    folder.grid = "../../evil"
    folder.add()
    assert write_report(folder.path).tex.parent == folder.path / "tables"


def test_nothing_done(folder: Any) -> None:
    folder.add(status=Status.FAILED, reason="x")
    with pytest.raises(RnnbenchError, match=r"no run is done yet in .*; run the grid first"):
        write_report(folder.path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RnnbenchError, match="no results folder"):
        write_report(tmp_path / "absent")


def test_a_folder_that_cannot_be_written(folder: Any) -> None:
    folder.add()
    (folder.path / "tables").write_text("in the way", encoding="utf-8")
    with pytest.raises(RnnbenchError, match="cannot write the report"):
        write_report(folder.path)


def test_a_table_and_a_figure_that_are_dropped_in_are_written(
    folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doors: a file in each folder, nothing else; it is written, printed and shown on the page."""
    for package, text in ((tables, NEW_TABLE), (figures, NEW_FIGURE)):
        place = tmp_path / package.__name__
        place.mkdir()
        (place / "a_new_one.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(place)])
        monkeypatch.delitem(sys.modules, f"{package.__name__}.a_new_one", raising=False)
    folder.add("GRU", accuracy=0.875)
    report = write_report(folder.path)
    assert list(report.tables) == ["comparison", "a_new_one", "settings"]
    written = {path.relative_to(folder.path).as_posix(): path for path in folder.path.glob("*/*.*")}
    assert "87.50 {$^{\\mathrm{a}}$}" in written["tables/demo-a_new_one.tex"].read_text(encoding="utf-8")
    assert "| GRU | 87.50<sup>a</sup> |" in written["tables/demo-a_new_one.md"].read_text(encoding="utf-8")
    assert "<circle" in written["figures/dot-watch.svg"].read_text(encoding="utf-8")
    page = report.html.read_text(encoding="utf-8")
    assert "Errors of demo" in page
    assert "A dot for 1 run" in page
    assert page.count("<circle") == 1


def test_a_file_without_the_function_is_named(folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "not_a_table.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(tables, "__path__", [str(tmp_path)])
    folder.add()
    with pytest.raises(RnnbenchError, match=r"not_a_table.py has no function table\(results\)"):
        write_report(folder.path)


def test_letters_that_xml_has_no_place_for_leave_figures_readable(folder: Any) -> None:
    folder.add("A\x01\x1b[31mB\ufffe", variant="\x00")
    write_report(folder.path)
    figures = list((folder.path / "figures").glob("*.svg"))
    assert figures
    for path in figures:
        ElementTree.parse(path)


def test_figures_of_data_sets_that_are_gone_are_removed_and_the_users_own_stay(folder: Any) -> None:
    kept = folder.add("A", "watch")
    folder.add("A", "digits")
    write_report(folder.path)
    own = folder.path / "figures" / "own.svg"
    own.write_text("<svg/>", encoding="utf-8")
    assert (folder.path / "figures" / "size-digits.svg").exists()
    (folder.path / "grid.yaml").write_text(f"name: demo\nruns: [{kept.id}]\n", encoding="utf-8")
    write_report(folder.path)
    left = {f"{kind}-watch.{ending}" for kind in ("size", "latency") for ending in ("svg", "pdf", "png")}
    assert {path.name for path in own.parent.iterdir()} == {*left, "own.svg"}


def test_what_other_grids_wrote_into_one_place_stays(make_folder: Any, tmp_path: Path) -> None:
    """The table of the trials of ``demo`` would have the name of the comparison of ``demo-trials``."""
    first, second = make_folder("demo-trials"), make_folder("demo")
    first.grid = "demo-trials"
    first.add("A", "digits")
    second.add("A", "watch")
    for folder in (first, second):
        write_results(read(folder.path), tmp_path / "both")
    assert (tmp_path / "both" / "tables" / "demo-trials.md").exists()
    assert {path.name for path in (tmp_path / "both" / "figures").glob("size-*.svg")} == {
        "size-digits.svg",
        "size-watch.svg",
    }


def test_a_hundred_runs(folder: Any) -> None:
    for cell in range(10):
        for seed in range(10):
            folder.add(f"Cell{cell}", "watch", seed, 0.5 + 0.04 * cell, kb=3.0 * 1.5**cell, curve=[0.3, 0.5, 0.6])
    report = write_report(folder.path)
    assert len(report.tables["comparison"].rows) == 10
    assert report.html.stat().st_size < 800_000
