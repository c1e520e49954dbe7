"""The table of what each step of compression costs: rows are cells on data sets, spanners are L, S and Q.

It has the form of Tables 8 to 10 of the FastGRNN paper (NeurIPS 2018, appendix), whose columns are FastGRNN, and the
same without Q, without S and Q, and without L, S and Q.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from bench.report.beside import Beside
from bench.report.caption import kb_meaning, seeds
from bench.report.entries import entries
from bench.report.notes import Notes
from bench.report.rows.ladders import Ladder, ladders
from bench.report.rows.results import Results
from bench.report.rows.summary import Summary
from bench.report.table import DASH, Column, Entry, Row, Spanner, Table, typeset

_TITLES = {
    "LSQ": "LSQ",
    "LS": "LS (-Q)",
    "L": "L (-SQ)",
    "dense": "dense (-LSQ)",
    "S": "S",
    "Q": "Q",
    "LQ": "LQ",
    "SQ": "SQ",
}


def table(results: Results) -> Table | None:
    """The table; ``None`` where no cell stands on two steps. Cells with two models on one step are named below it.

    Where a search chose a size for each model, steps are not of one cell.
    """
    models: dict[tuple[str, str], Ladder] = {}
    remarks = []
    for data in results.data_sets:
        found, left_out = ladders(results.rows_on(data))
        models |= {(name, data.name): steps for name, steps in found.items()}
        remarks += [f"Not shown of {data.title}: {left_out}."] if left_out else []
    if not models:
        return None
    shown = [row for steps in models.values() for row in steps.values()]
    notes, cells, published = Notes(), {cell for cell, _ in models}, Beside(shown)
    columns = {
        step: _columns(step, own, published)
        for step in _TITLES
        if (own := [steps[step] for steps in models.values() if step in steps])
    }
    rows = []
    for (cell, _), steps in sorted(models.items()):
        title = next(iter(steps.values())).data.title
        parts = (_entries(steps.get(step), step, columns[step], published, notes) for step in columns)
        label = title if len(cells) == 1 else f"{cell}, {title}"
        rows.append(Row((label,), tuple(chain.from_iterable(parts))))
    every = tuple(chain.from_iterable(columns.values()))
    subject = f"{results.name}: {f'{min(cells)}, ' if len(cells) == 1 else ''}"
    return typeset(
        Table(
            f"{results.name}-ladder",
            _caption(subject, shown),
            every,
            tuple(rows),
            notes.listed(),
            (*published.remarks(difference=False), *remarks),
        )
    )


def _entries(
    summary: Summary | None, step: str, columns: Sequence[Column], published: Beside, notes: Notes
) -> list[Entry]:
    """Returns the entries of a step, as many as it has columns; the published figure comes last."""
    own = entries(summary, _names(summary, step), notes)
    beside = published.entries(summary, notes) if summary else []
    return [*own, *(beside or [DASH])][: len(columns)]


def _caption(subject: str, summaries: Sequence[Summary]) -> str:
    words = " or ".join(sorted({summary.data.word for summary in summaries}))
    return (
        f"{subject}low rank (L), sparsity (S), quantisation to int8 (Q): test {words} "
        f"and size, {seeds(summaries)}. With Q: the {words} of the integer program over the whole test set, and "
        f"beside it that of the same network in float32. {kb_meaning(summaries)}"
    )


def _names(summary: Summary | None, step: str) -> tuple[str, ...]:
    """Returns the figures of a step; integers also have the accuracy of the same network in float32."""
    quality = "" if summary is None else summary.data.quality
    return (quality, f"float_{quality}", "kb") if "Q" in step else (quality, "kb")


def _columns(step: str, summaries: Sequence[Summary], published: Beside) -> tuple[Column, ...]:
    spanner = Spanner(step, _TITLES[step])
    percent = all(summary.data.percent for summary in summaries)
    metrics = sorted({summary.data.quality for summary in summaries if summary.data.facts})
    quality = Column("%" if percent else " or ".join(metrics), spanner, places=2)
    beside = Column("float32 %" if percent else "float32", spanner, places=2)
    printed = max((published.columns(summary.data, spanner) for summary in summaries), key=len, default=[])
    return (quality, *((beside,) if "Q" in step else ()), Column("KB", spanner), *printed[:1])
