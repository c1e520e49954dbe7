"""Writes the tables, figures and page of a results folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.citations import bibliography
from bench.errors import RnnbenchError
from bench.record import write_atomically
from bench.report import frame
from bench.report.comparing import differences
from bench.report.comparing.finding import findings
from bench.report.comparing.onward import onward
from bench.report.discover import FORMATS, MAIN, SETTINGS, all_figures, all_tables, table_names
from bench.report.journal import for_journal, without_name
from bench.report.parts import to_print
from bench.report.rows.results import Results, read
from bench.report.rows.style import Style, noted_style
from bench.report.table import Table
from bench.report.tables import compare
from bench.report.writers import table_to_csv, to_csv, to_markdown


@dataclass(frozen=True)
class Report:
    """The files that :func:`write_results` made.

    Attributes:
        tables: by name of their modules, the comparison first.
        brief: those for a terminal: all but the settings, or the table of formats alone where it has every row.
        said: sentences that the records support (:mod:`bench.report.comparing.finding`).
        onward: commands that lead on, with what they do.
        html: the page; ``tex``, ``markdown`` and ``csv``: the files of the comparison.
        done: runs that are; ``not_done``: those that are not, or have not begun.
    """

    tables: Mapping[str, Table]
    brief: Sequence[Table]
    said: Sequence[str]
    onward: Sequence[tuple[str, str]]
    html: Path
    tex: Path
    markdown: Path
    csv: Path
    done: int
    not_done: int


def write_report(folder: Path, board: str | None = None) -> Report:
    """Writes the tables, figures and page of a results folder into it.

    Args:
        folder: the results folder, with its ``runs/``.
        board: whose latency tables and figures show; by default the one that most models fit, the first of them.

    Raises:
        RnnbenchError: as :func:`bench.report.rows.results.read` and :func:`write_results`.
    """
    return write_results(read(folder, board), folder)


def write_results(results: Results, folder: Path, style: Style | None = None) -> Report:
    """Writes tables, figures and page, each file whole or not at all.

    They are ``tables/<grid>.tex`` in the form of a journal, with ``references.bib``; ``.md`` and ``.csv`` of the same;
    ``tables/<grid>-<table>.tex``, ``.md`` and ``.csv`` for every other table that the results have; ``figures/*.svg``,
    ``.pdf`` and ``.png``; and ``report.html``.

    Args:
        results: of one results folder, or of several.
        folder: where the files go.
        style: what the LaTeX of the comparison prints, and how; by default as the results folder's own style says.

    Raises:
        RnnbenchError: when no run is done, none has a latency on the board, or the folder cannot be written.
    """
    from bench.report.drawing.press import files_of  # here: a command that prints a table needs no plots
    from bench.report.page import to_page

    done = sum(summary.n for summary in results.summaries)
    if not done:
        where = results.folder or " or ".join(sorted({record.grid for record in results.records}))
        raise RnnbenchError(f"no run is done yet in {where}; run the grid first")
    if style is None and results.folder is not None:
        style = noted_style(results.folder)
    tables, figures = all_tables(results), all_figures(results)
    stem = _stem(results.name)
    place, page = folder / "tables", folder / "report.html"
    texts: dict[Path, str | bytes] = {}
    for name, table in tables.items():
        if name == MAIN:
            rows = to_csv(list(frame.rows(results.summaries)))
            texts |= in_formats(place / stem, table, for_journal(table, results, style), rows)
        else:
            texts |= in_formats(place / f"{stem}-{name}", table, without_name(table, results.name))
    texts[place / "references.bib"] = bibliography(results.cell_files)
    for panel in (panel for figure in figures.values() for panel in figure.panels if panel.name):
        texts |= {folder / "figures" / f"{panel.name}.{ending}": file for ending, file in files_of(panel).items()}
    texts[page] = to_page(results, stem, tables, figures, folder)
    try:
        write_all(texts)
        if results.folder is not None and folder.resolve() == results.folder.resolve():
            for path in _earlier(folder, stem, tables, texts):  # in any other place they may be of another grid
                path.unlink()
    except OSError as error:
        raise RnnbenchError(f"cannot write the report into {folder}: {error.strerror or error}") from None
    tex, markdown, csv = (place / f"{stem}.{ending}" for ending in ("tex", "md", "csv"))
    said, commands = findings(results), onward(results)
    not_done = len(results.records) + len(results.unstarted) - done
    return Report(tables, _brief(tables, results), said, commands, page, tex, markdown, csv, done, not_done)


def _earlier(folder: Path, stem: str, tables: Mapping[str, Table], texts: Mapping[Path, str | bytes]) -> list[Path]:
    """Finds what an earlier report wrote of this grid and this one does not: its rows or data sets are gone."""
    gone = table_names() - tables.keys() - {compare.__name__.rpartition(".")[2]}  # which has a command of its own
    named = [folder / "tables" / f"{stem}-{name}{ending}" for name in gone for ending in (".tex", ".md", ".csv")]
    drawn = [path for path in (folder / "figures").glob("*.svg") if path not in texts and is_ours(path)]
    printed = [path.with_suffix(ending) for path in drawn for ending in (".pdf", ".png")]
    return [path for path in (*named, *printed) if path.exists()] + drawn


def stale_comparison(results: Results, tables: Path) -> Path | None:
    """Returns the table of :func:`write_comparison` where one of the runs ended after it was written."""
    path = tables / f"{_stem(results.name)}-compare.tex"
    if not path.exists():
        return None
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    ends = (datetime.fromisoformat(record.times.finished) for record in results.records if record.times.finished)
    return path if any(end > written for end in ends) else None


def is_ours(figure: Path) -> bool:
    """Whether a file is a figure of a report, and not the user's."""
    from bench.report.drawing.svg import MARK, PALETTE

    with figure.open(encoding="utf-8", errors="replace") as file:
        head = file.read(5000)
    return MARK in head or PALETTE in head  # the latter: of an earlier version


def _brief(tables: Mapping[str, Table], results: Results) -> list[Table]:
    every = sum(bool(summary.runs) for summary in results.summaries)
    whole = [table for name, table in tables.items() if name == FORMATS and len(table.rows) == every]
    return whole or [table for name, table in tables.items() if name != SETTINGS]


@dataclass(frozen=True)
class Compared:
    """The table of :func:`write_comparison`, its rows in full, and the files."""

    table: Table
    rows: list[dict[str, str | float | None]]
    files: list[Path]


def write_comparison(folder: Path, against: str, rope: float) -> Compared:
    """Writes the differences to a reference as ``tables/<grid>-compare.tex``, ``.md`` and ``.csv``.

    Args:
        folder: the results folder, with its ``runs/``.
        against: the cell or row to compare with.
        rope: half the width of the region of practical equivalence.

    Raises:
        RnnbenchError: when the folder holds nothing to compare or cannot be written, or the reference is in no row.
    """
    results = replace(read(folder), against=against, rope=rope)
    table, rows = compare.table(results), list(differences.rows(differences.differences(results)))
    if table is None or not rows:
        raise RnnbenchError(f"{folder} has no finished run to compare with {against!r}")
    stem = folder / "tables" / f"{_stem(results.name)}-compare"
    texts = in_formats(stem, table, without_name(table, results.name), to_csv(rows))
    try:
        write_all(texts)
    except OSError as error:
        raise RnnbenchError(f"cannot write the comparison into {folder}: {error.strerror or error}") from None
    return Compared(table, rows, list(texts))


def in_formats(stem: Path, table: Table, printed: Table, csv: str = "") -> dict[Path, str]:
    """Returns a table as LaTeX, Markdown and CSV, by the paths of the files.

    Args:
        stem: of the paths.
        table: in Markdown, and in CSV where there is no other.
        printed: the same in the form that LaTeX has.
        csv: in place of the entries as printed.
    """
    texts = {"tex": to_print(printed), "md": to_markdown(table), "csv": csv or table_to_csv(table)}
    return {stem.with_name(f"{stem.name}.{ending}"): text for ending, text in texts.items()}


def _stem(name: str) -> str:
    """Turns the name of a grid, or of several, into a part of a file name."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_+") else "-" for letter in name)
    return plain.replace("-+-", "+")[:120]


def write_all(texts: Mapping[Path, str | bytes]) -> None:
    """Writes files, each whole or not at all, and the folders that they lie in.

    Raises:
        OSError: when one cannot be written.
    """
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
