"""Which points are drawn, which stand out, and where names go."""

from __future__ import annotations

import random
import re
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from bench.record import runs_folder
from bench.report import read
from bench.report.drawing import scatter
from bench.report.drawing.place import Box, place
from bench.report.drawing.scatter import Point, trade_off, undominated
from bench.report.drawing.svg import ACCENT, FAINT, blank, standalone
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


def test_names_do_not_cover_one_another_where_there_is_room() -> None:
    draw = random.Random(1)
    points = [(draw.uniform(80, 420), draw.uniform(40, 260)) for _ in range(10)]
    frame = Box(0, 0, 500, 300)
    boxes = place(points, [(55.0, 12.0)] * 10, [Box(x - 5, y - 5, x + 5, y + 5) for x, y in points], frame)
    for number, box in enumerate(boxes):
        assert box.outside(frame) == 0
        assert all(box.shared(other) == 0 for other in boxes[:number])


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


def test_names_are_not_read_as_formulas() -> None:
    assert ">$x^2$</text>" in trade_off([Point("$x^2$", 3.0, 90.0)], "KB", "y", True, "k")


def test_a_figure_of_its_own_is_a_whole_svg_file_with_its_title() -> None:
    inside = trade_off([Point("A", 10, 90), Point("B", 20, 80)], "KB", "accuracy (%)", True, "k")
    drawn = ElementTree.fromstring(standalone(inside, "Set & <more>"))
    names = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert names[0] == "Set & <more>"
    assert {"A", "B"} <= set(names)
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

    def note(points: list[Point], x: str, y: str, upwards: bool, key: str) -> str:
        seen[key] = (points, x, y, upwards)
        return "<svg/>"

    monkeypatch.setattr(cost, "trade_off", note)
    return seen


def test_points_by_hand(small: Any, drawn: dict[str, Any]) -> None:
    """`small` on watch: 94 and 96 % at 3.25 KB and 4 ms, 84 and 86 % at 30 KB and 12.5 ms; 0.9 and 1.2 of ms around."""
    figure = cost.figure(read(small.path))
    assert figure is not None
    points, *axes = drawn["size-1"]
    assert axes == ["KB", "accuracy (%)", True]
    assert [(p.label, p.x, p.x_range) for p in points] == [("Fast_GRNN & Co", 3.25, None), ("GRU", 30.0, None)]
    assert [(p.y, p.y_sd) for p in points] == [pytest.approx((95.0, 2**0.5)), pytest.approx((85.0, 2**0.5))]
    points, *axes = drawn["latency-1"]
    assert axes == ["ms per sequence", "accuracy (%)", True]
    assert [(p.x, p.x_range) for p in points] == [(4.0, pytest.approx((3.6, 4.8))), (12.5, pytest.approx((11.25, 15)))]
    assert [(p.label, p.y, p.y_sd) for p in drawn["size-0"][0]] == [
        ("GRU", pytest.approx(55.0), pytest.approx(50**0.5)),
        ("LSTM", 70.0, None),
    ]
    assert [panel.name for panel in figure.panels] == ["size-digits", "size-watch", "latency-digits", "latency-watch"]
    assert [heading for heading, _ in figure.groups] == ["Size", "Latency on Arduino mkr1000"]


def test_what_is_left_out_says_why(small: Any, drawn: dict[str, Any], make_latency: Any) -> None:
    small.add("GRU 2", "watch", accuracy=0.5, latencies=(make_latency(ram=False),))
    figure = cost.figure(read(small.path))
    assert figure is not None
    why = {panel.name: panel.left_out for panel in figure.panels}
    assert why["size-watch"] == "LSTM (no better than always answering the most frequent class)"
    assert why["size-digits"] == "Fast_GRNN & Co (no finished run), GRU 2 (no finished run)"
    assert "GRU 2 (not on Arduino mkr1000: the state does not fit its RAM)" in why["latency-watch"]


def test_a_perplexity_is_drawn_as_it_is_and_downwards(folder: Any, drawn: dict[str, Any]) -> None:
    folder.add("A", accuracy=120.5, latencies=(), facts={"metric": "perplexity", "higher_is_better": False})
    assert cost.figure(read(folder.path)) is not None
    ((point,), *axes) = drawn["size-0"]
    assert (point.y, axes) == (120.5, ["KB", "perplexity", False])
    assert list(drawn) == ["size-0"]


