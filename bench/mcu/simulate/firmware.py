"""A firmware around a model for the simulators, and the compilers that make it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.errors import RnnbenchError
from bench.mcu.emit import Source
from bench.mcu.emit.source import STEM
from bench.mcu.emit.template import as_c, render
from bench.mcu.interpreter import Samples
from bench.mcu.target import Target

BUILDS = ("-Os", "-O2", "-Os -flto")
"""How Arduino's cores and others build; the code takes as many cycles built by any, for it pins how it is optimised."""


def compiler_version(target: Target) -> str:
    """The compiler and its version, as records keep it."""
    done = subprocess.run([target.compiler, "-dumpversion"], capture_output=True, text=True, check=True)
    return f"{target.compiler} {done.stdout.strip()} {BUILDS[0]}"


def firmware(
    source: Source,
    target: Target,
    sequences: Sequence[Samples],
    folder: Path,
    *,
    inside: bool = False,
    build: str = BUILDS[0],
) -> Path:
    """Compiles a model with sequences to feed it.

    Args:
        source: from :func:`bench.mcu.emit.emit`, for that processor.
        target: the processor.
        sequences: each [T, D] in the model's format, or words [T].
        folder: to compile in.
        inside: stamp every kernel rather than every step.
        build: flags of optimisation.

    Returns:
        The ELF file.

    Raises:
        RnnbenchError: when the program does not fit.
    """
    values = {
        "stem": STEM,
        "number": source.number,
        "words": source.words,
        "softmax": source.softmax,
        "samples": as_c(np.concatenate([sequence.ravel() for sequence in sequences])),
        "steps": ", ".join(str(len(sequence)) for sequence in sequences),
        "count": len(sequences),
    }
    for name, text in {**source.files, "main.c": render("firmware.c.j2", values)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    flags = ["-std=gnu11", *build.split(), *target.flags, *(["-DRNN_INSIDE"] if inside else [])]
    command = [target.compiler, *flags, "main.c", f"{STEM}.c", "-o", "model.elf", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        errors = [
            line
            for line in lines
            if any(word in line for word in ("Error", "error", "region", "overflow", "undefined"))
        ]
        raise RnnbenchError(f"{target.compiler} does not build the model: {(errors or lines or ['?'])[0]}")
    return folder / "model.elf"
