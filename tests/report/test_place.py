"""Where names of points go."""

from __future__ import annotations

import random

import pytest

from bench.report.drawing import scatter
from bench.report.drawing.place import Box, place
from bench.report.drawing.scatter import Point
from bench.report.drawing.svg import blank


def test_names_do_not_cover_one_another_where_there_is_room() -> None:
    draw = random.Random(1)
    points = [(draw.uniform(80, 420), draw.uniform(40, 260)) for _ in range(10)]
    frame = Box(0, 0, 500, 300)
    boxes = place(points, [(55.0, 12.0)] * 10, [Box(x - 5, y - 5, x + 5, y + 5) for x, y in points], frame)
    for number, box in enumerate(boxes):
        assert box.outside(frame) == 0
        assert all(box.shared(other) == 0 for other in boxes[:number])


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
    ("off", "lines"),
    [((6, 0), 0), ((-13, 0), 1), ((0, 13), 1), ((0, -13), 1), ((7, -7), 1), ((6, -6), 0), ((-6, 6), 0)],
)
def test_a_line_leads_to_a_name_that_is_more_than_12_pixels_off(
    off: tuple[float, float], lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The distance is sideways and upwards together, to the nearest spot of the name."""
    figure, axes = blank(4, 3)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    x, y = map(float, axes.transData.transform((0.5, 0.5)))
    corner = (x + off[0], y + off[1])
    wide, tall = (-20 if off[0] < 0 else 20), (-10 if off[1] < 0 else 10)
    sides, ends = sorted((corner[0], corner[0] + wide)), sorted((corner[1], corner[1] + tall))
    monkeypatch.setattr(scatter, "place", lambda *_: [Box(sides[0], ends[0], sides[1], ends[1])])
    point = Point("a", 0.5, 0.5)
    scatter._name_points(figure, axes, [point], [point], [])
    assert len(axes.lines) == lines
    assert [text.get_text() for text in axes.texts] == ["a"]
    if lines:
        near = axes.transData.inverted().transform(corner)
        assert axes.lines[0].get_xydata().tolist() == [pytest.approx([0.5, 0.5]), pytest.approx(near.tolist())]
