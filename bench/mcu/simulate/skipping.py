"""How many cycles columns that are not applied save: a program simulated as it is, and with delta execution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.mcu.delta import delta
from bench.mcu.emit import emit
from bench.mcu.hardware import Board
from bench.mcu.interpreter import Samples, trajectory
from bench.mcu.program import Program
from bench.mcu.simulate.run import run


@dataclass(frozen=True)
class Skipped:
    """A program on a simulated board, with a threshold.

    Attributes:
        threshold: in the unit of the factors; ``None`` for the program as it is.
        program: that was run.
        mean: cycles of a step, over all steps of all sequences.
        worst: the most cycles of a step.
        saved: the part of the plain program's mean that it spares; below 0 where it takes more.
        constants: bytes of flash of weights and biases.
        ram_bytes: buffers.
        exact: whether every score was the interpreter's.
    """

    threshold: float | None
    program: Program
    mean: float
    worst: float
    saved: float
    constants: int
    ram_bytes: int
    exact: bool


def skipping(
    program: Program, board: Board, sequences: Sequence[Samples], thresholds: Sequence[float]
) -> Iterator[Skipped]:
    """Yields the plain program first, then one for each threshold.

    Args:
        program: from :func:`bench.mcu.quantise`.
        board: from :func:`bench.mcu.board`.
        sequences: each [T, D] in the program's format.
        thresholds: as :func:`bench.mcu.delta.delta`.

    Raises:
        RnnbenchError: when a tool is missing, the program does not fit, or it has no product of its state.
    """
    plain = 0.0
    for threshold in (None, *thresholds):
        model = program if threshold is None else delta(program, threshold)
        source = emit(model, board.target)
        ran = run(source, board.target, sequences)
        mean = float(np.mean(ran.step_cycles))
        plain = plain or mean
        yield Skipped(
            threshold=threshold,
            program=model,
            mean=mean,
            worst=max(ran.step_cycles),
            saved=1 - mean / plain,
            constants=source.flash_bytes,
            ram_bytes=source.ram_bytes,
            exact=all((trajectory(model, x) == said).all() for x, said in zip(sequences, ran.scores, strict=True)),
        )
