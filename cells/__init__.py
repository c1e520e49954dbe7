"""The cell contract and the weights, with the FastGRNN paper's cells, FastRNN and FastGRNN. Knows torch only."""

from cells.cell import Cell, State, one_of
from cells.registry import register, registered
from cells.weight import Spread, Weight, materialised, normal, outside, uniform

__all__ = [
    "Cell",
    "Spread",
    "State",
    "Weight",
    "materialised",
    "normal",
    "one_of",
    "outside",
    "register",
    "registered",
    "uniform",
]
