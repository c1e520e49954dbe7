"""A table in print: in parts where it is too long or too wide for a page."""

from __future__ import annotations

import math
from dataclasses import replace

from bench.report.table import Footnote, Table, widths
from bench.report.writers.latex import escape, label, to_latex

_MOST_ROWS = 30
_MOST_NOTES = 12
_LETTERS = 125
"""How many letters a page's width has of a table that LaTeX makes a little narrower."""


def to_print(table: Table) -> str:
    """Returns the LaTeX of a table, a float for each of its parts; many notes stand in the text below them."""
    if len(table.notes) <= _MOST_NOTES:
        return to_latex(*in_parts(table))
    parts = in_parts(replace(table, notes=()))
    below = [
        rf"{{\footnotesize\raggedright Notes to Table~\ref{{{label(parts[-1])}}}.\par",
        *(rf"{escape(note)}\par" for note in table.notes),
        "}",
    ]
    return to_latex(*parts) + "\n".join(below) + "\n"


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
    stub, wide = widths(table)
    room = _LETTERS - sum(stub)
    cuts: list[list[int]] = [[]]
    taken = 0
    for group in groups:
        needs = sum(wide[at] for at in group)
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


def _used(table: Table) -> tuple[Footnote, ...]:
    """Returns the footnotes whose marks stand in a table."""
    marks = {mark for row in table.rows for entry in row.entries for mark in entry.marks}
    return tuple(note for note in table.footnotes if note.mark in marks)
