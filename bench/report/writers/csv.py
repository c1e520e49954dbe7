"""Rows as CSV, numbers unrounded; and tables as they are printed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bench.report.table import DASH, Table

_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


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
    writer.writerows([*row.labels, *(_value(entry.text) for entry in row.entries)] for row in table.rows)
    return file.getvalue()


def _value(text: str) -> str:
    if text == DASH.text:
        return ""
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
