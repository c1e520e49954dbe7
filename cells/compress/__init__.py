"""How any cell is made small: sparsity and quantisation. They act on the factors of weights, never on a kind of cell.

Low rank is :meth:`cells.Weight.factorise`.
"""

from cells.compress.quantisation import int8_fraction, quantise_weights, to_int8
from cells.compress.sparsity import HardThreshold, kept_count, support

__all__ = ["HardThreshold", "int8_fraction", "kept_count", "quantise_weights", "support", "to_int8"]
