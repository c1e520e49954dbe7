"""Predicted against simulated: cycles, and every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.mcu.emit import emit
from bench.mcu.graph import Graph
from bench.mcu.hardware import Board, Format
from bench.mcu.interpreter import Samples, trajectory
from bench.mcu.prediction import predict
from bench.mcu.program import Program
from bench.mcu.reference import TOLERANCE
from bench.mcu.simulate.firmware import compiler_version
from bench.mcu.simulate.run import run, simulator_version


@dataclass(frozen=True)
class Compared:
    """A model's prediction and its simulation on one board.

    Attributes:
        board: its name.
        format: of the model's numbers.
        compiler: with version and optimisation.
        simulator: with version.
        steps: simulated.
        predicted_step: cycles.
        simulated_step: cycles, the mean of the steps but each sequence's first, whose state of zeros costs soft float
            less.
        predicted_answer: cycles.
        simulated_answer: cycles, the mean of the answers.
        error: of the predicted step, relative to the simulated.
        ratio: of the step's products to the core's limit, predicted; ``None`` in float32.
        worst: the largest difference of a score from the interpreter's, relative to 1 + its size.
        exact: whether every score after every sample was the interpreter's.
        agrees: ``exact``, or in float32 ``worst`` within :data:`bench.mcu.reference.TOLERANCE`.
    """

    board: str
    format: Format
    compiler: str
    simulator: str
    steps: int
    predicted_step: int
    simulated_step: float
    predicted_answer: int
    simulated_answer: float
    error: float
    ratio: float | None
    worst: float
    exact: bool
    agrees: bool


def compare(model: Program | Graph, board: Board, sequences: Sequence[Samples]) -> Compared:
    """Compiles, simulates and compares.

    Args:
        model: integers, from :func:`bench.mcu.quantise`; or float32, from :func:`bench.mcu.lower`.
        board: from :func:`bench.mcu.board`.
        sequences: each [T, D] in the model's format.

    Raises:
        RnnbenchError: when a tool is missing, or the program does not fit.
    """
    source = emit(model, board.target)
    ran = run(source, board.target, sequences)
    predicted = predict(model, board, steps=len(sequences[0]))
    worst = 0.0
    for x, scores in zip(sequences, ran.scores, strict=True):
        wanted = trajectory(model, x)
        worst = max(worst, float((np.abs(scores - wanted) / (1 + np.abs(wanted))).max()))
    simulated = float(np.mean(_later(ran.step_cycles, sequences)))
    return Compared(
        board=board.name,
        format=source.format,
        compiler=compiler_version(board.target),
        simulator=simulator_version(board.target),
        steps=sum(map(len, sequences)),
        predicted_step=predicted.cycles_per_step,
        simulated_step=simulated,
        predicted_answer=predicted.answer_cycles,
        simulated_answer=float(np.mean(ran.answer_cycles)),
        error=predicted.cycles_per_step / simulated - 1,
        ratio=predicted.ratio,
        worst=worst,
        exact=worst == 0,
        agrees=worst <= (0 if source.format == "int8" else TOLERANCE),
    )


def _later(cycles: list[float], sequences: Sequence[Samples]) -> list[float]:
    """The steps of every sequence but its first, where there are others."""
    firsts = set(np.cumsum([0, *map(len, sequences)]).tolist())
    return [count for number, count in enumerate(cycles) if number not in firsts] or cycles
