"""Two classes of activities from a phone: UCI HAR merged as in the FastGRNN paper's HAR-2."""

from __future__ import annotations

from bench.data.catalogue import Recipe
from bench.data.families import activity
from bench.data.sets import har6

_INFO = activity.merged(har6.INFO, "har2", "HAR-2")

RECIPE = Recipe(_INFO, har6.SOURCE, lambda path: activity.read_har(path, _INFO))
