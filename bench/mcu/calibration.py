"""Fits the costs of the generated kernels to simulated cycles. Needs the simulators; predictions do not."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import yaml

from bench.mcu import drawn, simulation, toolchain
from bench.mcu.costs import kernel_hash
from bench.mcu.emit import emit
from bench.mcu.graph import TABLES, Graph, Where
from bench.mcu.hardware import Format, Target
from bench.mcu.program import Program, Select
from bench.mcu.source import Call, Source
from bench.mcu.structure import Trips, trips

_LIMIT = {
    "avr": (13, "LPM 3, MUL and MULSU 2 x 2, 24-bit accumulation 5, load of the factor 4 / R, R large"),
    "m0plus": (5, "LDRSB 2, LDRSH 2 / 2, MUL 1, ADD 1; two rows a tile, eight low registers"),
    "m3": (3.5, "LDRSB 1, LDRSH 1 / 2, MLA 2"),
    "m4f": (1.375, "for four: LDR 1, SXTB16 2, SMLAD 2, LDR 2 / 4 rows"),
}
REFILLED = ("m3", "m4f")
"""Cores whose tables give a range of cycles for filling the pipeline after a branch."""
Sample = tuple[str, Trips, float, float]
"""A kernel, its trip counts, its simulated cycles, and those with one more cycle of branch refill."""


def _samples(rng: np.random.Generator, model: Program | Graph, target: Target) -> list[Sample]:
    """Every call of a model, stamped one by one."""
    source = emit(model, target)
    x = drawn.samples(rng, model, 3 if source.format == "int8" else 6)
    refills = (2, 3) if target in REFILLED else (2,)
    runs = [simulation.run(source, target, [x], inside=True, refill=refill) for refill in refills]
    times = [[float(np.mean(run.trace.of(mark))) for mark in _marks(source)] for run in runs]
    return [
        (call.function, trips(call, target), one, two)
        for call, one, two in zip(_calls(source), times[0], times[-1], strict=True)
    ]


def _solve(samples: list[Sample], column: int) -> dict[str, float]:
    names = sorted({name for each in samples for name in each[1]})
    table = np.array([[each[1].get(name, 0) for name in names] for each in samples], np.float64)
    wanted = np.array([each[column] if column == 2 else each[3] - each[2] for each in samples])
    weight = 1 / np.sqrt(np.maximum(np.array([each[2] for each in samples]), 1))
    found = np.linalg.lstsq(table * weight[:, None], wanted * weight, rcond=None)[0]
    return {name: round(float(value), 4) for name, value in zip(names, found, strict=True)}


def _glue(models: list[Program | Graph], target: Target) -> tuple[float, float, float]:
    """Cycles of a step and an answer beyond their kernels, and of each class: stamped whole less stamped inside."""
    steps, answers = [], []
    for number, model in enumerate(models):
        source = emit(model, target)
        x = drawn.samples(np.random.default_rng(number), model, 3)
        whole = simulation.run(source, target, [x])
        inside = simulation.run(source, target, [x], inside=True).trace
        step = math.fsum(np.mean(inside.of(mark)) for mark in _marks(source)[: len(source.step)])
        answer = math.fsum(np.mean(inside.of(mark)) for mark in _marks(source)[len(source.step) :])
        steps.append(np.mean(whole.step_cycles) - step)
        answers.append((source.classes, np.mean(whole.answer_cycles) - answer))
    each, start = np.polyfit([n for n, _ in answers], [rest for _, rest in answers], 1)
    return round(float(np.mean(steps)), 1), round(float(start), 1), round(float(each), 2)


def _marks(source: Source) -> list[int]:
    """What each call is stamped with."""
    return [*range(1, len(source.step) + 1), *range(129, 129 + len(source.head))]


def _sizes(source: Source, target: Target) -> dict[str, int]:
    """Bytes of code of every function, those of libraries included, without those of the firmware around."""
    x = np.zeros((1, 50), np.int16 if source.format == "int8" else np.float32)
    with tempfile.TemporaryDirectory() as folder:
        elf = toolchain.firmware(source, target, [x], Path(folder))
        tool = toolchain.compiler(target).removesuffix("gcc") + "nm"
        done = subprocess.run([tool, "-S", elf], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    found = {row[3]: int(row[1], 16) for row in rows if len(row) == 4 and row[2] in "tTwW"}
    return {name: size for name, size in found.items() if name not in ("main", "rnn_stamp")}


USUAL = frozenset({"add", "sub", "mul", "exp", "sigmoid", "tanh", "silu"})
"""Functions by whose models the code around kernels is measured. What part of the C library another function needs is
counted as that function's."""


