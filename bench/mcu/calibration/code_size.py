"""Bytes of code of the generated kernels, of one call, and of what else a model has."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.mcu.emit import Source, emit
from bench.mcu.graph import TABLES, Where
from bench.mcu.program import Select
from bench.mcu.simulate.firmware import firmware
from bench.mcu.target import Target

_USUAL = frozenset({"add", "sub", "mul", "exp", "sigmoid", "tanh", "silu"})


def _only(model: Any, functions: Collection[str]) -> Any:
    step = [
        kernel
        for kernel in model.step
        if getattr(kernel, "function", "tanh") in functions and not isinstance(kernel, Select | Where)
    ]
    return replace(model, step=tuple(step))


def usual(model: Any) -> Any:
    """The model without the functions and selections that most models do without."""
    return _only(model, _USUAL)


def code_bytes(model: Any, target: Target) -> tuple[dict[str, int], float, int]:
    """Bytes of every kernel, of one call, and of the rest of a model.

    The part of the C library that a usual model needs belongs to the rest; what another function adds to it, to that
    function.

    Args:
        model: with every kernel.
        target: the processor.
    """
    source, everything = emit(usual(model), target), emit(model, target)
    common, every = sizes(source, target), sizes(everything, target)
    kernels = {call.function: every.get(f"rnn_{call.function}", 0) for call in everything.calls if call.loop is None}
    for name in kernels.keys() & set(TABLES) - _USUAL:
        kernels[name] += _library(sizes(emit(_only(model, _USUAL | {name}), target), target)) - _library(common)
    rest = {name: size for name, size in common.items() if name.removeprefix("rnn_") not in kernels}
    calls = rest.pop("rnn_step") + rest.pop("rnn_answer")
    other = rest["rnn_reset"] if source.format == "int8" else sum(rest.values())
    return kernels, round(calls / len(source.calls), 1), other


def _library(sizes: dict[str, int]) -> int:
    return sum(size for name, size in sizes.items() if not name.startswith("rnn_"))


def sizes(source: Source, target: Target) -> dict[str, int]:
    """Bytes of every function, those of libraries included, without those of the firmware around."""
    x = np.zeros(1 if source.words else (1, 50), np.int16 if source.format == "int8" else np.float32)
    with tempfile.TemporaryDirectory() as folder:
        elf = firmware(source, target, [x], Path(folder))
        command = [target.compiler.removesuffix("gcc") + "nm", "--format=sysv", str(elf)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    # name, value, class, type, size, line, section; constants may lie among the code
    rows = [[part.strip() for part in line.split("|")] for line in done.stdout.splitlines() if line.count("|") == 6]
    code = [row for row in rows if row[2] in "tTwW" and row[3] != "OBJECT" and row[4]]
    found = {row[0]: int(row[4], 16) for row in code}
    return {name: size for name, size in found.items() if name not in ("main", "rnn_stamp")}
