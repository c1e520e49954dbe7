"""Places the labels of points, so that they cover neither each other nor the points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle, in pixels."""

    left: float
    low: float
    right: float
    high: float

    def shared(self, other: Box) -> float:
        """Returns the area that both cover."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        tall = min(self.high, other.high) - max(self.low, other.low)
        return wide * tall if wide > 0 and tall > 0 else 0.0

    def outside(self, frame: Box) -> float:
        """Returns the area of this box that the frame does not cover."""
        return (self.right - self.left) * (self.high - self.low) - self.shared(frame)


_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def place(
    points: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], taken: Sequence[Box], frame: Box
) -> list[Box]:
    """Returns a box for each label: the nearest free place around its point, or the place that covers least.

    Args:
        points: x and y of each point, in pixels.
        sizes: width and height of each label.
        taken: what no label should cover: markers, error bars.
        frame: what no label should leave.
    """
    used = list(taken)
    for point, size in zip(points, sizes, strict=True):
        best = min(_candidates(point, size), key=lambda box: _cost(box, used, frame))  # the first of equals
        used.append(best)
    return used[len(taken) :]


def _cost(box: Box, used: Sequence[Box], frame: Box) -> float:
    return round(sum(box.shared(other) for other in used) + 10 * box.outside(frame), 6)


def _candidates(point: tuple[float, float], size: tuple[float, float]) -> Iterator[Box]:
    """Yields boxes around a point, the near ones first."""
    (x, y), (width, height) = point, size
    for gap in (6, 14, 24, 36, 50, 66):
        for sideways, up in _SIDES:
            reach = gap if not (sideways and up) else gap * 0.7
            left = x + sideways * reach - (width if sideways < 0 else 0 if sideways > 0 else width / 2)
            low = y + up * reach - (height if up < 0 else 0 if up > 0 else height / 2)
            yield Box(left, low, left + width, low + height)