def _only(model: Any, functions: Collection[str]) -> Any:
    """The model without other functions, and without selections."""
    step = [
        kernel
        for kernel in model.step
        if getattr(kernel, "function", "tanh") in functions and not isinstance(kernel, Select | Where)
    ]
    return replace(model, step=tuple(step))


def _code_bytes(model: Any, target: Target) -> tuple[dict[str, int], float, int]:
    """Bytes of code of every kernel, of one call, and of what else a model has."""
    source = emit(_only(model, USUAL), target)
    usual, everything = _sizes(source, target), _sizes(emit(model, target), target)
    kernels = {call.function: everything.get(f"rnn_{call.function}", 0) for call in _calls(emit(model, target))}
    for name in kernels.keys() & set(TABLES) - USUAL:
        kernels[name] += _library(_sizes(emit(_only(model, USUAL | {name}), target), target)) - _library(usual)
    usual = {name: size for name, size in usual.items() if name.removeprefix("rnn_") not in kernels}
    calls = usual.pop("rnn_step") + usual.pop("rnn_answer")
    rest = usual["rnn_reset"] if source.format == "int8" else sum(usual.values())
    return kernels, round(calls / len(_calls(source)), 1), rest


def _library(sizes: dict[str, int]) -> int:
    return sum(size for name, size in sizes.items() if not name.startswith("rnn_"))


def _calls(source: Source) -> list[Call]:
    return [*source.step, *source.head]


def calibrate(target: Target, format: Format, seed: int = 0, models: int = 24) -> dict[str, Any]:
    """The body of ``configs/kernels/<target>-<format>.yaml``.

    Args:
        target: the processor.
        format: of the kernels' numbers.
        seed: of the shapes.
        models: how many random programs or graphs to fit on; a third as many are held out.

    Raises:
        RnnbenchError: when a simulator is missing.
    """
    rng = np.random.default_rng(seed)
    draw = drawn.random_program if format == "int8" else drawn.random_graph
    made: list[Program | Graph] = [draw(rng) for _ in range(models + models // 3)]
    samples = [_samples(rng, each, target) for each in made]
    grouped: dict[str, list[Sample]] = defaultdict(list)
    for each in (sample for group in samples[:models] for sample in group):
        grouped[each[0]].append(each)
    code, call_bytes, rest = _code_bytes(made[0], target)
    functions: dict[str, dict[str, Any]] = {
        name: {
            "cycles": _solve(group, 2),
            "refill": _solve(group, 3) if target in REFILLED else {},
            "code_bytes": code[name],
        }
        for name, group in sorted(grouped.items())
    }
    step_glue, answer_glue, class_glue = _glue([_only(model, USUAL) for model in made[:6]], target)
    kind = "programs" if format == "int8" else "graphs"
    return {
        "target": target,
        "format": format,
        "provenance": {
            "basis": "fit",
            "simulator": simulation.version(target) + ("" if target == "avr" else _CHARGED),
            "compiler": f"{toolchain.version(target)} {' '.join(toolchain.FLAGS[target][:1])}",
            "kernels": kernel_hash(target, format),
            "fitted_on": f"{models} random {kind} of every kernel, sizes 2 to 49, seed {seed}",
            "error": round(_worst(samples[models:], functions), 5),
        },
        "limit": _limit(target) if format == "int8" else None,
        "step_glue": step_glue,
        "answer_glue": answer_glue,
        "class_glue": class_glue,
        "code_bytes": rest,
        "call_bytes": call_bytes,
        "functions": functions,
    }


_CHARGED = ", blocks charged by Arm's tables, P = 2"


def _worst(held_out: list[list[Sample]], functions: dict[str, Any]) -> float:
    """The largest error of a call of 500 cycles or more."""
    return max(
        float(
            abs(sum(times * functions[name]["cycles"].get(block, 0.0) for block, times in counts.items()) / cycles - 1)
        )
        for group in held_out
        for name, counts, cycles, _ in group
        if cycles >= 500
    )


def _limit(target: Target) -> dict[str, Any]:
    value, composition = _LIMIT[target]
    source = f"cycles of instructions at zero wait states: {composition}"
    return {"value": value, "basis": "derived", "source": source}


def main(names: Sequence[str]) -> None:
    """Fits and writes ``configs/kernels``, for the names given or for all: after a kernel or a compiler changed."""
    head = "# Cycles of the generated kernels at zero wait states, by block: see bench/mcu/structure.py. "
    for target, format in product(get_args(Target), get_args(Format)):
        if names and not {target, format, f"{target}-{format}"} & set(names):
            continue
        body = yaml.safe_dump(calibrate(target, format), sort_keys=False, width=120)
        path = Path("configs/kernels") / f"{target}-{format}.yaml"
        path.write_text(f"{head}No board was attached.\n{body}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
