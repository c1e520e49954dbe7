"""What the FastGRNN paper contributes: the cell contract, the weights, FastRNN and FastGRNN. Knows torch only."""

from cells.cell import Cell, State, one_of
from cells.registry import register, registered
from cells.weight import Weight, materialised, normal, outside

__all__ = ["Cell", "State", "Weight", "materialised", "normal", "one_of", "outside", "register", "registered"]
