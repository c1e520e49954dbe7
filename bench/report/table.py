"""The one table type: every module of ``tables`` makes it, every writer prints it.

Everything that a reader must know to read a number is in the caption, the footnotes and the notes, so no writer adds
words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Literal

from bench.report.statistics import Interval

Align = Literal["number", "right", "left", "wrap"]
Best = Literal["high", "low", ""]
_EXACT = 1e15


@dataclass(frozen=True)
class Spanner:
    """A heading above several columns: a data set, a number format."""

    name: str
    title: str


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        title: its heading.
        spanner: the heading that it shares with its neighbours, if any.
        name: the figure that it shows, by its name in the CSV; empty for none.
        best: which end of the column is underlined; empty for neither.
        places: decimal places; ``None`` leaves the column's smallest number two digits or more.
        align: ``number`` aligns at the decimal point; ``left`` and ``right`` are for text; ``wrap`` for text of several
            lines in print.
    """

    title: str
    spanner: Spanner | None = None
    name: str = ""
    best: Best = ""
    places: int | None = None
    align: Align = "number"

    @property
    def whole_title(self) -> str:
        """The heading with that of the spanner before it."""
        return f"{self.spanner.title}: {self.title}" if self.spanner else self.title


@dataclass(frozen=True)
class Entry:
    """One place of the table.

    Attributes:
        text: as printed, without marks: ``"94.94 ± 0.28"``, ``"failed"``, ``"-"``.
        mean: the number, in the column's unit; ``None`` for an entry that is not a number.
        sd: sample standard deviation (ddof 1) in the column's unit; ``None`` for fewer than two seeds.
        n: runs behind the number.
        best: whether it is (one of) the best of its column: underlined.
        leads: whether it is the best or not significantly worse: bold.
        marks: of footnotes.
    """

    text: str
    mean: float | None = None
    sd: float | None = None
    n: int = 0
    best: bool = False
    leads: bool = False
    marks: tuple[str, ...] = ()


DASH = Entry("-")
"""The entry where there is nothing to say."""


@dataclass(frozen=True)
class Row:
    """A row: its labels, one for each column of the stub, its entries, one for each column, and a work to cite."""

    labels: tuple[str, ...]
    entries: tuple[Entry, ...]
    cite: str = ""

    @property
    def label(self) -> str:
        """The first label."""
        return self.labels[0]


@dataclass(frozen=True)
class Footnote:
    """A mark (a dagger or letters) and what it means."""

    mark: str
    text: str


CELL = (Column("Cell", align="left"),)
"""The stub of a table whose rows are cells."""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: letters, digits and dashes; the label of the LaTeX table.
        caption: what its numbers are.
        columns: from left to right, those under one spanner together.
        rows: from top to bottom.
        footnotes: of marks.
        notes: remarks without a mark.
        stub: the columns of the rows' labels.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[Footnote, ...] = ()
    notes: tuple[str, ...] = ()
    stub: tuple[Column, ...] = CELL

    @property
    def spans(self) -> list[tuple[str, int]]:
        """Titles of the spanners and how many columns each covers, from left to right; ``""`` where there is none."""
        groups = [(spanner, len(list(columns))) for spanner, columns in groupby(self.columns, lambda c: c.spanner)]
        return [(spanner.title if spanner else "", width) for spanner, width in groups]


def widths(table: Table) -> tuple[list[int], list[int]]:
    """Returns how many letters each column takes with its gap: those of the stub, and the others."""
    stub = [_wide(column, (row.labels[at] for row in table.rows)) for at, column in enumerate(table.stub)]
    return stub, [
        _wide(column, (row.entries[at].text for row in table.rows)) for at, column in enumerate(table.columns)
    ]


def _wide(column: Column, texts: Iterable[str]) -> int:
    return max(len(column.title), *map(len, texts), 0) + 2


def columns_named(columns: Sequence[Column], names: Sequence[str]) -> list[int]:
    """Returns the places of the columns whose title or figure is among some names; of all where there is none."""
    return [at for at, column in enumerate(columns) if not names or column.title in names or column.name in names]


def number(mean: float | None, sd: float | None = None, n: int = 0, scale: float = 1) -> Entry:
    """Returns an entry whose text :func:`typeset` fills in; a dash where there is no number."""
    if mean is None:
        return DASH
    return Entry("", mean * scale, None if sd is None else sd * scale, n)


def as_printed(value: float | None) -> Entry:
    """Returns an entry with a published number to the digits that its source prints; a dash where there is none."""
    return DASH if value is None else Entry(f"{value:g}", value)


def between(interval: Interval | None) -> Entry:
    """Returns an entry with the ends of an interval; a dash where there is none."""
    return DASH if interval is None else Entry(f"{rounded(interval.low, 2)} to {rounded(interval.high, 2)}")


def plain(value: float, digits: int = 4) -> str:
    """Prints a number to so many digits, those before the point whole; never an exponent: ``21,670``, ``7031``."""
    if not value:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}" if abs(value) >= 10_000 else f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def typeset(table: Table) -> Table:
    """Prints the numbers of a table, each column to the same decimal places, and marks its best entries.

    Entries that were marked before stay so, and what has a text keeps it.
    """
    columns = [_typeset([row.entries[at] for row in table.rows], column) for at, column in enumerate(table.columns)]
    rows = (replace(row, entries=tuple(column[at] for column in columns)) for at, row in enumerate(table.rows))
    return replace(table, rows=tuple(rows))


def _typeset(entries: Sequence[Entry], column: Column) -> list[Entry]:
    """Typesets one column; entries that print like the best number are all best."""
    numbers = [entry.mean for entry in entries if entry.mean is not None]
    if not numbers:
        return list(entries)
    places = _places(min(map(abs, numbers))) if column.places is None else column.places
    extreme = {"high": max, "low": min}.get(column.best)
    top = rounded(extreme(numbers), places) if extreme else None
    return [
        entry
        if entry.mean is None
        else replace(
            entry,
            text=entry.text or _text(entry.mean, entry.sd, places),
            best=entry.best or rounded(entry.mean, places) == top,
        )
        for entry in entries
    ]


def _text(mean: float, sd: float | None, places: int) -> str:
    return rounded(mean, places) if sd is None else f"{rounded(mean, places)} ± {rounded(sd, places)}"


def rounded(value: float, places: int) -> str:
    """Prints a number to decimal places, a half away from zero, as who rounds its decimal digits by hand does."""
    if not abs(value) < _EXACT:  # of which no digit behind the point is known; or no number
        return f"{value:.{places}f}"
    found = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{found or abs(found):f}"  # 0.00 has no sign


def _places(smallest: float) -> int:
    """Returns the decimal places that leave a number two digits or more."""
    return 0 if smallest >= 100 else 1 if smallest >= 1 else 2 if smallest >= 0.1 else 3
