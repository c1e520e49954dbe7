"""A table for a terminal."""

from __future__ import annotations

from itertools import chain

import rich.table
from rich import box
from rich.console import Console, Group
from rich.text import Text

from bench.report.table import Column, Entry, Table

_UNBOUNDED = 100_000


def to_rich(table: Table, width: int = _UNBOUNDED) -> Group:
    """Returns the table with its caption above, its footnotes and notes below; nothing in it is read as markup.

    Args:
        table: what to print.
        width: columns of the terminal. A table that is wider is broken into several below each other, each with the
            rows' labels and as many spanners as fit, at least one.
    """
    parts: list[rich.table.Table] = []
    begin, spans = 0, len(table.spans)
    while begin < spans:
        end = spans
        while end > begin + 1 and _width(_part(table, begin, end)) > width:
            end -= 1
        parts.append(_part(table, begin, end))
        begin = end
    caption = [Text(table.caption)] if table.caption else []
    notes = [f"{note.mark} {note.text}" for note in table.footnotes] + list(table.notes)
    return Group(*caption, *parts, *map(Text, notes))


def _width(part: rich.table.Table) -> int:
    return Console(width=_UNBOUNDED).measure(part).maximum


def _part(table: Table, begin: int, end: int) -> rich.table.Table:
    """Returns the columns of some of the spanners."""
    part = rich.table.Table(box=box.SIMPLE_HEAD, collapse_padding=True)
    above = chain.from_iterable([title, *[""] * (width - 1)] for title, width in table.spans[begin:end])
    first, last = (sum(width for _, width in table.spans[:at]) for at in (begin, end))
    headed = bool(any(title for title, _ in table.spans))
    for column in table.stub:
        part.add_column(_heading("", column, headed), justify="left" if column.align in ("left", "wrap") else "right")
    for title, column in zip(above, table.columns[first:last], strict=True):
        part.add_column(_heading(title, column, headed), justify="right", no_wrap=True)
    for row in table.rows:
        part.add_row(*map(Text, row.labels), *map(_entry, row.entries[first:last]))
    return part


def _heading(above: str, column: Column, headed: bool) -> Text:
    return Text(f"{above}\n{column.title}" if headed else column.title)


def _entry(entry: Entry) -> Text:
    text = Text(entry.text, style=" ".join(["bold"] * entry.leads + ["underline"] * entry.best))
    if entry.marks:
        text.append(f" ({','.join(entry.marks)})", style="not bold not underline dim")
    return text
