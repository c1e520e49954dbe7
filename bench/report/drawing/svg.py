"""Writes figures as SVG that takes the font and colours of the page, light or dark, and is the same every time.

Colours are drawn as five odd values that stand for variables of the page's style.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bench.report.rows.labels import printable

INK, FAINT, ACCENT, MUTED, BACK = "#010203", "#010204", "#010205", "#010206", "#010207"
_VARIABLES = {INK: "ink", FAINT: "faint", ACCENT: "accent", MUTED: "muted", BACK: "back", "#000000": "ink"}
PALETTE = """\
:root {
  --ink: #1c2127; --muted: #6a737d; --faint: #d9dde2; --back: #ffffff;
  --accent: #0063a3; --alert: #b34700; --band: #f4f6f8; --shade: #aab2bb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8eb; --muted: #98a1ab; --faint: #373d45; --back: #15181c;
    --accent: #62b5ee; --alert: #f39a5b; --band: #1e2329; --shade: #5a636d;
  }
}"""
"""The colours of the page and of figures that stand alone, as CSS."""

MARK = "/* a figure of a report by rnnbench */"
"""By which a report knows its own figures."""
_TITLE_ROOM = 18

STYLE: Any = {
    "svg.hashsalt": "rnnbench",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name with two dollar signs is a name
    "font.family": ["DejaVu Sans"],  # comes with matplotlib; the page's own font replaces it
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """Returns an empty figure, its size in inches, without a frame above and to the right."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def to_svg(figure: Figure, description: str, key: str) -> str:
    """Returns the figure as an ``svg`` element with ids of its own, and the colours and font of the page."""
    buffer = io.StringIO()
    lay_out(figure, FigureCanvasSVG)
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'\bid="([^"]*)"', rf'id="{key}-\1"', text)
    text = text.replace("url(#", f"url(#{key}-").replace('href="#', f'href="#{key}-')
    text = re.sub(r"font: (?:(bold|700) )?([\d.]+)px [^;\"]*", _font, text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    for colour, name in _VARIABLES.items():
        text = text.replace(colour, f"var(--{name})")
    text = re.sub(
        r'(<svg)[^>]*?(viewBox="[^"]*")[^>]*>',
        rf'\1 \2 role="img" aria-label="{_attribute(description)}">',
        text,
        count=1,
    )
    return text.strip()


def lay_out(figure: Figure, canvas: type[FigureCanvasBase], dpi: float = FigureCanvasSVG.fixed_dpi) -> None:
    """Lays a figure out for a canvas as ``savefig`` would, which draws it once more for that."""
    canvas(figure)
    figure.set_dpi(dpi)
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    figure.set_layout_engine(None)


def standalone(svg: str, title: str) -> str:
    """Turns a figure of the page into a file of its own, with its title and font, and colours that every program reads.

    Args:
        svg: from :func:`to_svg`.
        title: printed above the figure.
    """
    left, top, width, height = map(float, re.search(r'viewBox="([^"]*)"', svg)[1].split())  # type: ignore[index]
    style = f"{MARK} svg {{ background: var(--back); font-family: sans-serif; }}"
    box = f"{left:g} {top - _TITLE_ROOM:g} {width:g} {height + _TITLE_ROOM:g}"
    place = f'x="{left + 8:g}" y="{top - 6:g}"'
    name = f'<text {place} fill="var(--ink)" font-size="11" font-weight="bold">{escape(printable(title))}</text>'
    size = f'width="{1.4 * width:g}" height="{1.4 * (height + _TITLE_ROOM):g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {size} '
    body = re.sub(r'viewBox="[^"]*"', f'viewBox="{box}"', svg.replace("<svg ", head, 1), count=1)
    return _plain(body.replace(">", f"><style>{style}</style>{name}", 1)) + "\n"


def _plain(svg: str) -> str:
    """Puts the light colours of the page in the place of its variables, which rsvg and Inkscape do not know."""
    light = dict(re.findall(r"--(\w+): (#\w+)", PALETTE.partition("@media")[0]))
    return re.sub(r"var\(--(\w+)\)", lambda match: light[match[1]], svg)


def _font(match: re.Match[str]) -> str:
    return f"font-size: {match[2]}px" + ("; font-weight: bold" if match[1] else "")


def _attribute(text: str) -> str:
    plain = escape(printable(text), quote=False).replace('"', "&quot;").replace("\\", "&#92;")
    return plain.replace("\n", " ")
