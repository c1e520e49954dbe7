"""How likely a text is to the integer program of a language model."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bench.mcu.interpreter import Interpreter
from bench.mcu.program import Int64, TextProgram
from bench.mcu.text.softmax import FRACTION, log_losses

_AT_ONCE = 1 << 20
"""Scores that are computed at a time."""


def losses(program: TextProgram, text: Int64) -> Int64:
    """-ln P(word | all words before it) of every word of a text but the first [n - 1].

    The text is one sequence from end to end. Results have :data:`bench.mcu.text.softmax.FRACTION` bits after the point.

    Args:
        program: from :func:`bench.mcu.text.quantise_text`.
        text: [n], n >= 2.
    """
    machine, fraction = Interpreter(program, 1), program.buffers[program.scores.buffer].fraction
    states = [number for number, buffer in enumerate(program.buffers) if buffer.role == "state"]
    parts, rows = [], max(1, _AT_ONCE // len(program.embedding))
    cuts = [*range(0, len(text) - 1, rows), len(text) - 1]
    for first, end in pairwise(cuts):
        head = Interpreter(program, end - first)
        for row, sample in enumerate(program.samples(text[first:end])):
            machine.step(sample[None])
            for number in states:
                head.arrays[number][row] = machine.arrays[number][0]
        parts.append(log_losses(head.scores(), text[first + 1 : end + 1], fraction))
    return np.concatenate(parts)


def mean_loss(program: TextProgram, text: Int64) -> float:
    """The mean of :func:`losses`, as a real number."""
    return float(losses(program, text).mean()) * 2.0**-FRACTION
