"""Mean and standard deviation over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable


def mean(values: Iterable[float]) -> float | None:
    """Returns the mean, by Kahan's compensated sum; ``None`` of no values."""
    total, lost, n = 0.0, 0.0, 0
    for value in values:
        term = value - lost
        raised = total + term
        total, lost, n = raised, raised - total - term, n + 1
    return total / n if n else None


def deviation(values: Iterable[float]) -> float | None:
    """Returns the sample standard deviation (ddof 1), by Welford's recurrence; ``None`` of fewer than two values."""
    centre, squares, n = 0.0, 0.0, 0
    for value in values:
        n += 1
        before = value - centre
        centre += before / n
        squares += before * (value - centre)
    return math.sqrt(squares / (n - 1)) if n > 1 else None
