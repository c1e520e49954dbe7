"""Draws panels for print: one at a column's width, several at a page's with one legend; PDF, PNG and SVG."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bench.report.drawing.svg import MARK, STYLE, blank, lay_out, standalone, to_svg
from bench.report.figure import Panel

_COLUMN, _PAGE = 3.3, 6.7
"""Widths in inches, that of a page the text's of the document."""
_PRINT: Any = {
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "rnnbench",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.4,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 0.9,
    "lines.markersize": 4.5,
}
_DPI = 300
_CANVASES: dict[str, type[FigureCanvasBase]] = {"pdf": FigureCanvasPdf, "png": FigureCanvasAgg, "svg": FigureCanvasSVG}
_METADATA: Any = {"pdf": {"CreationDate": None}, "png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def to_print(panels: Sequence[Panel], *endings: str) -> dict[str, bytes]:
    """Draws panels with one legend below; those of several have their titles above.

    Args:
        panels: each with ``draw``.
        endings: of files: ``pdf``, ``png``, ``svg``.

    Returns:
        The files by their endings, the same bytes every time.
    """
    wide = 1 if len(panels) == 1 else 2 if len(panels) in (2, 4) else 3
    high = math.ceil(len(panels) / wide)
    with mpl.rc_context(_PRINT):
        size = (_COLUMN, 2.4) if wide == 1 else (_PAGE, 0.35 + high * (2.2 if wide == 2 else 1.7))
        figure = Figure(figsize=size, layout="constrained")
        places: list[Axes] = [*figure.subplots(high, wide, squeeze=False).flat]
        for panel, axes in zip(panels, places, strict=False):
            assert panel.draw is not None  # noqa: S101
            panel.draw(axes)
            if len(panels) > 1:
                axes.set_title(panel.title)
        for axes in places[len(panels) :]:
            axes.remove()
        _say_once(places[: len(panels)], wide)
        return {ending: _saved(figure, ending) for ending in endings}


def _say_once(places: Sequence[Axes], wide: int) -> None:
    """Leaves the label of the y axis at the left where all have the same, and writes the legend of all."""
    if len({axes.get_ylabel() for axes in places}) == 1:
        for at, axes in enumerate(places):
            axes.set_ylabel(axes.get_ylabel() if at % wide == 0 else "")
    named: dict[str, Any] = {}
    for axes in places:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    if named:
        figure = places[0].get_figure()
        assert isinstance(figure, Figure)  # noqa: S101
        room = 0.45 + 0.052 * max(map(len, named))  # inches of a mark and a name
        columns = max(1, min(len(named), int((_COLUMN if wide == 1 else _PAGE) / room)))
        below = 0.13 * max(0, math.ceil(len(named) / columns) - 2)  # two rows have room as it is
        figure.set_figheight(figure.get_figheight() + below)
        place: Any = {"loc": "outside lower center", "ncols": columns, "frameon": False, "fontsize": 6.5}
        figure.legend([*named.values()], [*named], **place)


def _saved(figure: Figure, ending: str) -> bytes:
    buffer = io.BytesIO()
    canvas, engine = _CANVASES[ending], figure.get_layout_engine()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph ", category=UserWarning)  # of a script that no font here has
        lay_out(figure, canvas, canvas.fixed_dpi or _DPI)
        figure.savefig(buffer, format=ending, dpi=_DPI, metadata=_METADATA[ending])
    figure.set_layout_engine(engine)  # for the next
    if ending != "svg":
        return buffer.getvalue()
    head, end, body = buffer.getvalue().partition(b"<style")
    return b"".join((head, f"<style>{MARK}</style>".encode(), end, body))


def files_of(panel: Panel) -> dict[str, bytes]:
    """Returns the files of a panel by their endings; a drawing that is not on the page has its SVG as it is printed."""
    files = {"svg": standalone(panel.svg, panel.title).encode()} if panel.page else {}
    return files | (to_print([panel], "pdf", "png", *(["svg"] if not files else [])) if panel.draw else {})


def to_page(draw: Callable[[Axes], None], description: str, key: str) -> str:
    """Draws what is printed for the page, with a legend of its own, in the page's font and colours.

    Args:
        draw: as a panel has it.
        description: what the drawing shows, in words.
        key: a word that no other figure of the page has.
    """
    with mpl.rc_context(STYLE):
        figure, axes = blank(4.4, 3.2)
        draw(axes)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, fontsize=8)
        figure.set_layout_engine("tight")
        return to_svg(figure, description, key)
