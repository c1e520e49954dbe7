"""Writes a model for a board: C, a test vector, a README that says how to call it, and an Arduino sketch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.mcu.emit import emit
from bench.mcu.emit.source import STEM, Source
from bench.mcu.emit.template import as_c, render
from bench.mcu.graph import Graph
from bench.mcu.hardware import Board
from bench.mcu.interpreter import Samples, trajectory
from bench.mcu.prediction import Prediction
from bench.mcu.program import Program
from bench.mcu.reference import TOLERANCE


def export(
    model: Program | Graph,
    board: Board,
    example: Samples,
    latency: Prediction,
    folder: Path,
    *,
    title: str,
    classes: Sequence[str],
) -> Source:
    """Writes ``rnn_model.h``, ``rnn_model.c``, ``rnn_test_vector.h``, ``README.md`` and ``<name of the folder>.ino``.

    Args:
        model: integers, from :func:`bench.mcu.quantise`; or float32, from :func:`bench.mcu.lower`.
        board: the code is laid out for its processor.
        example: a sequence [T, D] in the model's format, of which the test vector says the answers.
        latency: from :func:`bench.mcu.predict`, for the README.
        folder: is made where it is missing; files of these names are overwritten.
        title: of the model.
        classes: their names.

    Raises:
        RnnbenchError: when the model is too large for the code.
        OSError: when the folder cannot be written.
    """
    source = emit(model, board.target, title)
    table = trajectory(model, example)
    fractions = (
        {"fraction": model.buffers[0].fraction, "score_fraction": model.buffers[model.scores.buffer].fraction}
        if isinstance(model, Program)
        else {"tolerance": TOLERANCE}
    )
    values = {
        **fractions,
        "integer": isinstance(model, Program),
        "title": title,
        "stem": STEM,
        "mark": MARK,
        "sketch": _sketch(folder),
        "board": board.title,
        "core": board.core,
        "inputs": model.buffers[0].size,
        "steps": len(example),
        "samples": as_c(example),
        "scores": as_c(table),
        "answers": ", ".join(str(answer) for answer in table.argmax(1).tolist()),
        "classes": list(classes),
        "latency": latency,
    }
    templates = {**_FILES, _sketch(folder): "sketch.ino.j2"}
    files = source.files | {name: render(template, values) for name, template in templates.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return replace(source, files=files)


MARK = "<!-- written by rnnbench export -->"
"""Stands in every README of an export, which the next export may overwrite."""
_FILES = {"rnn_test_vector.h": "test_vector.h.j2", "README.md": "export_readme.md.j2"}


def _sketch(folder: Path) -> str:
    """The name of the sketch: Arduino's tools open one whose folder has its name."""
    name = folder.resolve().name
    return f"{name if re.fullmatch('[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}', name) else STEM}.ino"
