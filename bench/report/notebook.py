"""Tables and figures that a notebook shows by themselves."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape

from bench.errors import RnnbenchError, nearest
from bench.report.discover import all_figures, all_tables
from bench.report.figure import Panel
from bench.report.rows.results import Results
from bench.report.table import Table
from bench.report.writers import to_html, to_latex, to_markdown

_STYLE = (
    "<style>.rnnbench td { text-align: right; white-space: nowrap; } .rnnbench .leads { font-weight: bold; } "
    ".rnnbench .best { text-decoration: underline; } .rnnbench ul { list-style: none; padding: 0; }</style>"
)


@dataclass(frozen=True, repr=False)
class TableView:
    """A table: HTML in a notebook, LaTeX where that is printed, Markdown as text.

    Attributes:
        table: its rows and entries, with their numbers.
    """

    table: Table

    @property
    def latex(self) -> str:
        """The table for a paper, as ``rnnbench report`` writes it."""
        return to_latex(self.table)

    @property
    def markdown(self) -> str:
        """The table in GitHub's Markdown."""
        return to_markdown(self.table)

    def _repr_html_(self) -> str:
        return f'<div class="rnnbench">{_STYLE}{to_html(self.table, self.table.name)}</div>'

    def _repr_markdown_(self) -> str:
        return self.markdown

    def _repr_latex_(self) -> str:
        return self.latex

    def __str__(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return f"<table {self.table.name}: {len(self.table.rows)} rows, {len(self.table.columns)} columns>"


@dataclass(frozen=True, repr=False)
class FigureView:
    """Drawings: HTML in a notebook, SVG where there is one alone.

    Attributes:
        about: how to read them.
        panels: the drawings.
    """

    about: str
    panels: tuple[Panel, ...]

    @property
    def svgs(self) -> list[str]:
        """The drawings as files of their own."""
        from bench.report.drawing.press import files_of

        return [files_of(panel)["svg"].decode() for panel in self.panels]

    def _repr_svg_(self) -> str | None:
        return self.svgs[0] if len(self.panels) == 1 else None

    def _repr_html_(self) -> str:
        # As images: the style of a drawing must not reach what else stands in the notebook.
        drawn = (
            f'<img alt="{escape(panel.title)}" src="data:image/svg+xml;base64,{_base64(svg)}">'
            for panel, svg in zip(self.panels, self.svgs, strict=True)
        )
        return f"<div>{''.join(drawn)}<p>{escape(self.about)}</p></div>"

    def __repr__(self) -> str:
        return f"<figure: {', '.join(panel.name or panel.title for panel in self.panels)}>"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def table_view(results: Results, name: str) -> TableView:
    """Returns a table by the name of its module, such as ``comparison``.

    Raises:
        RnnbenchError: when there is none of that name, or the results have nothing for it.
    """
    tables = all_tables(results)
    if name not in tables:
        raise RnnbenchError(f"these results have no table {name!r}{nearest(name, tables)}")
    return TableView(tables[name])


def figure_view(results: Results, name: str) -> FigureView:
    """Returns a figure by the name of its module, such as ``cost``, or one of its drawings by that of its file.

    Raises:
        RnnbenchError: when there is none of that name, or the results have nothing for it.
    """
    figures = all_figures(results)
    if name in figures:
        whole = figures[name]
        return FigureView(whole.about, tuple(panel for panel in whole.panels if panel.page) or whole.panels)
    drawings = {panel.name: (figure.about, panel) for figure in figures.values() for panel in figure.panels}
    if name in drawings:
        about, panel = drawings[name]
        return FigureView(about, (panel,))
    raise RnnbenchError(f"these results have no figure {name!r}{nearest(name, [*figures, *filter(None, drawings)])}")
