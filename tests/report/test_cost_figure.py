"""Quality against cost: which points are drawn, which stand out, and the file of a figure."""

from __future__ import annotations

import math
import random
import re
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from reading import on_page

from bench.report import read
from bench.report.drawing import scatter
from bench.report.drawing.place import Box
from bench.report.drawing.scatter import Point, trade_off, undominated
from bench.report.drawing.svg import blank, standalone, to_svg
from bench.report.figures import cost, curves
from bench.status import Status


def test_undominated_by_hand() -> None:
    points = [
        Point("small", 1, 80),
        Point("mid", 2, 90),
        Point("worse", 3, 85),
        Point("top", 4, 95),
        Point("tie", 2, 90),
    ]
    assert [point.label for point in undominated(points)] == ["small", "mid", "tie", "top"]
    assert [point.label for point in undominated(points, higher_is_better=False)] == ["small"]


def test_undominated_against_the_definition() -> None:
    draw = random.Random(0)
    points = [Point(str(i), draw.randint(1, 6), draw.randint(1, 6)) for i in range(40)]
    found = undominated(points)
    for point in points:
        beaten = any((o.x < point.x and o.y >= point.y) or (o.x <= point.x and o.y > point.y) for o in points)
        assert (point in found) is not beaten


def test_one_point_and_equal_points_are_drawn() -> None:
    single = [Point("a", 3.0, 90.0)]
    assert "<svg" in trade_off(single, "KB", "accuracy (%)", True, "k")
    equal = [Point(name, 3.0, 90.0, (3.0, 3.0), 0.0) for name in "abc"]
    text = trade_off(equal, "KB", "accuracy (%)", True, "k")
    assert all(f">{name}</text>" in text for name in "abc")


def test_zero_cost_needs_no_logarithm() -> None:
    assert "<svg" in trade_off([Point("a", 0.0, 1.0), Point("b", 100.0, 2.0)], "ms", "y", True, "k")


def test_colours_are_the_pages() -> None:
    text = trade_off([Point("a", 3.0, 90.0), Point("b", 4.0, 80.0)], "KB", "y", True, "k")
    assert "#0102" not in text
    assert "var(--accent)" in text
    assert "var(--ink)" in text


def test_names_of_the_best_are_bold_in_the_font_of_the_page() -> None:
    text = trade_off([Point("best", 3.0, 90.0), Point("worse", 4.0, 80.0)], "KB", "y", True, "k")
    best, worse = (re.search(rf'style="([^"]*)"[^>]*>{name}</text>', text) for name in ("best", "worse"))
    assert best is not None
    assert worse is not None
    assert {*best[1].split("; ")} == {"font-weight: 700", "font-size: 8.5px", "text-anchor: middle", "fill: var(--ink)"}
    assert {*worse[1].split("; ")} == {"font-size: 8.5px", "text-anchor: middle", "fill: var(--ink)"}
    assert "font-family" not in text


@pytest.mark.parametrize(
    ("shorthand", "meaning"),
    [
        ("font: 700 8.5px 'DejaVu Sans'; fill: #010203", "font-size: 8.5px; font-weight: bold; fill: var(--ink)"),
        ("font: 8px 'DejaVu Sans'", "font-size: 8px"),
        ("font-size: 8px; font-family: 'DejaVu Sans'", "font-size: 8px; "),
    ],
)
def test_fonts_are_the_pages_as_either_way_of_matplotlib_writes_them(shorthand: str, meaning: str) -> None:
    """Versions of matplotlib write the shorthand of CSS or a property each."""
    figure: Any = Figure()
    figure.savefig = lambda file, **_: file.write(f'<svg viewBox="0 0 1 1"><text style="{shorthand}">a</text></svg>')
    assert f'<text style="{meaning}">a</text>' in to_svg(figure, "d", "k")


def test_names_are_not_read_as_formulas() -> None:
    assert ">$x^2$</text>" in trade_off([Point("$x^2$", 3.0, 90.0)], "KB", "y", True, "k")


