"""Which points stand out, and where names go."""

from __future__ import annotations

import random
import re
from xml.etree import ElementTree

from bench.report.figures import Point, trade_off, undominated
from bench.report.place import Box, place
from bench.report.svg import standalone


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
    one = [Point("a", 3.0, 90.0)]
    assert "<svg" in trade_off(one, "KB", "accuracy (%)", True, "k")
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
    names = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert names[0] == "Set & <more>"
    assert {"A", "B"} <= set(names)
    _, top, _, height = map(float, drawn.attrib["viewBox"].split())
    assert top < 0 < height
    style = drawn.findtext("{http://www.w3.org/2000/svg}style")
    assert style is not None
    for used in set(re.findall(r"var\((--\w+)\)", standalone(inside, ""))):
        assert f"{used}:" in style
