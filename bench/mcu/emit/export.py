"""Writes a model for a board as a library for Arduino, PlatformIO and CMake, from a sensor's samples to an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import RnnbenchError
from bench.mcu.emit import emit
from bench.mcu.emit.source import STEM
from bench.mcu.emit.template import as_c, literal, render
from bench.mcu.features import FrontEnd, frame_cycles
from bench.mcu.features.code import values as front_values
from bench.mcu.features.front_end import sound
from bench.mcu.graph import Graph
from bench.mcu.hardware import Board
from bench.mcu.interpreter import Samples, trajectory
from bench.mcu.prediction import Prediction
from bench.mcu.program import Delta, Program, TextProgram, WordProgram
from bench.mcu.raw import Normalised, RawInput
from bench.mcu.reference import TOLERANCE
from bench.mcu.text.softmax import FRACTION, log_losses

MARK = "written by rnnbench export"
"""Stands in every file of an export, which the next export may overwrite."""
NAME = STEM.partition("_")[0]
"""What every name in the code begins with, unless another is asked for."""
_FILES = {
    "README.md": "export_readme.md.j2",
    "library.properties": "library.properties.j2",
    "library.json": "library.json.j2",
    "CMakeLists.txt": "CMakeLists.txt.j2",
    "extras/check.c": "check.c.j2",
    "examples/check/check.ino": "sketch.ino.j2",
    "examples/feed/feed.ino": "feed.ino.j2",
    "src/rnn_sensor.h": "sensor.h.j2",
    "src/rnn_sensor.c": "sensor.c.j2",
    "src/rnn_test_vector.h": "test_vector.h.j2",
}
_FRAMES = 6
"""Frames of the sound among the test vectors."""
_AUDIO_STACK = 512
"""Bytes of the stack of features and their check, beyond the model's. An estimate."""
_LANGUAGE = {
    **{name: _FILES[name] for name in ("library.properties", "library.json", "CMakeLists.txt", "extras/check.c")},
    "README.md": "export_readme_text.md.j2",
    "words.tsv": "words.tsv.j2",
    "examples/check/check.ino": "sketch_text.ino.j2",
    "src/rnn_test_vector.h": "test_vector_text.h.j2",
}
"""The files of a language model's export beside its code."""
_TEXT = _LANGUAGE | {name: _FILES[name] for name in ("src/rnn_sensor.h", "src/rnn_sensor.c")}
"""Those of a classifier of texts."""
_CODE = (f"src/{STEM}.h", f"src/{STEM}.c")


@dataclass(frozen=True)
class About:
    """What a model's code says beside its numbers.

    Attributes:
        title: of the model.
        classes: their names; none of a language model.
        window: samples of the longest sequence in training.
        sample_hz: of the sensor; ``None`` where it is unknown.
        raw: how the sensor's numbers are normalised; ``None`` where it is unknown.
        provenance: lines that say where the model comes from.
        name: what every name in the code begins with.
        audio: how the features are computed from audio; ``None`` where they are not, or ``raw`` is unknown.
        words: by number, of a model that reads them.
        inputs: what the numbers of a sample are, in their order; empty where it is unknown.
    """

    title: str
    classes: Sequence[str]
    window: int
    sample_hz: float | None
    raw: RawInput | Normalised | None
    provenance: Sequence[str]
    name: str = NAME
    audio: FrontEnd | None = None
    words: Sequence[str] = ()
    inputs: str = ""


def paths(name: str = NAME) -> tuple[str, ...]:
    """The files of any export, below its folder.

    Raises:
        RnnbenchError: when names in C cannot begin so.
    """
    if not re.fullmatch("[a-z][a-z0-9_]{0,30}", name):
        raise RnnbenchError(
            f"--name {name}: names in the code cannot begin so: small letters, digits and _ from a letter on"
        )
    return tuple(file.replace("rnn_", f"{name}_") for file in (*_CODE, *{**_FILES, **_TEXT}))


def export(
    model: Program | Graph, board: Board, example: Samples, latency: Prediction, folder: Path, about: About
) -> dict[str, str]:
    """Writes those files of :func:`paths` that the model has.

    Args:
        model: integers, from :func:`bench.mcu.quantise`; or float32, from :func:`bench.mcu.lower`.
        board: the code is laid out for its processor.
        example: a sequence [T, D] as the sensor gives it, of which the test vector says the answers; without
            ``about.raw``, in the model's format. For a model that reads words, words [T].
        latency: from :func:`bench.mcu.predict`, for the README.
        folder: is made where it is missing; files of these names are overwritten.
        about: the model.

    Returns:
        The text of the files by name.

    Raises:
        RnnbenchError: when the model is too large for the code, or ``about.name`` is no name.
        OSError: when the folder cannot be written.
    """
    paths(about.name)
    kinds = ((TextProgram, _LANGUAGE), (WordProgram, _TEXT), (object, _FILES))
    own = next(files for kind, files in kinds if isinstance(model, kind))
    source = emit(model, board.target, about.title)
    values = _values(model, board, example, latency, about)
    texts = [*(source.files[Path(file).name] for file in _CODE), *(render(file, values) for file in own.values())]
    names = [_named(file, about.name) for file in (*_CODE, *own)]
    files = {name: _named(text, about.name) for name, text in zip(names, texts, strict=True)}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return files


