"""The look of a cell in print: the same colour and marker in every figure, and a line of its own for each row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from bench import zoo
from bench.report.rows.labels import printable
from bench.report.rows.published import book

_OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A8A00")
"""Okabe and Ito's colours (2008), which the colour-blind tell apart; olive for their yellow, too light for a marker."""
_OF_USERS = ("#882255", "#332288", "#44AA99", "#999999")
"""Four of Tol's colours (2021, muted) for cells of users, so that none has the colour of one of ours."""
_MARKERS = "osD^vP<X"
_LINES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
_LONGEST = 36


class Look(NamedTuple):
    """The colour and the marker of a cell, in every figure."""

    colour: str
    marker: str


@cache
def _order() -> tuple[str, ...]:
    """Returns the titles of cells: those of the paper's tables first, so that each of them has a colour of its own."""
    cells = zoo.described()
    published = (method["cell"] for method in book()["methods"])
    return tuple(dict.fromkeys(cells[name].title for name in (*published, *cells) if name in cells))


def look(cell: str, others: Iterable[str] = ()) -> Look:
    """Returns the look of a cell by its title: of ours always the same, of a user's one of their own, by title.

    Args:
        cell: its title.
        others: titles in the figure.
    """
    if cell in _order():
        return _nth(_OKABE_ITO, _order().index(cell))
    return _nth(_OF_USERS, sorted({title for title in (*others, cell) if title not in _order()}).index(cell))


def look_of(cell: str, at: int, others: Iterable[str] = ()) -> Look:
    """Returns the look of a variant of a cell: its colour, and from the second variant on another marker."""
    colour, marker = look(cell, others)
    return Look(colour, _MARKERS[(_MARKERS.index(marker) + at) % len(_MARKERS)])


def _nth(colours: Sequence[str], at: int) -> Look:
    turn = at // len(colours)  # a second round has the colours with other markers
    return Look(colours[at % len(colours)], _MARKERS[(at + 3 * turn) % len(_MARKERS)])


def legend_label(name: str, room: int = _LONGEST) -> str:
    """Returns a name as a legend has it: long ones cut in the middle, since many begin alike.

    matplotlib takes a label that begins with an underscore for none; a space before it makes it one.
    """
    tail = room // 2
    cut = name if len(name) <= room else f"{name[: room - tail - 1]}…{name[-tail:]}"
    return printable(f" {cut}" if cut.startswith("_") else cut)


def line_looks(rows: Sequence[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Returns matplotlib's words for the line of each row: the colour of its cell, a pattern among those of its cell.

    Where cells share a colour, lines have their markers.

    Args:
        rows: names of rows and titles of their cells.
    """
    cells, patterns = dict(rows), defaultdict[str, list[str]](list)
    for name, cell in sorted(cells.items(), key=lambda row: (len(row[0]), row[0])):
        patterns[cell].append(name)
    looks = {cell: look(cell, patterns) for cell in patterns}
    uses = Counter(own.colour for own in looks.values())
    return {
        name: {
            "color": looks[cell].colour,
            "linestyle": _LINES[patterns[cell].index(name) % len(_LINES)],
            "label": legend_label(name),
            **(
                {"marker": looks[cell].marker, "markersize": 3, "markevery": 0.2}
                if uses[looks[cell].colour] > 1
                else {}
            ),
        }
        for name, cell in rows
    }
