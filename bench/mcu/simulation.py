"""Runs compiled code in a simulator and counts its cycles between marks.

A program marks by writing a number: to GPIOR0 on AVR, to address 0x40000000 on Arm. An interval lasts from a mark that
is not 0 to the next. It says bytes through GPIOR1 or 0x40000004, and ends with GPIOR2 or 0x40000008.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu import toolchain
from bench.mcu.hardware import Format, Target
from bench.mcu.source import Source, environment

WIRE: dict[Format, str] = {"int8": "<i2", "float32": "<f4"}
"""How samples and scores travel."""
Samples = npt.NDArray[Any]
Scores = npt.NDArray[Any]
_SIMAVR = "1.6"  # of Debian 12, whose library does not say
STAMP = 255
"""The mark around nothing, by which a stamp's own cycles are known."""


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
        return [cycles for each, cycles in self.intervals if each == mark]


def version(target: Target) -> str:
    """The simulator of a target, and its version."""
    return f"simavr {_SIMAVR}" if target == "avr" else f"unicorn {metadata.version('unicorn')}"


def run_elf(elf: Path, target: Target, refill: int = 2) -> Trace:
    """Runs a firmware to its end.

    Args:
        elf: compiled for the target.
        target: the processor.
        refill: cycles to fill the pipeline after a taken branch, 1 to 3, on Cortex-M3 and M4.

    Raises:
        RnnbenchError: when a tool is missing, or the program crashes or does not end.
    """
    lack = toolchain.missing(target)
    if lack:
        raise RnnbenchError(f"the simulation of {target} needs {lack}")
    if target == "avr":
        marks, said = _avr(elf)
    else:
        from bench.mcu import unicorn_m

        marks, said = unicorn_m.run(elf, target, refill)
    intervals = [(mark, later - at) for (mark, at), (_, later) in pairwise(marks) if mark]
    empty = next((cycles for mark, cycles in intervals if mark == STAMP), 0.0)
    return Trace(tuple((mark, cycles - empty) for mark, cycles in intervals if mark != STAMP), said)


@dataclass(frozen=True)
class Said:
    """What a model said.

    Attributes:
        scores: of each sequence after each sample [T, C], int64 or float32.
        answers: of each sequence after each sample [T].
    """

    scores: list[Scores]
    answers: list[npt.NDArray[np.int64]]


def said(source: Source, raw: bytes, sequences: Sequence[Samples]) -> Said:
    """The scores and answers among the bytes that a model said."""
    wire = np.dtype(WIRE[source.format])
    table = np.frombuffer(raw, np.uint8).reshape(-1, wire.itemsize * source.classes + 1)
    scores = table[:, :-1].copy().view(wire)
    ends = np.cumsum([len(each) for each in sequences])[:-1]
    wide = scores.astype(np.int64 if source.format == "int8" else np.float32)
    return Said(list(np.split(wide, ends)), list(np.split(table[:, -1].astype(np.int64), ends)))


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
    source: Source, target: Target, sequences: Sequence[Samples], *, inside: bool = False, refill: int = 2
) -> Simulated:
    """Compiles a model and runs it over sequences.

    Args:
        source: from :func:`bench.mcu.emit.emit`, for that target.
        target: the processor.
        sequences: each [T, D], int16 in the program's format, or float32.
        inside: stamp every kernel rather than every step.
        refill: as :func:`run_elf`.

    Raises:
        RnnbenchError: as :func:`run_elf`.
    """
    with tempfile.TemporaryDirectory() as folder:
        elf = toolchain.firmware(source, target, sequences, Path(folder), inside=inside)
        trace = run_elf(elf, target, refill)
    heard = said(source, trace.said, sequences)
    return Simulated(heard.scores, heard.answers, trace.of(1), trace.of(2), trace)


@cache
def _avr_host() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rnnbench-simavr-"))
    text = environment().get_template("simavr_host.c.j2").render()
    (folder / "host.c").write_text(text, encoding="utf-8")
    command = ["gcc", "-O2", "host.c", "-o", "host", "-lsimavr", "-lelf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RnnbenchError(f"the simavr host does not build: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return folder / "host"


def _avr(elf: Path) -> tuple[list[tuple[int, float]], bytes]:
    done = subprocess.run([_avr_host(), elf], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = {2: "is not a program", 4: "crashed or slept before its end"}.get(done.returncode, "cannot be run")
        raise RnnbenchError(f"{elf.name} {reason} on a simulated ATmega328P")
    marks, said = [], bytearray()
    for line in done.stdout.splitlines():
        kind, *numbers = line.split()
        if kind == "m":
            marks.append((int(numbers[0]), float(numbers[1])))
        elif kind == "b":
            said.append(int(numbers[0]))
    return marks, bytes(said)
