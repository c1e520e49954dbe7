"""Rows as CSV, numbers unrounded; and tables as they are printed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bench.report.table import DASH, Column, Table

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORDS = ("left", "wrap")


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns CSV of rows that all have the keys of the first; ``None`` is empty."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def table_to_csv(table: Table) -> str:
    """Returns CSV of a table's entries, a spanner before its columns.

    Numbers have the places that are printed, without marks and without commas between thousands; a dash is empty.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.whole_title for column in (*table.stub, *table.columns)])
    for row in table.rows:
        entries = zip(row.entries, table.columns, strict=True)
        writer.writerow([*row.labels, *(_value(entry.text, column) for entry, column in entries)])
    return file.getvalue()


def _value(text: str, column: Column) -> str:
    if text == DASH.text:
        return ""
    return text if column.align in _WORDS else _THOUSANDS.sub("", text)
