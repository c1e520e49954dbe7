"""Specifications of runs, with their parts, canonical form and id; and grids, which stand for many runs."""

from bench.spec.compression import CompressPart
from bench.spec.executor import ExecutorPart
from bench.spec.grid import Grid, Override, read_grid
from bench.spec.language import AwdPart, LanguagePart
from bench.spec.named import RECORDED, CellPart, DataPart, held
from bench.spec.part import Part, parse
from bench.spec.paths import has, matches, paths_of, row_of
from bench.spec.reader import Reader
from bench.spec.run import SPEC_VERSION, RunSpec, check_key
from bench.spec.search import Conditional, Search
from bench.spec.size import SizePart
from bench.spec.split import SplitPart
from bench.spec.train import TrainPart
from bench.spec.yaml import read_yaml

__all__ = [
    "RECORDED",
    "SPEC_VERSION",
    "AwdPart",
    "CellPart",
    "CompressPart",
    "Conditional",
    "DataPart",
    "ExecutorPart",
    "Grid",
    "LanguagePart",
    "Override",
    "Part",
    "Reader",
    "RunSpec",
    "Search",
    "SizePart",
    "SplitPart",
    "TrainPart",
    "check_key",
    "has",
    "held",
    "matches",
    "parse",
    "paths_of",
    "read_grid",
    "read_yaml",
    "row_of",
]
