"""The table of a study: the rows that its grid names, in its order, in the form of the FastGRNN paper.

Its Tables 2 and 16 (NeurIPS 2018) print test and train perplexity, KB and minutes; of classifiers this prints accuracy
(or what else their data set reports), KB and minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from bench.errors import RnnbenchError
from bench.report.beside import Beside
from bench.report.caption import kb_meaning, seeds
from bench.report.entries import entries
from bench.report.notes import Notes
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet, Summary
from bench.report.table import DASH, Best, Column, Entry, Row, Spanner, Table, typeset
from bench.spec import Grid, row_of


def table(results: Results) -> Table | None:
    """The table, or ``None`` when the grid names no rows.

    Raises:
        RnnbenchError: when a row has runs of several configurations on one data set.
    """
    grid = results.grid
    if grid is None or not grid.rows:
        return None
    notes, placed = Notes(), _placed(grid, results.summaries)
    published = Beside([*placed.values()])
    columns = {data: _columns(data) for data in results.data_sets}
    rows = []
    for row in grid.rows:
        parts = (_entries(placed.get((row, data.name)), data, columns[data], published, notes) for data in columns)
        rows.append(Row((row,), tuple(chain.from_iterable(parts))))
    every = (
        (first, *published.columns(data, Spanner(data.name, data.title)), *others)
        for data, (first, *others) in columns.items()
    )
    name, caption, remarks = f"{results.name}-study", _caption(grid, results), tuple(published.remarks())
    return typeset(Table(name, caption, tuple(chain.from_iterable(every)), tuple(rows), notes.listed(), remarks))


def _entries(
    summary: Summary | None, data: DataSet, columns: Sequence[Column], published: Beside, notes: Notes
) -> list[Entry]:
    """Returns the entries of a row on a data set, what is published beside the first."""
    first, *others = entries(summary, [column.name for column in columns], notes)
    beside = [DASH] * len(published.columns(data)) if summary is None else published.entries(summary, notes)
    return [first, *beside, *others]


def _placed(grid: Grid, summaries: Sequence[Summary]) -> Mapping[tuple[str, str], Summary]:
    """Finds the configuration of each row on each data set."""
    placed: dict[tuple[str, str], Summary] = {}
    for summary in summaries:
        for row in (row_of(grid.rows, run.record.spec) for run in summary.runs):
            if row is not None and (first := placed.setdefault((row, summary.data.name), summary)) is not summary:
                both = f"{first.label!r} and {summary.label!r}"
                raise RnnbenchError(f"row {row!r} of the grid names two configurations on {summary.data.name}: {both}")
    return placed


def _columns(data: DataSet) -> tuple[Column, ...]:
    spanner = Spanner(data.name, data.title)
    costs = (Column("KB", spanner, "kb", "low"), Column("min", spanner, "minutes"))
    if data.quality == "perplexity":
        test = Column("test perplexity", spanner, "perplexity", "low", places=2)
        return (test, Column("train perplexity", spanner, "train_perplexity", "low", places=2), *costs)
    best: Best = "high" if data.upwards else "low"
    return (Column(data.quality_title, spanner, data.quality, best, places=2), *costs)


def _caption(grid: Grid, results: Results) -> str:
    about = f"{results.name}: {grid.about or 'the rows of the study'}".rstrip(".")
    parts = [f"{about}, {seeds(results.summaries)}."]
    if any(data.quality == "perplexity" for data in results.data_sets):
        parts.append(
            "Test perplexity: of the whole test text but its first word, the state carried over. Train perplexity: of "
            "the final weights on as many of the first words of the training text."
        )
    parts += [kb_meaning(results.summaries), "min: wall time of training. Underlined: best of its column, as printed."]
    return " ".join(parts)
