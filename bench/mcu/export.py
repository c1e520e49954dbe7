"""Writes a model for a board: C, a test vector, a README that says how to call it, and an Arduino sketch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.mcu.emit import STEM, Source, as_c, emit, environment
from bench.mcu.hardware import Board
from bench.mcu.interpreter import Interpreter
from bench.mcu.prediction import IntegerLatency
from bench.mcu.program import Int16, Program


def export(
    program: Program,
    board: Board,
    example: Int16,
    latency: IntegerLatency,
    folder: Path,
    *,
    title: str,
    classes: Sequence[str],
) -> Source:
    """Writes ``rnn_model.h``, ``rnn_model.c``, ``rnn_test_vector.h``, ``README.md`` and ``rnn_model.ino``.

    Args:
        program: from :func:`bench.mcu.quantise`.
        board: the code is laid out for its processor.
        example: a sequence [T, D] in the program's format, of which the test vector says the answers.
        latency: from :func:`bench.mcu.predict`, for the README.
        folder: is made where it is missing; files of these names are overwritten.
        title: of the model.
        classes: their names.

    Raises:
        RnnbenchError: when the program is too large for the code.
        OSError: when the folder cannot be written.
    """
    source = emit(program, board.target, title)
    machine = Interpreter(program, 1)
    scores = []
    for sample in example:
        machine.step(sample[None])
        scores.append(machine.scores()[0])
    table = np.array(scores, np.int16)
    values = {
        "title": title,
        "stem": STEM,
        "board": board.title,
        "core": board.core,
        "inputs": program.buffers[0].size,
        "fraction": program.buffers[0].fraction,
        "score_fraction": program.buffers[program.scores.buffer].fraction,
        "steps": len(example),
        "samples": as_c(example),
        "scores": as_c(table),
        "answers": ", ".join(str(int(each)) for each in table.argmax(1)),
        "classes": list(classes),
        "latency": latency,
        "sparse": sorted({call.function for call in source.step + source.head}),
    }
    templates = environment()
    for name, template in _FILES.items():
        source.files[name] = templates.get_template(template).render(values)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in source.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return source


_FILES = {
    "rnn_test_vector.h": "test_vector.h.j2",
    "README.md": "export_readme.md.j2",
    f"{STEM}.ino": "sketch.ino.j2",
}
