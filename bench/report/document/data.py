"""Table 1: the data sets as the runs found them, beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.citations import data_citations
from bench.report.published import book
from bench.report.results import Results
from bench.report.table import Column, Entry, Row, Spanner, Table
from bench.report.writers import to_csv, to_latex, to_markdown

_OURS, _PAPER = Spanner("ours", "ours"), Spanner("paper", "the paper's Table 1")
_FIELDS = ("train", "validation", "test", "steps", "features", "classes")
_PRINTED = ("train", "test", "steps", "input_size", "classes")


def table(folders: Sequence[Results]) -> Table:
    """Returns a row for each data set that a finished run opened."""
    facts = {data.name: data.facts for results in folders for data in results.data_sets if data.facts}
    printed = {row["dataset"]: row for row in book()["table_1"]["rows"]}
    names = {own["data"]: own["dataset"] for own in book()["data_sets"]}
    rows = []
    for name, own in sorted(facts.items()):
        beside = printed.get(names.get(name, ""), {})
        ours = [Entry(_say(getattr(own, field))) for field in _FIELDS]
        rows.append(Row((own.title,), (*ours, *(Entry(_say(beside.get(field))) for field in _PRINTED)), _cite(name)))
    columns = (
        *(Column(field, _OURS, align="right") for field in _FIELDS),
        *(Column(field.replace("_", " "), _PAPER, align="right") for field in _PRINTED),
    )
    caption = (
        "Data sets: sequences (of a text, words), steps of the longest, inputs a step, classes. The paper's training "
        "data include those that validate here. A dash: the set is not one of the paper's."
    )
    return Table("data", caption, columns, tuple(rows), stub=(Column("Data set", align="left"),))


def rows(folders: Sequence[Results]) -> list[dict[str, str | int | None]]:
    """Returns the same for a CSV, with plain numbers."""
    made = table(folders)
    names = ["data set", *(f"{column.spanner.name} {column.title}" for column in made.columns if column.spanner)]
    return [
        dict(zip(names, (row.labels[0], *(_count(entry.text) for entry in row.entries)), strict=True))
        for row in made.rows
    ]


def files(folders: Sequence[Results], place: Path) -> dict[Path, str]:
    """Returns the table as LaTeX, Markdown and CSV, by their paths in a folder; none without a data set."""
    made = table(folders)
    if not made.rows:
        return {}
    texts = {"tex": to_latex(made), "md": to_markdown(made), "csv": to_csv(rows(folders))}
    return {place / f"data.{ending}": text for ending, text in texts.items()}


def _count(text: str) -> int | None:
    return None if text == "-" else int(text.replace(",", ""))


def _cite(name: str) -> str:
    return data_citations().get(name.partition(" ")[0], ("", ""))[0]


def _say(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