def _named(text: str, name: str) -> str:
    """The text with another beginning of its names, file names included."""
    return re.sub(r"\bRNN_", f"{name.upper()}_", re.sub(r"\brnn_", f"{name}_", text))


def _values(
    model: Program | Graph, board: Board, example: Samples, latency: Prediction, about: About
) -> dict[str, Any]:
    table = trajectory(model, example if about.raw is None else about.raw.normalise(example))
    integer = isinstance(model, Program)
    return {
        **_formats(model),
        **_losses(model, table),
        **_raw(about.raw),
        **_audio(model, board, latency, about),
        "integer": integer,
        "title": about.title,
        "generator": f"{MARK.capitalize()} for {board.target.name}, {latency.format}; do not edit.",
        "provenance": list(about.provenance),
        "stem": STEM,
        "name": NAME,  # replaced with all others
        "version": "1.0.0",
        "board": board.title,
        "core": board.core,
        "inputs": model.buffers[0].size,
        "steps": len(example),
        "window": about.window,
        "hz": about.sample_hz,
        "meaning": about.inputs,
        "names": ", ".join(json.dumps(name) for name in about.classes),
        "words": isinstance(model, WordProgram),
        "softmax": isinstance(model, TextProgram),
        "entries": list(about.words),
        "samples": as_c(example),
        "scores": as_c(table),
        "answers": ", ".join(str(answer) for answer in table.argmax(1).tolist()),
        "classes": list(about.classes),
        "latency": latency,
        "skips": any(isinstance(kernel, Delta) for kernel in model.step),
    }


def _audio(model: Program | Graph, board: Board, latency: Prediction, about: About) -> dict[str, Any]:
    """How the program listens, and a sound with the scores that it must give."""
    front, raw = about.audio, about.raw
    if front is None or raw is None:
        return {"audio": None}
    hops = front.held // front.hop
    frames = min(_FRAMES, about.window)
    heard = sound((hops + frames - 1) * front.hop)
    scores = trajectory(model, raw.normalise(front.numbers(front.logs(heard)[:frames], raw)))[-1]
    cycles = frame_cycles(front, board.target)
    return {
        "audio": {
            **front_values(front),
            "shifts": as_c(np.array(front.shifts(raw))) if isinstance(raw, RawInput) else "",
            "sound": as_c(heard),
            "calls": hops + frames - 1,
            "scores": as_c(scores),
            "answer": int(scores.argmax()),
            "cycles": cycles,
            "ms": cycles and 1000 * cycles / board.clock_hz.value,
            "fits": latency.ram_bytes + front.ram_bytes + _AUDIO_STACK <= board.ram_bytes.value,
        }
    }


def _formats(model: Program | Graph) -> dict[str, Any]:
    if not isinstance(model, Program):
        return {"tolerance": TOLERANCE}
    powers = np.rint(2.0 ** (15 - np.arange(17) / 16)).astype(np.int64)
    scores = model.buffers[model.scores.buffer]
    return {"fraction": model.buffers[0].fraction, "score_fraction": scores.fraction, "powers": as_c(powers)}


def _losses(model: Program | Graph, scores: Samples) -> dict[str, Any]:
    """Of a language model -ln P of the answers."""
    if not isinstance(model, TextProgram):
        return {}
    found = log_losses(scores, scores.argmax(1), model.buffers[model.scores.buffer].fraction)
    return {"losses": ", ".join(f"{loss}ul" for loss in found.tolist()), "loss_fraction": FRACTION}


def _raw(raw: RawInput | Normalised | None) -> dict[str, Any]:
    """The constants of normalisation, as C prints them."""
    if raw is None:
        return {"raw": False}
    if isinstance(raw, Normalised):
        return {"raw": True, "means": as_c(raw.mean), "deviations": as_c(raw.deviation)}
    columns = {
        f"{name}s": ", ".join(literal(getattr(channel, name)) for channel in raw.channels)
        for name in ("fraction", "factor", "offset", "shift")
    }
    scales = ", ".join(literal(2.0**channel.fraction) for channel in raw.channels)
    return {"raw": True, "limit": raw.limit, "scales": scales, **columns}
