"""Compilers for the targets, and a firmware around a model for the simulators."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu.hardware import Target
from bench.mcu.source import NUMBER, STEM, Source, as_c, environment

_ARM = ("-mthumb", "-ffunction-sections", "-fdata-sections", "-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,main")
_ARM_MEMORY = ("-Wl,-Ttext=0x8000", "-Wl,-Tdata=0x20000000")
FLAGS: dict[Target, tuple[str, ...]] = {
    "avr": ("-mmcu=atmega328p", "-DF_CPU=16000000UL"),
    "m0plus": ("-mcpu=cortex-m0plus", *_ARM, *_ARM_MEMORY),
    "m3": ("-mcpu=cortex-m3", *_ARM, *_ARM_MEMORY),
    "m4f": ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", *_ARM, *_ARM_MEMORY),
}
OPTIMISATION = "-O2"


def compiler(target: Target) -> str:
    """The command that compiles for a target, such as ``avr-gcc``."""
    return "avr-gcc" if target == "avr" else "arm-none-eabi-gcc"


def missing(target: Target) -> str:
    """What the simulation of a target lacks here, in words; empty when nothing."""
    needed = {"avr": ("avr-gcc", "gcc"), "m0plus": (), "m3": (), "m4f": ()}[target] or ("arm-none-eabi-gcc",)
    for command in needed:
        if shutil.which(command) is None:
            return f"{command} (apt-get install {_PACKAGES[command]})"
    if target == "avr":
        return "" if Path("/usr/include/simavr/sim_avr.h").is_file() else "libsimavr (apt-get install libsimavr-dev)"
    for package in ("unicorn", "capstone", "elftools"):
        if importlib.util.find_spec(package) is None:
            return f"{package} (pip install unicorn capstone pyelftools)"
    return ""


_PACKAGES = {
    "avr-gcc": "gcc-avr avr-libc",
    "gcc": "gcc",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
}


def version(target: Target) -> str:
    """The compiler and its version, as records keep it."""
    done = subprocess.run([compiler(target), "-dumpversion"], capture_output=True, text=True, check=True)
    return f"{compiler(target)} {done.stdout.strip()} {OPTIMISATION}"


def firmware(
    source: Source, target: Target, sequences: Sequence[npt.NDArray[Any]], folder: Path, *, inside: bool = False
) -> Path:
    """Compiles a model with sequences to feed it.

    Args:
        source: from :func:`bench.mcu.emit.emit`, for that target.
        target: the processor.
        sequences: each [T, D], int16 in the program's format, or float32.
        folder: to compile in.
        inside: stamp every kernel rather than every step.

    Returns:
        The ELF file.

    Raises:
        RnnbenchError: when a tool is missing, or the program does not fit.
    """
    lack = missing(target)
    if lack:
        raise RnnbenchError(f"the simulation of {target} needs {lack}")
    values = {
        "stem": STEM,
        "number": NUMBER[source.format],
        "samples": as_c(np.concatenate([each.ravel() for each in sequences])),
        "steps": ", ".join(str(len(each)) for each in sequences),
        "count": len(sequences),
    }
    main = environment().get_template("firmware.c.j2").render(values)
    for name, text in {**source.files, "main.c": main}.items():
        (folder / name).write_text(text, encoding="utf-8")
    flags = ["-std=c99", OPTIMISATION, *FLAGS[target], *(["-DRNN_INSIDE"] if inside else [])]
    command = [compiler(target), *flags, "main.c", f"{STEM}.c", "-o", "model.elf", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [
            line for line in done.stderr.splitlines() if "error" in line or "region" in line or "overflow" in line
        ]
        raise RnnbenchError(f"{compiler(target)} does not build the model: {(errors or [done.stderr.strip()])[0]}")
    return folder / "model.elf"
