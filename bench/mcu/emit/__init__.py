"""C99 from a program or a graph: one self-contained model for one processor."""

from __future__ import annotations

from bench.mcu.emit.integer import IntegerEmitter
from bench.mcu.emit.real import FloatEmitter
from bench.mcu.emit.source import Call, Source, assemble
from bench.mcu.emit.text import TextEmitter, WordEmitter
from bench.mcu.graph import Graph
from bench.mcu.program import Program, TextProgram, WordProgram
from bench.mcu.target import Target

__all__ = ["Call", "Source", "emit"]


def emit(model: Program | Graph, target: Target, title: str | None = None) -> Source:
    """The C code of a model, its kernels and weights laid out for a processor.

    Args:
        model: integers, from :func:`bench.mcu.quantise`; or float32, from :func:`bench.mcu.lower`.
        target: the processor.
        title: what the comments call the model.

    Raises:
        RnnbenchError: when a size is beyond the code's counters.
    """
    if isinstance(model, Graph):
        return assemble(FloatEmitter(model, target), title)
    kinds = ((TextProgram, TextEmitter), (WordProgram, WordEmitter), (Program, IntegerEmitter))
    emitter = next(emitter for kind, emitter in kinds if isinstance(model, kind))
    return assemble(emitter(model, target), title)
