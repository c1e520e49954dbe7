"""The one figure type: every module of ``figures`` makes it; its panels are files and stand on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple


class Panel(NamedTuple):
    """One drawing.

    Attributes:
        title: above it.
        svg: from :func:`bench.report.drawing.svg.to_svg`.
        name: of its file in the folder ``figures``; empty for a drawing that stands on the page only.
        group: the heading that it shares with its neighbours, if any.
        left_out: names that are not in it, with the reason.
        printed: draws it for print, and returns its files by their endings.
    """

    title: str
    svg: str
    name: str = ""
    group: str = ""
    left_out: str = ""
    printed: Callable[[], dict[str, bytes]] | None = None


@dataclass(frozen=True)
class Figure:
    """Drawings that belong together: a section of the page.

    Attributes:
        title: of the section.
        about: how to read the drawings.
        panels: at least one.
        small: whether four panels stand in a line, otherwise two.
    """

    title: str
    about: str
    panels: tuple[Panel, ...]
    small: bool = False

    @property
    def groups(self) -> list[tuple[str, list[Panel]]]:
        """Panels by their shared headings."""
        return [(heading, list(panels)) for heading, panels in groupby(self.panels, lambda panel: panel.group)]
