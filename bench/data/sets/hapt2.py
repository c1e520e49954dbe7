"""Two classes of activities from the raw signals of UCI HAPT: the people of HAR-2, but not its windows."""

from __future__ import annotations

from bench.data.catalogue import Recipe
from bench.data.families import activity, hapt
from bench.data.sets import hapt6

_INFO = activity.merged(hapt6.INFO, "hapt2", "HAPT-2")

RECIPE = Recipe(_INFO, hapt.SOURCE, lambda path: hapt.read_hapt(path, _INFO))
