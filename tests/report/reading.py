"""Reads tables as a person does: by label and by mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.places import PUBLISHED
from bench.report import Table, read
from bench.report.document import write_document
from bench.report.figure import Figure
from bench.report.rows.summary import Summary
from bench.report.table import Entry
from bench.report.tables import comparison
from bench.report.verdicts import judge, read_claims


def compare(folder: Any, board: str | None = None) -> Table:
    """The comparison table of a folder."""
    table = comparison.table(read(folder.path, board))
    assert table is not None
    return table


def row(table: Table, label: str) -> tuple[Entry, ...]:
    return next(row.entries for row in table.rows if row.label == label)


def texts(table: Table) -> dict[str, list[str]]:
    return {row.label: [entry.text for entry in row.entries] for row in table.rows}


def titles(table: Table) -> list[str]:
    return [column.title for column in table.columns]


def notes(table: Table, entry: Entry) -> list[str]:
    """The footnotes of an entry."""
    meaning = {note.mark: note.text for note in table.footnotes}
    return [meaning[mark] for mark in entry.marks]


def summaries(folder: Any, data: str = "watch") -> dict[str, Summary]:
    """The rows of a data set, by label."""
    return {row.label: row for row in read(folder.path).summaries if row.data.name == data}


def on_page(figure: Figure | None) -> list[str]:
    """The drawings of a figure for the page, which are made when they are asked for."""
    assert figure is not None
    return [panel.svg for panel in figure.panels]


def whole(folder: Any, out: Path) -> Path:
    """Writes the document of one folder, with all claims."""
    results = [read(folder.path)]
    claims = read_claims(PUBLISHED / "fastgrnn_claims.yaml")
    return write_document(out, results, [judge(claim, results) for claim in claims])
