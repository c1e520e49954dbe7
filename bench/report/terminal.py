"""The table for a terminal."""

from __future__ import annotations

import rich.table
from rich import box
from rich.console import Console, Group
from rich.text import Text

from bench.report.table import Entry, Table

_UNBOUNDED = 100_000


def to_rich(table: Table, width: int = _UNBOUNDED) -> Group:
    """The table with its caption above and its footnotes below; nothing in it is read as markup.

    Args:
        table: what to print.
        width: columns of the terminal. A table that is wider is broken into several below each other, each with the
            cells' names and as many data sets as fit, at least one.
    """
    parts: list[rich.table.Table] = []
    begin = 0
    while begin < len(table.spanners):
        end = len(table.spanners)
        while end > begin + 1 and _width(_part(table, begin, end)) > width:
            end -= 1
        parts.append(_part(table, begin, end))
        begin = end
    notes = [f"{note.mark} {note.text}" for note in table.footnotes] + list(table.general)
    return Group(Text(table.caption), *parts, *map(Text, notes))


def _width(part: rich.table.Table) -> int:
    return Console(width=_UNBOUNDED).measure(part).maximum


def _part(table: Table, begin: int, end: int) -> rich.table.Table:
    """The columns of some of the data sets."""
    found = rich.table.Table(box=box.SIMPLE_HEAD)
    found.add_column(Text("\nCell"))
    first = sum(len(spanner.columns) for spanner in table.spanners[:begin])
    last = first
    for spanner in table.spanners[begin:end]:
        last += len(spanner.columns)
        for at, column in enumerate(spanner.columns):
            above = spanner.title if at == 0 else ""
            found.add_column(Text(f"{above}\n{column.title}"), justify="right", no_wrap=True)
    for row in table.rows:
        found.add_row(Text(row.label), *map(_entry, row.entries[first:last]))
    return found


def _entry(entry: Entry) -> Text:
    text = Text(entry.text, style="bold" if entry.best else "")
    if entry.marks:
        text.append(f" ({','.join(entry.marks)})", style="not bold dim")
    return text
