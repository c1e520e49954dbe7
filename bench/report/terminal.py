"""The table for a terminal."""

from __future__ import annotations

import rich.table
from rich import box
from rich.text import Text

from bench.report.table import Entry, Table


def to_rich(table: Table) -> rich.table.Table:
    """The table with its caption above and its footnotes below; nothing in it is read as markup."""
    notes = [f"{note.mark} {note.text}" for note in table.footnotes] + list(table.general)
    found = rich.table.Table(
        title=Text(table.caption, justify="left"),
        caption=Text("\n".join(notes), justify="left") if notes else None,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
    )
    found.add_column(Text("\nCell"))
    for spanner in table.spanners:
        for at, column in enumerate(spanner.columns):
            above = spanner.title if at == 0 else ""
            found.add_column(Text(f"{above}\n{column.title}"), justify="right")
    for row in table.rows:
        found.add_row(Text(row.label), *map(_entry, row.entries))
    return found


def _entry(entry: Entry) -> Text:
    text = Text(entry.text, style="bold" if entry.best else "")
    if entry.marks:
        text.append(f" ({','.join(entry.marks)})", style="not bold dim")
    return text
