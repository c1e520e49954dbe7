"""Speed, measured on the user's own machine: cells, the training loop, runs together, a small grid."""

from bench.speed.cells import SHAPES, compare_cells
from bench.speed.grid import GRIDS, compare_grid
from bench.speed.loop import compare_loop
from bench.speed.pack import compare_pack
from bench.speed.report import Comparison, Row

__all__ = ["GRIDS", "SHAPES", "Comparison", "Row", "compare_cells", "compare_grid", "compare_loop", "compare_pack"]