def test_a_figure_of_its_own_is_a_whole_svg_file_with_its_title() -> None:
    inside = trade_off([Point("A", 10, 90), Point("B->C", 20, 80)], "KB", "accuracy (%)", True, "k")
    drawn = ElementTree.fromstring(standalone(inside, "Set & <more>"))
    names = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert names[0] == "Set & <more>"
    assert {"A", "B->C"} <= set(names)
    _, top, _, height = map(float, drawn.attrib["viewBox"].split())
    assert top < 0 < height
    style = drawn.findtext("{http://www.w3.org/2000/svg}style")
    assert style is not None
    for used in set(re.findall(r"var\((--\w+)\)", standalone(inside, ""))):
        assert f"{used}:" in style


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, ...]]:
    """The points of each panel of cost, by key, with the labels and direction of its axes."""
    seen: dict[str, tuple[Any, ...]] = {}

    def note(points: list[Point], x: str, y: str, upwards: bool, key: str, joined: list[Any]) -> str:
        assert joined == []
        seen[key] = (points, x, y, upwards)
        return "<svg/>"

    monkeypatch.setattr(cost, "trade_off", note)
    return seen


def test_points_by_hand(small: Any, drawn: dict[str, Any]) -> None:
    """Student's t of one degree of freedom is tan(.475 pi) = 12.706: half of an interval of a +- 1 is that.

    `small` on watch: 94 and 96 % at 3.25 KB and 4 ms, 84 and 86 % at 30 KB and 12.5 ms; 0.9 and 1.2 of ms around."""
    figure = cost.figure(read(small.path))
    assert figure is not None
    t = math.tan(0.475 * math.pi)
    on_page(figure)
    points, *axes = drawn["size-1"]
    assert axes == ["KB", "accuracy (%)", True]
    assert [(p.label, p.x, p.x_range) for p in points] == [("Fast_GRNN & Co", 3.25, None), ("GRU", 30.0, None)]
    assert [(p.y, p.y_half) for p in points] == [pytest.approx((95.0, t)), pytest.approx((85.0, t))]
    points, *axes = drawn["latency-1"]
    assert axes == ["ms per sequence", "accuracy (%)", True]
    assert [(p.x, p.x_range) for p in points] == [(4.0, pytest.approx((3.6, 4.8))), (12.5, pytest.approx((11.25, 15)))]
    assert [(p.label, p.y, p.y_half) for p in drawn["size-0"][0]] == [
        ("GRU", pytest.approx(55.0), pytest.approx(5 * t)),
        ("LSTM", 70.0, None),
    ]
    names = [panel.name for panel in figure.panels]
    assert names == ["size-digits", "size-watch", "latency-watch"], "on digits both take 12.5 ms: a cost of nothing"
    assert [heading for heading, _ in figure.groups] == ["Size", "Latency on Arduino mkr1000"]


def test_what_is_left_out_says_why(small: Any, drawn: dict[str, Any], make_latency: Any) -> None:
    small.add("GRU 2", "watch", accuracy=0.5, latencies=(make_latency(ram=False),))
    figure = cost.figure(read(small.path))
    assert figure is not None
    why = {panel.name: panel.left_out for panel in figure.panels}
    assert why["size-watch"] == "LSTM (no better than always answering the most frequent class)"
    assert why["size-digits"] == "", "nobody asked for GRU 2 on digits"
    assert "GRU 2 (not on Arduino mkr1000: the state does not fit its RAM)" in why["latency-watch"]


def test_a_perplexity_is_drawn_as_it_is_and_downwards(folder: Any, drawn: dict[str, Any]) -> None:
    folder.add("A", accuracy=120.5, latencies=(), facts={"metric": "perplexity", "higher_is_better": False})
    assert on_page(cost.figure(read(folder.path)))
    ((point,), *axes) = drawn["size-0"]
    assert (point.y, axes) == (120.5, ["KB", "perplexity", False])
    assert list(drawn) == ["size-0"]