def test_no_finished_run_no_figure(folder: Any) -> None:
    folder.add(status=Status.FAILED, reason="x")
    assert cost.figure(read(folder.path)) is None
    assert curves.figure(read(folder.path)) is None


def test_curves_are_means_of_the_epochs_that_are_numbers(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accuracies as shares in the file, in % on the page; the last epoch of seed 1 diverged."""
    seen: list[pd.DataFrame] = []
    draw = curves._draw

    def note(metrics: pd.DataFrame, *rest: Any) -> dict[str, str]:
        seen.append(metrics)
        return draw(metrics, *rest)

    monkeypatch.setattr(curves, "_draw", note)
    folder.add("A", seed=0, curve=[0.5, 0.7, 0.9])
    folder.add("A", seed=1, curve=[0.6, 0.8, float("nan")])
    folder.add("B", curve=[0.1])
    figure = curves.figure(read(folder.path))
    assert figure is not None
    (metrics,) = seen
    assert metrics[metrics["label"] == "A"]["value"].tolist() == pytest.approx([50, 70, 90, 60, 80])
    assert [panel.title for panel in figure.panels] == ["A", "B"]
    assert "A: % over epochs, at the end 90" in figure.panels[0].svg
    assert "B: % over epochs, at the end 10" in figure.panels[1].svg
    assert np.isfinite(metrics["value"]).all()


def test_a_name_stands_at_the_nearest_free_place() -> None:
    """A label of 50 by 12 pixels, 6 pixels from its point: to the right, then left, above, below."""
    room, right = Box(0, 0, 500, 500), Box(106, 94, 156, 106)
    left, above, below = Box(44, 94, 94, 106), Box(75, 106, 125, 118), Box(75, 82, 125, 94)
    taken: list[Box] = []
    for wanted in (right, left, above, below):
        assert place([(100.0, 100.0)], [(50.0, 12.0)], taken, room) == [wanted]
        taken.append(wanted)
    corner = Box(100 + 4.2, 100 + 4.2, 150 + 4.2, 112 + 4.2)  # 0.7 of 6 pixels both ways
    halves = [Box(106, 94, 156, 100), left, Box(75, 106, 100, 118), below]
    assert place([(100.0, 100.0)], [(50.0, 12.0)], halves, room) == [corner]


@pytest.mark.parametrize("gap", [6, 14, 24, 36, 50, 66])
def test_a_name_goes_further_off_step_by_step(gap: int) -> None:
    """A square that reaches so far around the point is taken: the place beside it touches it and covers nothing."""
    square = Box(100 - gap, 100 - gap, 100 + gap, 100 + gap)
    beside = Box(100 + gap, 94, 150 + gap, 106)
    assert place([(100.0, 100.0)], [(50.0, 12.0)], [square], Box(0, 0, 500, 500)) == [beside]


def test_a_name_covers_as_little_as_it_can_and_stays_inside() -> None:
    """The frame ends at 150: to the right 6 of 50 columns would be outside, which weighs ten times what is covered."""
    assert place([(100.0, 100.0)], [(50.0, 12.0)], [], Box(0, 0, 150, 500)) == [Box(44, 94, 94, 106)]
    assert Box(0, 0, 10, 10).shared(Box(4, 7, 20, 20)) == 6 * 3
    assert Box(0, 0, 10, 10).shared(Box(10, 0, 20, 10)) == 0
    assert Box(0, 0, 10, 10).outside(Box(4, 0, 20, 20)) == 40


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
    scatter._scale_x(axes, values)
    assert axes.get_xscale() == scale
    if ticks:
        found = axes.xaxis.get_major_locator().tick_values(1, 9)
        assert {round(tick) for tick in found if 1 <= tick <= 9} == ticks
        assert axes.xaxis.get_major_formatter()(2.0) == "2"


def test_names_keep_off_the_lines_of_the_figure() -> None:
    """Bars of both spreads, then the steps between the best."""
    low, high = Point("low", 1, 80, (0.5, 2), 3.0), Point("high", 4, 90)
    assert list(scatter._strokes([low, high], [low, high])) == [
        (1, 77, 1, 83),
        (0.5, 80, 2, 80),
        (1, 80, 4, 80),
        (4, 80, 4, 90),
    ]


def test_the_box_around_a_line_has_a_pixel_of_room() -> None:
    """From (5, 3) to (1, 4) in data; two pixels to the unit sideways, one upwards."""
    axes: Any = SimpleNamespace(transData=SimpleNamespace(transform=lambda end: (2 * end[0], end[1])))
    assert scatter._around(axes, 5, 3, 1, 4) == Box(2 - 1, 3 - 1, 10 + 1, 4 + 1)


def test_the_room_of_a_title_by_hand() -> None:
    """18 above the drawing, 1.4 times as large."""
    text = standalone('<svg viewBox="2 0 100 50"></svg>', "T")
    assert 'viewBox="2 -18 100 68"' in text
    assert 'width="140" height="95.2"' in text
    assert '<text x="10" y="-6"' in text


@pytest.fixture
def figures_of_curves(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    seen: list[Any] = []

    def note(figure: Any, description: str, key: str) -> str:
        seen.append((figure.axes[0], description, key))
        return "<svg/>"

    monkeypatch.setattr(curves, "to_svg", note)
    return seen


def test_a_curve_is_the_mean_with_the_others_in_grey(folder: Any, figures_of_curves: list[Any]) -> None:
    """A: means 55 and 75 of seeds 50, 60 and 70, 80; B: 20 and 40. The axis goes from 2 % of the values to the best."""
    folder.add("A", seed=0, curve=[0.5, 0.7])
    folder.add("A", seed=1, curve=[0.6, 0.8])
    folder.add("B", curve=[0.2, 0.4], kb=99.0)
    curves.figure(read(folder.path))
    (axes, said, key), (other, *_) = figures_of_curves
    assert (said, key) == ("A: % over epochs, at the end 75", "curve-0-0")
    grey, mean = axes.lines
    assert (grey.get_color(), grey.get_ydata().tolist()) == (FAINT, pytest.approx([20, 40]))
    assert (mean.get_color(), mean.get_ydata().tolist()) == (ACCENT, pytest.approx([55, 75]))
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (pytest.approx(50), pytest.approx(80))
    low = 20 + 0.02 * 5 * (40 - 20)  # sorted 20 40 50 60 70 80: the 0.1th of five steps
    assert axes.get_ylim() == pytest.approx((low - 0.05 * (80 - low), 80 + 0.05 * (80 - low)))
    assert other.lines[0].get_ydata().tolist() == pytest.approx([55, 75])


def test_a_curve_of_perplexities_leaves_out_the_worst_fifth(folder: Any, figures_of_curves: list[Any]) -> None:
    """Values 100 to 600 by 100: 0.8 of five steps is the fourth, 500."""
    facts = {"metric": "perplexity", "higher_is_better": False}
    run = folder.add("A", accuracy=100.0, facts=facts)
    lines = ["epoch,validation_perplexity", *(f"{epoch},{700 - 100 * epoch}" for epoch in range(1, 7))]
    (runs_folder(folder.path) / run.id / "metrics.csv").write_text("\n".join(lines), encoding="utf-8")
    curves.figure(read(folder.path))
    ((axes, said, _),) = figures_of_curves
    assert said == "A: perplexity over epochs, at the end 100"
    assert axes.get_ylim() == pytest.approx((100 - 0.05 * 400, 500 + 0.05 * 400))


def test_grey_curves_of_many_epochs_are_thinned(folder: Any, figures_of_curves: list[Any]) -> None:
    """180 epochs: every third of the other cells' is drawn, 60 of them; a curve of one value still has an axis."""
    for cell in "AB":
        folder.add(cell, curve=[0.5] * 180)
    curves.figure(read(folder.path))
    axes = figures_of_curves[0][0]
    assert axes.lines[0].get_xdata().tolist() == list(range(3, 181, 3))
    assert len(axes.lines[1].get_xdata()) == 180
    assert axes.get_ylim() == (49, 51)
