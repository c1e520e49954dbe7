"""One page that holds everything: tables, figures, runs, provenance. It opens with no network."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from bench.record import Record
from bench.report.caption import KB, seeds
from bench.report.comparing.finding import findings
from bench.report.comparing.onward import onward
from bench.report.comparing.twins import names
from bench.report.discover import MAIN
from bench.report.drawing.svg import PALETTE
from bench.report.figure import Figure
from bench.report.notes import shorten
from bench.report.rows import origins
from bench.report.rows.results import Results
from bench.report.rows.summary import Run
from bench.report.table import Table, plain
from bench.report.writers.html import template, to_html
from bench.status import Status


def to_page(
    results: Results, stem: str, tables: Mapping[str, Table], figures: Mapping[str, Figure], folder: Path
) -> str:
    """Returns the page.

    Args:
        results: what the tables and figures are made from.
        stem: of the main table's files.
        tables: by name, the comparison first.
        figures: by name, in the order to show them.
        folder: where the page will be.
    """
    return template("report.html.j2").render(
        name=results.name,
        stem=stem,
        lead=_lead(results, tables[MAIN]),
        said=findings(results),
        onward=onward(results),
        palette=PALETTE,
        tables=[to_html(table, f"table-{name}") for name, table in tables.items()],
        figures=figures,
        runs=results.runs,
        names=names(results),
        board=results.board,
        ms=lambda run: _ms(run, results),
        data_sets={data.name: data for data in results.data_sets},
        place=lambda record: _place(record, folder),
        has_log=lambda record: record.folder is not None and (record.folder / "log.txt").is_file(),
        shorten=shorten,
        commits=origins.commits(results.records),
        settings=origins.settings(results.records),
        versions=origins.data_sets(results.records),
        boards=origins.boards(results.records),
    )


def _lead(results: Results, table: Table) -> str:
    """Writes a few sentences: what is there, and what came out best."""
    counts = Counter(record.status for record in results.records)
    rest = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status] and status is not Status.DONE)
    done = f"{counts[Status.DONE]} of {len(results.records)} runs are done" + (f" ({rest})" if rest else "")
    days = sorted({record.times.started[:10] for record in results.records})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    kinds = len({summary.cell for summary in results.summaries if summary.cell})
    rows = f" in {len(table.rows)} rows" if len(table.rows) != kinds else ""
    cells, sets = _count(kinds, "cell"), _count(len(results.data_sets), "data set")
    return " ".join([f"{cells}{rows} on {sets}, {seeds(results.summaries)}. {done}, started {when}.", *_best(table)])


def _best(table: Table) -> list[str]:
    """Writes a sentence for each data set that has a best mean, and what is not significantly worse."""
    sentences = []
    for spanner, group in groupby(enumerate(table.columns), lambda item: item[1].spanner):
        (at, column), *others = group
        kb = next(place for place, other in others if other.name == KB)  # what is published stands between
        best = [row for row in table.rows if row.entries[at].best]
        near = [row.label for row in table.rows if row.entries[at].leads and row not in best]
        if best and spanner is not None:
            unit = " %" if "%" in column.title else ""
            texts = dict.fromkeys(row.entries[at].text for row in best)
            if len(texts) == 1:
                sizes = " and ".join(row.entries[kb].text for row in best)
                what = f"{' and '.join(row.label for row in best)}: {best[0].entries[at].text}{unit} with {sizes} KB"
                sentence = f"On {spanner.title}, the best mean is that of {what}"
            else:
                each = (f"{row.label} ({row.entries[at].text}{unit}, {row.entries[kb].text} KB)" for row in best)
                sentence = f"On {spanner.title}, the best means, each among rows that are alike, are {'; '.join(each)}"
            if near:
                sentence += f"; not significantly worse: {', '.join(near)}"
            elif not any(row.entries[at].leads for row in best):
                sentence += ", which so few seeds cannot tell from others"
            sentences.append(f"{sentence}.")
    return sentences


def _ms(run: Run, results: Results) -> str:
    """Returns a run's latency on the board that the page shows, a dash where there is none."""
    found = (latency for latency in run.latency if results.board and latency.board == results.board.name)
    latency = next(found, None)
    if latency is None:
        return "-"
    stale = " (stale)" if run.record.latency_stale else ""
    return f"{plain(latency.ms)}{stale}" if latency.fits_flash and latency.fits_ram else "does not fit"


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _place(record: Record, folder: Path) -> str:
    """Returns the way from a page's folder to a run's, which has the name of the run."""
    runs = "runs" if record.folder is None else _way(record.folder.parent, folder)
    return f"{runs}/{record.id}"


@lru_cache(maxsize=1)
def _way(runs: Path, folder: Path) -> str:
    return Path(os.path.relpath(runs, folder)).as_posix()
