"""Table 1: the data sets as the runs found them, beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence

from bench.citations import data_citations
from bench.report.rows.published import book
from bench.report.rows.results import Results
from bench.report.table import Column, Entry, Row, Spanner, Table

_OURS, _PAPER = Spanner("ours", "ours"), Spanner("paper", "the paper's Table 1")
_FIELDS = ("train", "validation", "test", "steps", "features", "classes")
_PRINTED = ("train", "test", "steps", "input_size", "classes")


def table(folders: Sequence[Results]) -> Table:
    """Returns a row for each data set that a finished run opened."""
    facts = {data.name: data.facts for results in folders for data in results.data_sets if data.facts}
    printed = {row["dataset"]: row for row in book()["table_1"]["rows"]}
    names = {own["data"]: own["dataset"] for own in book()["data_sets"]}
    fields = _PRINTED if any(names.get(name) in printed for name in facts) else ()
    rows = []
    for name, own in sorted(facts.items()):
        beside = printed.get(names.get(name, ""), {})
        ours = [Entry(_say(getattr(own, field))) for field in _FIELDS]
        rows.append(Row((own.title,), (*ours, *(Entry(_say(beside.get(field))) for field in fields)), _cite(name)))
    columns = (
        *(Column(field, _OURS if fields else None, align="right") for field in _FIELDS),
        *(Column(field.replace("_", " "), _PAPER, align="right") for field in fields),
    )
    caption = "Data sets: sequences (of a text, words), steps of the longest, inputs a step, classes."
    if fields:
        caption += (
            " The paper's training data include those that validate here. A dash: the set is not one of the paper's."
        )
    return Table("table1-data", caption, columns, tuple(rows), stub=(Column("Data set", align="left"),))


def _cite(name: str) -> str:
    return data_citations().get(name.partition(" ")[0], ("", ""))[0]


def _say(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
