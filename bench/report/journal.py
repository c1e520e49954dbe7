"""Puts the comparison into the form that a journal prints: short names, hidden sizes, a legend, its own caption."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from bench.citations import citations
from bench.errors import RnnbenchError, guess
from bench.report.notes import DAGGER, Notes
from bench.report.rows.results import Results
from bench.report.rows.short import legend, short_names
from bench.report.rows.style import Style
from bench.report.rows.summary import Summary
from bench.report.table import Column, Entry, Footnote, Row, Table
from bench.report.tables import comparison

_NOTHING = ("-", "not run")


def for_journal(table: Table, results: Results, style: Style | None = None) -> Table:
    """Returns a table whose rows are labels of the results in the form of a journal.

    Rows that have one short name on different data sets become one: the same cell made small in the same way, its ranks
    chosen for each set. The legend says what the short names stand for.

    Args:
        table: whose rows have labels of ``results``.
        results: of which the table is.
        style: what is printed, and how.

    Raises:
        RnnbenchError: when the style names a row or column that is not there, or two rows would have one name.
    """
    style = style or Style()
    names = short_names(results.summaries)
    if style.rows or style.columns:
        table, results = _restricted(table, results, style, names)
    hidden = _hidden_sizes(results.summaries, names)
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        groups[names.get(row.label, row.label)].append(row)
    chosen = style.rows or [*groups]
    cells = {names[own.label]: results.titles.get(own.cell, own.cell) for own in results.summaries if own.runs}
    cited = citations(results.cell_files)
    printed = {name: style.labels.get(name, name.removesuffix(f", H {hidden.get(name)}")) for name in chosen}
    _check_labels(style.labels, {*names.values()}, printed)
    rows = [
        replace(
            groups[name][0],
            labels=(printed[name], hidden.get(name, "-")),
            entries=_merged(groups[name]),
            cite=cited.get(cells.get(name, ""), ("", ""))[0],
        )
        for name in chosen
    ]
    said = legend(results.summaries, names, printed, sized=True)
    made = replace(without_name(table, results.name), rows=tuple(rows), notes=(*said, *table.notes))
    made = replace(made, caption=style.caption or made.caption)
    made = replace(made, stub=(*table.stub, Column("H", align="right")))
    return _lettered(made)


def shortly(table: Table, results: Results) -> Table:
    """Returns a table whose rows have short names where they have labels of the results, with a legend below."""
    names = short_names(results.summaries)
    rows = [replace(row, labels=tuple(names.get(label, label) for label in row.labels)) for row in table.rows]
    used = {names[label] for row in table.rows for label in row.labels if label in names}
    said = legend(results.summaries, names, {name: name for name in used})
    return replace(table, rows=tuple(rows), notes=(*said, *table.notes))


def without_name(table: Table, name: str) -> Table:
    """Returns a table whose caption does not begin with the grid's name."""
    rest = table.caption.removeprefix(f"{name}: ")
    return replace(table, caption=rest[:1].upper() + rest[1:])


def _hidden_sizes(summaries: Sequence[Summary], names: Mapping[str, str]) -> dict[str, str]:
    """Returns the hidden size of each short name; where data sets differ in it, one for each, in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    for summary in summaries:
        if summary.runs:
            found[names[summary.label]].append(str(summary.hidden_size or "-"))
    return {name: sizes[0] if len(set(sizes)) == 1 else "/".join(sizes) for name, sizes in found.items()}


def _merged(rows: Sequence[Row]) -> tuple[Entry, ...]:
    """Returns for each column the entry that says something, or else says why it says nothing."""
    return tuple(
        max(entries, key=lambda entry: (entry.text not in _NOTHING, bool(entry.marks)))
        for entries in zip(*(row.entries for row in rows), strict=True)
    )


def _restricted(table: Table, results: Results, style: Style, names: Mapping[str, str]) -> tuple[Table, Results]:
    """Makes the table anew of the rows and columns that are wanted, so that it speaks of nothing else."""
    _check("row", style.rows, dict.fromkeys(names.get(row.label, row.label) for row in table.rows))
    if twice := [name for name in style.rows if style.rows.count(name) > 1]:
        raise RnnbenchError(f"row {twice[0]!r} is named twice among the rows to print")
    order = [row.label for name in style.rows for row in table.rows if names.get(row.label) == name]
    shown = results.only(order) if order else results
    made = comparison.compared(shown, (), order)
    known = chain.from_iterable((column.title, column.name) for column in made.columns)
    _check("column", style.columns, dict.fromkeys(filter(None, known)))
    return comparison.compared(shown, style.columns, order) if style.columns else made, shown


def _check(what: str, wanted: Iterable[str], there: Mapping[str, object]) -> None:
    for name in wanted:
        if name not in there:
            raise RnnbenchError(f"no {what} is {name!r}{guess(name, there)}; {what}s: {', '.join(there)}")


def _check_labels(labels: Mapping[str, str], there: Collection[str], printed: Mapping[str, str]) -> None:
    """Refuses other names of rows that are not there, and those that another row has."""
    _check("row", labels, dict.fromkeys(sorted(there)))
    for name in labels:
        same = [other for other in printed if printed[other] == printed.get(name)]
        if len(same) > 1:
            raise RnnbenchError(f"rows {same[0]!r} and {same[1]!r} would both be named {printed[name]!r}")


def _lettered(table: Table) -> Table:
    """Gives the footnotes that are still used the letters a, b, ... anew, and drops the others."""
    meaning, notes = {note.mark: note.text for note in table.footnotes}, Notes()
    rows = []
    for row in table.rows:
        marks = ([notes.mark(meaning[m])[0] if m.isalpha() else m for m in entry.marks] for entry in row.entries)
        entries = (replace(entry, marks=tuple(own)) for entry, own in zip(row.entries, marks, strict=True))
        rows.append(replace(row, entries=tuple(entries)))
    used = any(DAGGER in entry.marks for row in rows for entry in row.entries)
    dagger = (Footnote(DAGGER, meaning[DAGGER]),) if used else ()
    return replace(table, rows=tuple(rows), footnotes=(*dagger, *notes.listed()))
