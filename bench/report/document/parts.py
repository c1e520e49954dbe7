"""Tables as floats of the document: in parts where they are too long or too wide for a page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from bench.report.table import Footnote, Table
from bench.report.writers.latex import escape, label, to_latex

_MOST_ROWS = 30
_MOST_NOTES = 12
_LETTERS = 125
"""How many letters a page's width has of a table that LaTeX makes a little narrower."""


def floats(table: Table) -> str:
    """Returns the floats of a table without the comment above them; many notes stand in the text, where a page ends."""
    aside = len(table.notes) > _MOST_NOTES
    text = to_latex(*in_parts(replace(table, notes=()) if aside else table))
    said = [inline(text[text.index(r"\begin{table") :])]
    if aside:
        said += [rf"{{\footnotesize\raggedright Notes to Table~\ref{{{label(in_parts(table)[-1])}}}.\par"]
        said += [*(rf"{escape(note)}\par" for note in table.notes), "}"]
    return "\n".join(said)


def inline(text: str) -> str:
    """Lets the tables of LaTeX stand where they are named: a section then begins below the last, on the same page."""
    return re.sub(r"(\\begin\{table)\*?(\})\[tb\]", r"\1\2[H]", text).replace(r"\end{table*}", r"\end{table}")


def in_parts(table: Table) -> list[Table]:
    """Returns a table in parts of at most thirty rows and a page's width, the notes below the last.

    Each has the caption whole and the footnotes that it uses. A table is cut between spanners, and its stub stands in
    every part.
    """
    count = max(1, math.ceil(len(table.rows) / _MOST_ROWS))
    most = math.ceil(len(table.rows) / count)
    parts = [
        replace(part, rows=part.rows[at : at + most])
        for part in _narrow(table)
        for at in range(0, max(1, len(part.rows)), max(1, most))
    ]
    if len(parts) < 2:
        return [table]
    return [
        replace(
            part,
            name=f"{table.name}-{number}",
            caption=f"{table.caption} Part {number} of {len(parts)}.",
            footnotes=_used(part),
            notes=table.notes if number == len(parts) else (),
        )
        for number, part in enumerate(parts, 1)
    ]


def _narrow(table: Table) -> list[Table]:
    """Cuts a table that is much wider than a page between its spanners, into parts that are not."""
    groups, at = [], 0
    for _, width in table.spans:
        groups.append(range(at, at + width))
        at += width
    room = _LETTERS - sum(
        _wide(column.title, (row.labels[at] for row in table.rows)) for at, column in enumerate(table.stub)
    )
    cuts: list[list[int]] = [[]]
    taken = 0
    for group in groups:
        needs = sum(_wide(table.columns[at].title, (row.entries[at].text for row in table.rows)) for at in group)
        if cuts[-1] and taken + needs > room:
            cuts.append([])
            taken = 0
        cuts[-1] += group
        taken += needs
    return [
        replace(
            table,
            columns=tuple(table.columns[at] for at in cut),
            rows=tuple(replace(row, entries=tuple(row.entries[at] for at in cut)) for row in table.rows),
        )
        for cut in cuts
    ]


def _wide(title: str, texts: Iterable[str]) -> int:
    """Returns the letters that a column takes, with its gap."""
    return max(len(title), *map(len, texts), 0) + 2


def _used(table: Table) -> tuple[Footnote, ...]:
    """Returns the footnotes whose marks stand in a table."""
    marks = {mark for row in table.rows for entry in row.entries for mark in entry.marks}
    return tuple(note for note in table.footnotes if note.mark in marks)
