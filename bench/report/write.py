"""A results folder's tables and page, from its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import RnnbenchError
from bench.record import Record, write_atomically
from bench.report import frame
from bench.report.ladder import ladder
from bench.report.latex import to_latex
from bench.report.page import to_html, trade_offs
from bench.report.study import noted_grid, study
from bench.report.svg import standalone
from bench.report.table import Table, build
from bench.report.text import to_csv, to_markdown
from bench.status import Status


@dataclass(frozen=True)
class Report:
    """What :func:`write_report` wrote, and of how many runs."""

    table: Table
    ladder: Table | None
    study: Table | None
    html: Path
    tex: Path
    markdown: Path
    csv: Path
    done: int
    not_done: int


def write_report(results: Path, board: str | None = None) -> Report:
    """Writes the tables, figures and page of a results folder, each file whole or not at all.

    They are ``tables/<grid>.tex``, ``.md`` and ``.csv``, ``figures/*.svg``, and ``report.html``; for a grid with
    compressed cells beside dense ones also ``tables/<grid>-ladder.tex`` and ``.md``, for one that names its rows
    ``tables/<grid>-study.tex`` and ``.md``.

    Args:
        results: the folder, with its ``runs/``.
        board: whose latency tables and figures show; by default the one that most models fit, the first of them.

    Raises:
        RnnbenchError: when the folder does not exist, holds no record or none that is done, cannot be written, a
            record is damaged, or no run has a latency on the board.
    """
    records = frame.load(results)
    done = sum(record.status is Status.DONE for record in records)
    if not done:
        raise RnnbenchError(f"no run is done yet in {results}; run the grid first")
    name = " + ".join(sorted({record.grid for record in records}))
    runs, sets = frame.runs_frame(records), frame.sets_frame(records)
    summary = frame.summary(runs, sets)
    table = build(name, runs, summary, board, _remarks(records))
    stem = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_+") else "-" for letter in name)
    stem = stem.replace("-+-", "+")[:120]
    tables, figures = results / "tables", results / "figures"
    texts = {
        tables / f"{stem}.tex": to_latex(table),
        tables / f"{stem}.md": to_markdown(table),
        tables / f"{stem}.csv": to_csv(summary),
        results / "report.html": to_html(results, stem, records, runs, summary, table),
    }
    steps = ladder(name, runs, summary)
    if steps is not None:
        texts |= {
            tables / f"{stem}-ladder.tex": to_latex(steps),
            tables / f"{stem}-ladder.md": to_markdown(steps),
        }
    named = study(noted_grid(results), records, runs, summary)
    if named is not None:
        texts |= {tables / f"{stem}-study.tex": to_latex(named), tables / f"{stem}-study.md": to_markdown(named)}
    panels = trade_offs(frame.plain(summary), table, None)
    panels += trade_offs(frame.plain(summary), table, table.board) if table.board else []
    drawings = {figures / f"{each['name']}.svg": standalone(each["svg"], each["title"]) for each in panels}
    try:
        for folder in (tables, figures):
            folder.mkdir(exist_ok=True)
        for path, text in (drawings | texts).items():
            write_atomically(path, text)
    except OSError as error:
        raise RnnbenchError(f"cannot write the report into {results}: {error.strerror or error}") from None
    tex, markdown, csv, html, *_ = texts
    return Report(table, steps, named, html, tex, markdown, csv, done, len(records) - done)


def _remarks(records: Sequence[Record]) -> list[str]:
    """What makes runs of one table hard to compare: data that changed between them."""
    prints: dict[str, set[str]] = {}
    for record in records:
        if record.status is Status.DONE and record.data is not None:
            prints.setdefault(record.data.title, set()).add(record.data.fingerprint)
    return [
        f"Not comparable throughout: runs on {title} saw {len(found)} different versions of the data."
        for title, found in sorted(prints.items())
        if len(found) > 1
    ]
