"""Runs compiled code in a simulator and counts its cycles between marks.

A program marks by writing a number: to GPIOR0 on AVR, to address 0xF0000000 elsewhere. An interval lasts from a mark
that is not 0 to the next. It says bytes through GPIOR1 or 0xF0000004, and ends with GPIOR2 or 0xF0000008.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu.cortex_m import NOMINAL
from bench.mcu.emit import Source
from bench.mcu.hardware import Format
from bench.mcu.interpreter import Samples
from bench.mcu.simulate import simavr
from bench.mcu.simulate.firmware import BUILDS, firmware
from bench.mcu.target import Target

WIRE: dict[Format, str] = {"int8": "<i2", "float32": "<f4"}
"""How samples and scores travel."""
LIMIT = 300.0
"""Seconds after which a program counts as one that does not end."""
_STAMP = 255  # the mark around nothing, by which a stamp's own cycles are known


@dataclass(frozen=True)
class Trace:
    """What a simulated program did.

    Attributes:
        intervals: (mark, cycles) in order; the stamp's own cycles are taken off where the program stamps nothing first.
        said: the bytes.
    """

    intervals: tuple[tuple[int, float], ...]
    said: bytes

    def of(self, mark: int) -> list[float]:
        """The cycles of every interval with a mark."""
        return [cycles for number, cycles in self.intervals if number == mark]


def missing(target: Target) -> str:
    """What the simulation of a processor lacks here, in words; empty when nothing."""
    needed = {target.compiler: target.packages} | ({"gcc": "gcc"} if target.pipeline is None else {})
    for command, packages in needed.items():
        if shutil.which(command) is None:
            return f"{command} (apt-get install {packages})"
    if target.pipeline is None:
        return "" if Path("/usr/include/simavr/sim_avr.h").is_file() else "libsimavr (apt-get install libsimavr-dev)"
    for package in ("unicorn", "capstone", "elftools"):
        if importlib.util.find_spec(package) is None:
            return f"{package} (pip install unicorn capstone pyelftools)"
    return ""


def simulator_version(target: Target) -> str:
    """The simulator of a processor, and its version."""
    return f"simavr {simavr.VERSION}" if target.pipeline is None else f"unicorn {metadata.version('unicorn')}"


def run_elf(elf: Path, target: Target, refill: int = NOMINAL, limit: float = LIMIT) -> Trace:
    """Runs a firmware to its end.

    Args:
        elf: compiled for the processor.
        target: the processor.
        refill: cycles to fill the pipeline after a taken branch, on the processors that leave it open.
        limit: seconds.

    Raises:
        RnnbenchError: when a tool is missing, or the program crashes or does not end.
    """
    if lack := missing(target):
        raise RnnbenchError(f"the simulation of {target.name} needs {lack}")
    if target.pipeline is None:
        marks, said = simavr.run(elf, limit)
    else:
        from bench.mcu.simulate import emulator

        marks, said = emulator.run(elf, target.pipeline, refill, limit)
    intervals = [(mark, later - at) for (mark, at), (_, later) in pairwise(marks) if mark]
    empty = next((cycles for mark, cycles in intervals if mark == _STAMP), 0.0)
    return Trace(tuple((mark, cycles - empty) for mark, cycles in intervals if mark != _STAMP), said)


@dataclass(frozen=True)
class Said:
    """What a model said.

    Attributes:
        scores: of each sequence after each sample [T, C], int64 or float32.
        answers: of each sequence after each sample [T].
        losses: of a language model -ln P of each answer [T], with 16 bits after the point; else nothing.
    """

    scores: list[Samples]
    answers: list[npt.NDArray[np.int64]]
    losses: list[npt.NDArray[np.int64]]


def said(source: Source, raw: bytes, sequences: Sequence[Samples]) -> Said:
    """The scores and answers among the bytes that a model said."""
    wire, wide = WIRE[source.format], np.int64 if source.format == "int8" else np.float32
    ends = [("answer", "<u2"), ("loss", "<u4")] if source.softmax else [("answer", "u1")]
    table = np.frombuffer(raw, np.dtype([("scores", wire, (source.classes,)), *ends]))
    cuts = np.cumsum([len(sequence) for sequence in sequences])[:-1]
    scores, answers = np.split(table["scores"].astype(wide), cuts), np.split(table["answer"].astype(np.int64), cuts)
    return Said(scores, answers, np.split(table["loss"].astype(np.int64), cuts) if source.softmax else [])


@dataclass(frozen=True)
class Simulated(Said):
    """A model in a simulator, fed with sequences.

    Attributes:
        step_cycles: of every step, in order.
        answer_cycles: of every answer, in order.
        trace: every interval.
    """

    step_cycles: list[float]
    answer_cycles: list[float]
    trace: Trace


def run(
    source: Source,
    target: Target,
    sequences: Sequence[Samples],
    *,
    inside: bool = False,
    refill: int = NOMINAL,
    build: str = BUILDS[0],
) -> Simulated:
    """Compiles a model and runs it over sequences.

    Args:
        source: from :func:`bench.mcu.emit.emit`, for that processor.
        target: the processor.
        sequences: each [T, D] in the model's format, or words [T].
        inside: stamp every kernel rather than every step.
        refill: as :func:`run_elf`.
        build: flags of optimisation.

    Raises:
        RnnbenchError: as :func:`run_elf`, or when the program does not fit.
    """
    if lack := missing(target):
        raise RnnbenchError(f"the simulation of {target.name} needs {lack}")
    with tempfile.TemporaryDirectory() as folder:
        trace = run_elf(firmware(source, target, sequences, Path(folder), inside=inside, build=build), target, refill)
    heard = said(source, trace.said, sequences)
    return Simulated(heard.scores, heard.answers, heard.losses, trace.of(1), trace.of(2), trace)
