"""What the FastGRNN paper contributes: the cell contract, the weights, FastRNN and FastGRNN. Knows torch only."""

from cells.cell import Cell, State, register, registered
from cells.weight import Weight, materialised, normal

__all__ = ["Cell", "State", "Weight", "materialised", "normal", "register", "registered"]
