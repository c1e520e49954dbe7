"""Predicted against simulated: cycles, and every bit of every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.mcu import simulation, toolchain
from bench.mcu.emit import emit
from bench.mcu.hardware import Board
from bench.mcu.interpreter import Interpreter
from bench.mcu.prediction import predict
from bench.mcu.program import Int16, Program


@dataclass(frozen=True)
class Compared:
    """A program's prediction and its simulation on one board.

    Attributes:
        board: its name.
        compiler: with version and optimisation.
        steps: simulated.
        predicted_step: cycles.
        simulated_step: cycles, the mean of the steps.
        predicted_answer: cycles.
        simulated_answer: cycles, the mean of the answers.
        error: of the predicted step, relative to the simulated.
        ratio: of the step's products to the core's limit, predicted.
        exact: whether every score after every sample was the interpreter's.
    """

    board: str
    compiler: str
    steps: int
    predicted_step: int
    simulated_step: float
    predicted_answer: int
    simulated_answer: float
    error: float
    ratio: float
    exact: bool


def compare(program: Program, board: Board, sequences: Sequence[Int16]) -> Compared:
    """Compiles, simulates and compares.

    Args:
        program: from :func:`bench.mcu.quantise`.
        board: from :func:`bench.mcu.board`.
        sequences: each [T, D] in the program's format.

    Raises:
        RnnbenchError: when a tool is missing, or the program does not fit.
    """
    ran = simulation.run(emit(program, board.target), board.target, sequences)
    predicted = predict(program, board, steps=len(sequences[0]))
    exact = True
    for x, scores in zip(sequences, ran.scores, strict=True):
        machine = Interpreter(program, 1)
        for sample, said in zip(x, scores, strict=True):
            machine.step(sample[None])
            exact = exact and np.array_equal(machine.scores()[0], said)
    simulated = float(np.mean(ran.step_cycles))
    return Compared(
        board=board.name,
        compiler=toolchain.version(board.target),
        steps=sum(map(len, sequences)),
        predicted_step=predicted.cycles_per_step,
        simulated_step=simulated,
        predicted_answer=predicted.answer_cycles,
        simulated_answer=float(np.mean(ran.answer_cycles)),
        error=predicted.cycles_per_step / simulated - 1,
        ratio=predicted.ratio,
        exact=exact,
    )
