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
from bench.report.results import Results
from bench.report.summary import Summary
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
Place = tuple[str, str]
"""A row: the cell, and the name of the data set."""


def table(results: Results) -> Table | None:
    """The table; ``None`` where no cell of one size stands on two steps, or has two models on one.

    Where a search chose a size for each model, steps are not of one cell.
    """
    tried = [summary for summary in results.summaries if summary.runs]
    models = _models(tried)
    if sum(map(len, models.values())) < len(tried):
        return None
    models = {place: found for place, found in models.items() if len(found) > 1}
    steps = [step for step in _TITLES if any(step in found for found in models.values())]
    if not steps:
        return None
    notes, cells, published = Notes(), {cell for cell, _ in models}, Beside(tried)
    columns = {
        step: _columns(step, [found[step] for found in models.values() if step in found], published) for step in steps
    }
    rows = []
    for cell, data in sorted(models):
        found = models[cell, data]
        title = next(iter(found.values())).data.title
        parts = (_entries(found.get(step), step, columns[step], published, notes) for step in steps)
        label = title if len(cells) == 1 else f"{cell}, {title}"
        rows.append(Row((label,), tuple(chain.from_iterable(parts))))
    every = tuple(chain.from_iterable(columns.values()))
    subject = f"{results.name}: {f'{min(cells)}, ' if len(cells) == 1 else ''}"
    return typeset(
        Table(
            f"{results.name}-ladder",
            _caption(subject, tried),
            every,
            tuple(rows),
            notes.listed(),
            tuple(published.remarks(difference=False)),
        )
    )


def _entries(
    summary: Summary | None, step: str, columns: Sequence[Column], published: Beside, notes: Notes
) -> list[Entry]:
    """Returns the entries of a step, as many as it has columns; the published figure comes last."""
    own = entries(summary, _names(summary, step), notes)
    beside = published.entries(summary, notes) if summary else []
    return [*own, *(beside or [DASH])][: len(columns)]


def _models(summaries: Sequence[Summary]) -> dict[Place, dict[str, Summary]]:
    """Sorts models by place and step; a cell that has several sizes on a data set is named with its size."""
    sizes: dict[Place, set[int | None]] = {}
    for summary in summaries:
        sizes.setdefault((summary.cell, summary.data.name), set()).add(summary.hidden_size)
    models: dict[Place, dict[str, Summary]] = {}
    for summary in summaries:
        several = len(sizes[summary.cell, summary.data.name]) > 1
        cell = f"{summary.cell}, H {summary.hidden_size}" if several else summary.cell
        models.setdefault((cell, summary.data.name), {})[str(summary.compression)] = summary
    return models


def _caption(subject: str, summaries: Sequence[Summary]) -> str:
    percent = all(summary.data.percent for summary in summaries)
    return (
        f"{subject}low rank (L), sparsity (S), quantisation to int8 (Q): test {'accuracy' if percent else 'metric'} "
        f"and size, {seeds(summaries)}. With Q: the accuracy of the integer program over the whole test set, and "
        f"beside it that of the same network in float32. {kb_meaning(summaries)}"
    )


def _names(summary: Summary | None, step: str) -> tuple[str, ...]:
    """Returns the figures of a step; integers also have the accuracy of the same network in float32."""
    if "Q" in step:
        return ("accuracy", "float_accuracy", "kb")
    return ("" if summary is None else "accuracy" if summary.data.percent else summary.data.quality, "kb")


def _columns(step: str, summaries: Sequence[Summary], published: Beside) -> tuple[Column, ...]:
    spanner = Spanner(step, _TITLES[step])
    percent = all(summary.data.percent for summary in summaries)
    metrics = sorted({summary.data.quality for summary in summaries if summary.data.facts})
    quality = Column("%" if percent else " or ".join(metrics), spanner, places=2)
    beside = Column("float32 %" if percent else "float32", spanner, places=2)
    printed = max((published.columns(summary.data, spanner) for summary in summaries), key=len, default=[])
    return (quality, *((beside,) if "Q" in step else ()), Column("KB", spanner), *printed[:1])
