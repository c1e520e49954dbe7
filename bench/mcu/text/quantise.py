"""Integer programs that read words: that of cell and scores, and the embedding in int8."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from bench.errors import RnnbenchError
from bench.mcu.formats import weight_fraction
from bench.mcu.graph import Floats, Graph
from bench.mcu.program import Int64, Program, TextProgram, WordProgram
from bench.mcu.quantise import quantise
from bench.mcu.text.softmax import MOST_WORDS

NO_FLOATS = "the float32 program of a model that reads words is not written; compress.quantise gives one in integers"


def quantise_words(graph: Graph, embedding: Floats, words: Int64, lengths: Int64 | None = None) -> WordProgram:
    """The integer program of a classifier of texts.

    The embedding has one scale, with which its largest number just fits an int8; where the cell's sample has fewer bits
    after the point, that of the sample.

    Args:
        graph: from :func:`bench.mcu.lower`.
        embedding: [V, D].
        words: [N, T], a calibration batch of the training texts; its largest values set the formats.
        lengths: [N]; words after a text's end do not count. All T otherwise.

    Raises:
        RnnbenchError: when a value is not finite, or the vocabulary is too large.
    """
    if len(embedding) > MOST_WORDS:
        raise RnnbenchError(f"{graph.subject}: a vocabulary of {len(embedding)} words, the code counts {MOST_WORDS}")
    if not np.isfinite(embedding).all():
        raise RnnbenchError(f"{graph.subject}: its embedding is not finite; was training stable?")
    fraction = weight_fraction(embedding)
    rounded = np.rint(embedding * 2.0**fraction) * 2.0**-fraction
    program = quantise(graph, rounded[words], lengths, reach=float(np.abs(rounded).max()))
    sample = program.buffers[0]
    fraction = min(fraction, sample.fraction)
    table = np.rint(embedding * 2.0**fraction).astype(np.int8)
    return WordProgram(**_parts(program), embedding=table, shift=sample.fraction - fraction)


def quantise_text(graph: Graph, embedding: Floats, words: Int64) -> TextProgram:
    """The integer program of a language model, whose graph ends with the softmax's scores.

    Arguments and errors are those of :func:`quantise_words`; scores may have no integer form, too.
    """
    program = quantise_words(graph, embedding, words)
    if program.buffers[program.scores.buffer].fraction < 1:
        raise RnnbenchError(f"{graph.subject}: scores beyond 15,000 have no integer softmax; was training stable?")
    return TextProgram(**_parts(program))


def _parts(program: Program) -> dict[str, Any]:
    return {field.name: getattr(program, field.name) for field in fields(program)}
