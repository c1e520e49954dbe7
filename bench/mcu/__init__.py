"""How long a trained model runs on a microcontroller, and whether it fits: boards as data, operations as traced."""

from bench.mcu.comparison import Compared, compare
from bench.mcu.costs import kernel_costs
from bench.mcu.cycles import Latency, latency
from bench.mcu.graph import Floats, Graph
from bench.mcu.hardware import Basis, Board, Costs, Figure, Format, Spread, board, boards
from bench.mcu.interpreter import Interpreter, accuracy, quantise_input, run
from bench.mcu.kinds import Counts
from bench.mcu.lower import lower
from bench.mcu.operations import OpCounts, count
from bench.mcu.prediction import CodeLatency, predict
from bench.mcu.program import Int16, Program
from bench.mcu.quantisation import quantise
from bench.mcu.simulation import Samples

__all__ = [
    "Basis",
    "Board",
    "CodeLatency",
    "Compared",
    "Costs",
    "Counts",
    "Figure",
    "Floats",
    "Format",
    "Graph",
    "Int16",
    "Interpreter",
    "Latency",
    "OpCounts",
    "Program",
    "Samples",
    "Spread",
    "accuracy",
    "board",
    "boards",
    "compare",
    "count",
    "kernel_costs",
    "latency",
    "lower",
    "predict",
    "quantise",
    "quantise_input",
    "run",
]
