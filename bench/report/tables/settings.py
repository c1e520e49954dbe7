"""How every row was trained and made small, in the form of the FastGRNN paper's Table 11 (NeurIPS 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.report.rows.results import Results
from bench.report.rows.words import SELECTED, optimiser
from bench.report.table import DASH, Column, Entry, Row, Table, number, typeset

_STUB = (Column("Data", align="left"), Column("Row", align="left"))
_COLUMNS = (
    Column("H", align="right"),
    *(Column(title, align="left") for title in ("rank", "kept", "optimiser")),
    Column("rate", align="right"),
    Column("batch", places=0),
    Column("epochs", places=0),
    *(Column(title, align="left") for title in ("schedule", "weights of")),
)


def table(results: Results) -> Table | None:
    """A row for each configuration that is done on a data set; ``None`` where none is."""
    rows = [
        Row((data.title, label), _entries(summary.runs[0].record.spec))
        for data in results.data_sets
        for label in results.by_size
        if (summary := results.summary(data, label)).n
    ]
    if not rows:
        return None
    caption = (
        f"{results.name}: how the rows were trained. Rank: of matrices that are products of two; kept: the part of a "
        "matrix's numbers that is not zero; epochs: at most; Nesterov: SGD with his momentum of 0.9."
    )
    return typeset(Table(f"{results.name}-settings", caption, _COLUMNS, tuple(rows), stub=_STUB))


def _entries(spec: Mapping[str, Any]) -> tuple[Entry, ...]:
    cell, train, compress = (spec.get(part) or {} for part in ("cell", "train", "compress"))
    weights = str(train.get("select", "best"))
    rate = train.get("learning_rate")
    return (
        Entry(str(cell.get("hidden_size", "-"))),
        _by_matrix(cell.get("rank")),
        _by_matrix(compress.get("keep")),
        Entry(optimiser(spec)),
        DASH if rate is None else Entry(f"{rate:g}"),
        number(train.get("batch_size"), n=1),
        number(train.get("epochs"), n=1),
        Entry(str(train.get("schedule", "-"))),
        Entry(SELECTED[weights].column if weights in SELECTED else weights),
    )


def _by_matrix(values: Mapping[str, float] | None) -> Entry:
    return Entry(" ".join(f"{name} {value:g}" for name, value in sorted(values.items()))) if values else DASH
