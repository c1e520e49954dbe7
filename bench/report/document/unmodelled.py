"""Table 12 and its like: published times on boards that we do not predict, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from bench.places import PUBLISHED
from bench.report.table import Column, Entry, Row, Table

_STUB = tuple(Column(title, align="left") for title in ("Method", "Format"))


def tables() -> Iterator[Table]:
    """Yields a table for each board of the paper that is none of ours; our column says that there is nothing in it."""
    published = yaml.safe_load((PUBLISHED / "fastgrnn_latency.yaml").read_text(encoding="utf-8"))
    for board, about in published["not_modelled"].items():
        rows = [row for row in published["rows"] if row["board"] == board]
        titles = [own["title"] for own in published["datasets"].values()]
        columns = (*(Column(title, align="right") for title in titles), Column("ours", align="right"))
        yield Table(
            f"table{about['table']}-published",
            f"Table {about['table']} of the paper, {about['title']}: milliseconds of one prediction, as published.",
            columns,
            tuple(_row(row, [*published["datasets"]]) for row in rows),
            notes=(f"Ours: none, for it is {about['reason']}.", f"Published: {published['source']}."),
            stub=_STUB,
        )


def _row(row: dict[str, Any], data_sets: list[str]) -> Row:
    printed = (Entry("-" if row[name] is None else f"{row[name]:g}") for name in data_sets)
    return Row((row["method"], row["format"]), (*printed, Entry("-")))
