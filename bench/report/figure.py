"""The one figure type: every module of ``figures`` makes it; its panels are files and stand on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Panel:
    """One drawing.

    Attributes:
        title: above it.
        page: draws it for the page, with :func:`bench.report.drawing.svg.to_svg`; ``None`` where it is only printed.
        name: of its file in the folder ``figures``; empty for a drawing that stands on the page only.
        group: the heading that it shares with its neighbours, if any.
        left_out: names that are not in it, with the reason.
        draw: draws it for print, :func:`bench.report.drawing.press.to_print`; its labelled lines make the legend.
    """

    title: str
    page: Callable[[], str] | None = None
    name: str = ""
    group: str = ""
    left_out: str = ""
    draw: Callable[[Axes], None] | None = None

    @cached_property
    def svg(self) -> str:
        """The drawing for the page, made when it is first asked for; empty where it is only printed."""
        return self.page() if self.page else ""


@dataclass(frozen=True)
class Figure:
    """Drawings that belong together: a section of the page.

    Attributes:
        title: of the section.
        about: how to read the drawings on the page.
        panels: at least one.
        small: whether four panels stand in a line, otherwise two.
        caption: how to read them in print.
    """

    title: str
    about: str
    panels: tuple[Panel, ...]
    small: bool = False
    caption: str = ""

    @property
    def groups(self) -> list[tuple[str, list[Panel]]]:
        """Panels of the page by their shared headings."""
        return _by_group([panel for panel in self.panels if panel.page])

    @property
    def printed(self) -> list[tuple[str, list[Panel]]]:
        """Panels for print by their shared headings."""
        return _by_group([panel for panel in self.panels if panel.draw])


def file_name(*words: str) -> str:
    """Returns the name of a panel's file: letters, digits and dashes."""
    plain = "".join(letter if letter.isalnum() else " " for letter in " ".join(words))
    return "-".join(plain.split())


def _by_group(panels: list[Panel]) -> list[tuple[str, list[Panel]]]:
    return [(heading, list(own)) for heading, own in groupby(panels, lambda panel: panel.group)]
