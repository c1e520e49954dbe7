"""The integer program of a language model: that of its cell and scores, and its embedding in int8."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from bench.errors import RnnbenchError
from bench.mcu.formats import weight_fraction
from bench.mcu.graph import Floats, Graph
from bench.mcu.program import Int64, TextProgram
from bench.mcu.quantise import quantise
from bench.mcu.text.softmax import MOST_WORDS


def quantise_text(graph: Graph, embedding: Floats, words: Int64) -> TextProgram:
    """The integer program of a language model.

    The embedding has one scale, with which its largest number just fits an int8; where the cell's sample has fewer bits
    after the point, that of the sample.

    Args:
        graph: from :func:`bench.mcu.lower`, its head the softmax's scores.
        embedding: [V, D].
        words: [N, T], a calibration batch of the training text; its largest values set the formats.

    Raises:
        RnnbenchError: when a value is not finite, the vocabulary is too large, or scores have no integer form.
    """
    if len(embedding) > MOST_WORDS:
        raise RnnbenchError(f"{graph.subject}: a vocabulary of {len(embedding)} words, the code counts {MOST_WORDS}")
    if not np.isfinite(embedding).all():
        raise RnnbenchError(f"{graph.subject}: its embedding is not finite; was training stable?")
    fraction = weight_fraction(embedding)
    rounded = np.rint(embedding * 2.0**fraction) * 2.0**-fraction
    program = quantise(graph, rounded[words], reach=float(np.abs(rounded).max()))
    if program.buffers[program.scores.buffer].fraction < 1:
        raise RnnbenchError(f"{graph.subject}: scores beyond 15,000 have no integer softmax; was training stable?")
    sample = program.buffers[0]
    fraction = min(fraction, sample.fraction)
    table = np.rint(embedding * 2.0**fraction).astype(np.int8)
    own = {field.name: getattr(program, field.name) for field in fields(program)}
    return TextProgram(**own, embedding=table, shift=sample.fraction - fraction)
