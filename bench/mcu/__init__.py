"""How long a trained model runs on a microcontroller, and whether it fits: the C code whose cycles are counted.

A cell's formula is lowered to a graph of vector operations on real numbers; a graph is quantised to a program of
integers; either is emitted as C, whose latency is predicted from costs of kernels, and simulated.
"""

from bench.mcu.costs import kernel_costs
from bench.mcu.emit.export import About, export
from bench.mcu.features import FrontEnd, frame_cycles, front_end
from bench.mcu.graph import Floats, Graph
from bench.mcu.hardware import Board, Figure, Format, board, boards, usual_boards
from bench.mcu.interpreter import Interpreter, Samples, quantise_input, run, trajectory
from bench.mcu.lower import lower
from bench.mcu.prediction import Prediction, predict
from bench.mcu.program import Int16, Program, TextProgram, WordProgram
from bench.mcu.quantise import quantise
from bench.mcu.raw import Normalised, RawInput, raw_input
from bench.mcu.simulate import Compared, compare, run_elf

__all__ = [
    "About",
    "Board",
    "Compared",
    "Figure",
    "Floats",
    "Format",
    "FrontEnd",
    "Graph",
    "Int16",
    "Interpreter",
    "Normalised",
    "Prediction",
    "Program",
    "RawInput",
    "Samples",
    "TextProgram",
    "WordProgram",
    "board",
    "boards",
    "compare",
    "export",
    "frame_cycles",
    "front_end",
    "kernel_costs",
    "lower",
    "predict",
    "quantise",
    "quantise_input",
    "raw_input",
    "run",
    "run_elf",
    "trajectory",
    "usual_boards",
]
