"""The table as Markdown, and the frame behind it as CSV."""

from __future__ import annotations

import pandas as pd

from bench.report.table import Entry, Table


def to_markdown(table: Table) -> str:
    """A Markdown table (GitHub's kind) with caption and footnotes.

    A header has one line there, so every column names its data set.
    """
    headings = [f"{spanner.title}: {column.title}" for spanner in table.spanners for column in spanner.columns]
    rows = [
        ["Cell", *map(escape, headings)],
        ["---", *("---:" for _ in headings)],
        *([escape(row.label), *map(_entry, row.entries)] for row in table.rows),
    ]
    notes = [f"<sup>{note.mark}</sup> {escape(note.text)}" for note in table.footnotes]
    notes += [escape(text) for text in table.general]
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n\n".join([escape(table.caption), body, *notes]) + "\n"


def to_csv(summary: pd.DataFrame) -> str:
    """The summary in full: every data set, cell and board, numbers unrounded."""
    return summary.to_csv(index=False, lineterminator="\n")


def escape(text: str) -> str:
    """Text that Markdown prints as it stands, on one line."""
    line = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|~" else letter for letter in line).replace("&", "&amp;")


def _entry(entry: Entry) -> str:
    text = f"**{entry.text}**" if entry.best else entry.text
    return f"{text}<sup>{','.join(entry.marks)}</sup>" if entry.marks else text
