"""A table as GitHub's kind of Markdown."""

from __future__ import annotations

from bench.report.table import Entry, Table


def to_markdown(table: Table, heading: bool = False) -> str:
    """Returns a Markdown table with its caption above, its footnotes and notes below.

    A header has one line there, so every column names its spanner.

    Args:
        table: what to print.
        heading: whether the caption is a heading, for a page of several tables.
    """
    columns = [*table.stub, *table.columns]
    rows = [
        [escape(column.whole_title) for column in columns],
        ["---" if column.align in ("left", "wrap") else "---:" for column in columns],
        *([*map(escape, row.labels), *map(_entry, row.entries)] for row in table.rows),
    ]
    notes = [f"<sup>{note.mark}</sup> {escape(note.text)}" for note in table.footnotes]
    notes += [escape(text) for text in table.notes]
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n\n".join([f"{'## ' if heading else ''}{escape(table.caption)}", body, *notes]) + "\n"


def escape(text: str) -> str:
    """Returns text that Markdown prints as it stands, on one line."""
    line = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|~" else letter for letter in line).replace("&", "&amp;")


def _entry(entry: Entry) -> str:
    text = f"<u>{escape(entry.text)}</u>" if entry.best else escape(entry.text)
    text = f"**{text}**" if entry.leads else text
    return f"{text}<sup>{','.join(entry.marks)}</sup>" if entry.marks else text
