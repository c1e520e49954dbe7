"""How long a trained model runs on a microcontroller, and whether it fits: boards as data, operations as traced."""

from bench.mcu.cycles import Latency, latency
from bench.mcu.hardware import Basis, Board, Costs, Figure, Spread, board, boards
from bench.mcu.kinds import Counts
from bench.mcu.operations import OpCounts, count

__all__ = [
    "Basis",
    "Board",
    "Costs",
    "Counts",
    "Figure",
    "Latency",
    "OpCounts",
    "Spread",
    "board",
    "boards",
    "count",
    "latency",
]