@pytest.mark.parametrize(("kb", "panels"), [(48.0, 0), (48.4, 0), (48.5, 1)])
def test_costs_within_a_percent_of_each_other_are_no_figure(folder: Any, kb: float, panels: int) -> None:
    folder.add("A", kb=48.0, latencies=())
    folder.add("B", kb=kb, latencies=())
    figure = cost.figure(read(folder.path))
    assert len(figure.panels if figure else ()) == panels


def test_an_axis_of_percentages_ends_at_them(folder: Any) -> None:
    """92 and 96 % have an interval of 94 +- 25; a perplexity's goes as far as it goes."""
    for seed, accuracy in enumerate((0.92, 0.96)):
        folder.add("A", seed=seed, accuracy=accuracy, latencies=())
        folder.add("A", "text", seed, 100 * accuracy, facts={"metric": "perplexity", "higher_is_better": False})
    figure = cost.figure(read(folder.path))
    assert figure is not None
    ends = {}
    for panel in figure.panels:
        axes = Figure().add_subplot()
        assert panel.draw is not None
        panel.draw(axes)
        ends[axes.get_ylabel()] = axes.get_ylim()[1]
    assert ends["accuracy (%)"] == 101
    assert ends["perplexity"] > 94 + 25


def test_no_finished_run_no_figure(folder: Any) -> None:
    folder.add(status=Status.FAILED, reason="x")
    assert cost.figure(read(folder.path)) is None
    assert curves.figure(read(folder.path)) is None


@pytest.mark.parametrize(
    ("values", "scale", "ticks"),
    [
        ([1.0, 3.99], "linear", None),
        ([0.0, 100.0], "linear", None),
        ([1.0, 4.0], "log", {1, 2, 5}),
        ([1.0, 60.0], "log", {1, 2, 5}),
        ([1.0, 61.0], "log", {1, 3}),
    ],
)
def test_costs_that_differ_widely_have_a_logarithmic_axis(
    values: list[float], scale: str, ticks: set[int] | None
) -> None:
    _, axes = blank(4, 3)
    scatter.scale_x(axes, values)
    assert axes.get_xscale() == scale
    if ticks:
        found = axes.xaxis.get_major_locator().tick_values(1, 9)
        assert {round(tick) for tick in found if 1 <= tick <= 9} == ticks
        assert axes.xaxis.get_major_formatter()(2.0) == "2"


def test_names_keep_off_the_lines_of_the_figure() -> None:
    """Bars of both spreads, then the steps between the best, or the arrows."""
    low, high = Point("low", 1, 80, (0.5, 2), 3.0), Point("high", 4, 90)
    assert list(scatter._strokes([low, high], [low, high])) == [
        (1, 77, 1, 83),
        (0.5, 80, 2, 80),
        (1, 80, 4, 80),
        (4, 80, 4, 90),
    ]
    assert list(scatter._strokes([low, high], [low, high], [(high, low)])) == [
        (1, 77, 1, 83),
        (0.5, 80, 2, 80),
        (4, 90, 1, 80),
    ]


def test_the_box_around_a_line_has_a_pixel_of_room() -> None:
    """From (5, 3) to (1, 4) in data; two pixels to the unit sideways, one upwards."""
    axes: Any = SimpleNamespace(transData=SimpleNamespace(transform=lambda end: (2 * end[0], end[1])))
    assert scatter._around(axes, 5, 3, 1, 4) == Box(2 - 1, 3 - 1, 10 + 1, 4 + 1)


def test_the_room_of_a_title_by_hand() -> None:
    """18 above the drawing, 1.4 times as large."""
    text = standalone('<svg viewBox="2 0 100 50"><g/></svg>', "T")
    assert text.count("<style>") == text.count(">T</text>") == 1
    assert 'viewBox="2 -18 100 68"' in text
    assert 'width="140" height="95.2"' in text
    assert '<text x="10" y="-6"' in text
