"""The C code of a front end: what its templates want, and programs that compute the features of a sound alone."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import RnnbenchError
from bench.mcu.emit.template import as_c, render
from bench.mcu.features.front_end import LN2, LOGS, FrontEnd
from bench.mcu.features.transform import SINES, Integers
from bench.mcu.interpreter import Samples
from bench.mcu.simulate.firmware import BUILDS
from bench.mcu.simulate.run import run_elf
from bench.mcu.target import Target


def values(front: FrontEnd) -> dict[str, Any]:
    """What the template ``log_mel.c.j2`` calls ``audio``."""
    tables = (front.window, front.rising, np.array(front.corners), SINES, LOGS)
    names = ("window", "rising", "corners", "sines", "logs")
    counts = ("hz", "hop", "frame", "bands", "held", "before", "floor", "ram_bytes")
    return {
        **{name: as_c(table) for name, table in zip(names, tables, strict=True)},
        **{name: getattr(front, name) for name in counts},
        "hops": front.held // front.hop,
        "flash": 2 * sum(table.size for table in tables),
        "ln2": LN2,
    }


def simulate(front: FrontEnd, audio: Samples, target: Target, build: str = BUILDS[0]) -> tuple[Integers, list[float]]:
    """The logarithms that a simulated processor computes [frames, bands], and the cycles of every frame.

    Args:
        front: the front end.
        audio: [n] int16; the first sample is the one before the first frame.
        target: the processor.
        build: flags of optimisation.

    Raises:
        RnnbenchError: when the program does not build, or as :func:`bench.mcu.run_elf`.
    """
    with tempfile.TemporaryDirectory() as folder:
        elf = _build(front, audio, [target.compiler, "-std=gnu11", *build.split(), *target.flags], Path(folder))
        trace = run_elf(elf, target)
    return _logs(front, trace.said), trace.of(1)


def run_here(front: FrontEnd, audio: Samples) -> Integers:
    """The logarithms that the code computes on this machine [frames, bands]; ``audio`` as :func:`simulate`'s."""
    strict = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    with tempfile.TemporaryDirectory() as folder:
        program = _build(front, audio, ["gcc", *strict], Path(folder), host=True)
        return _logs(front, subprocess.run([program], capture_output=True, check=True).stdout)


def _build(front: FrontEnd, audio: Samples, command: list[str], folder: Path, host: bool = False) -> Path:
    frames = 1 + (len(audio) - 1 - front.frame) // front.hop
    given = {"audio": values(front), "sound": as_c(audio), "frames": frames, "host": host, "mark": "Marks"}
    text = render("listen.c.j2", given)
    (folder / "listen.c").write_text(text, encoding="utf-8")
    done = subprocess.run([*command, "listen.c", "-o", "listen.elf"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RnnbenchError(f"{command[0]} does not build the features: {done.stderr.strip()[:500]}")
    return folder / "listen.elf"


def _logs(front: FrontEnd, said: bytes) -> Integers:
    found: Integers = np.frombuffer(said, "<i4").reshape(-1, front.bands).astype(np.int64)
    return found
