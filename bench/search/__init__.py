"""Searches: the same number of configurations for every cell, a choice on validation data, fresh seeds at the end.

A grid with ``search`` has three phases. Its trials never open the test set. When the last of them is over, ``choose``
picks a configuration for each cell and data set, and the runs of ``final`` come into being. What was drawn and what
was chosen are files in the results folder, ``trials.json`` and ``chosen.json``, from which any worker reads its runs.
"""

from bench.search.fill import Filler
from bench.search.phases import Phases, advance, note, phases

__all__ = ["Filler", "Phases", "advance", "note", "phases"]
