"""Fits the costs of the generated kernels to simulated cycles. Needs the simulators; predictions do not."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import yaml

from bench.mcu import simulation, toolchain
from bench.mcu.costs import kernel_hash
from bench.mcu.emit import Call, Source, emit
from bench.mcu.graph import Ref
from bench.mcu.hardware import Target
from bench.mcu.program import Copy, IntBuffer, Kernel, Limit, MatVec, Product, Program, Scale, Sum, Table
from bench.mcu.structure import Trips, trips

_LIMIT = {
    "avr": (13, "LPM 3, MUL and MULSU 2 x 2, 24-bit accumulation 5, load of the factor 4 / R, R large"),
    "m0plus": (5, "LDRSB 2, LDRSH 2 / 2, MUL 1, ADD 1; two rows a tile, eight low registers"),
    "m3": (3.5, "LDRSB 1, LDRSH 1 / 2, MLA 2"),
    "m4f": (1.375, "for four: LDR 1, SXTB16 2, SMLAD 2, LDR 2 / 4 rows"),
}
Sample = tuple[str, Trips, float, float]
"""A kernel, its trip counts, its simulated cycles, and those with one more cycle of branch refill."""


def random_program(rng: np.random.Generator) -> Program:
    """Kernels of every kind on random sizes, shifts and operands, whose results rarely saturate."""
    rows, columns, size, classes = (int(n) for n in rng.integers((2, 2, 2, 2), (40, 40, 50, 12)))
    knots = np.round(np.tanh(np.linspace(-8, 8, 257)) * 4096).astype(np.int16)
    buffers = [IntBuffer("x", max(columns, size), "input", 12, 13), IntBuffer("s", rows, "state", 12, 16)]
    kernels: list[Kernel] = []

    def new(length: int, value: Any = None) -> Ref:
        buffers.append(IntBuffer("t", length, "temporary" if value is None else "constant", 12, 16, value))
        return Ref(len(buffers) - 1, 0, length)

    x, s = Ref(0, 0, columns), Ref(1, 0, rows)

    def product(density: float, bias: bool, add: bool, shift: int, accumulator: Literal[24, 32] = 24) -> None:
        most = min(127, max(1, int(2.0**shift * 8 / columns**0.5)))
        weight = rng.integers(-most, most + 1, (rows, columns)) * (rng.random((rows, columns)) < density)
        offsets = rng.integers(-99, 99, rows).astype(np.int32) if bias else None
        extra = s if add else None
        kernels.append(MatVec(new(rows), x, weight.astype(np.int8), offsets, extra, shift, accumulator))

    for density in (1.0, float(rng.uniform(0.05, 0.2))):
        for bias, add in ((False, False), (True, False), (False, True), (True, True)):
            product(density, bias, add, int(rng.integers(3, 19)))
    product(1.0, False, False, int(rng.integers(8, 15)), 32)
    product(1.0, False, False, 8)
    product(1.0, False, False, int(rng.integers(3, 8)))
    a, flash = Ref(0, 0, size), new(size, rng.integers(-4096, 4096, size).astype(np.int16))
    kernels.append(Table(new(size), a, "tanh", knots))
    b = kernels[-1].out
    for other in (b, flash):
        for sign in (1, -1):
            shifts = rng.integers(0, 3, 2)
            left, right = (int(each) for each in shifts)
            kernels.append(Sum(new(size), a, other, 1 if sign > 0 else -1, left, right, int(rng.integers(1, 5))))
        kernels.append(Product(new(size), a, other, int(rng.integers(7, 19))))
    kernels.append(Scale(new(size), a, int(rng.integers(-4000, 4000)), 77, int(rng.integers(7, 19))))
    kernels.append(Limit(new(size), a, 0, 32767))
    kernels.append(Copy(new(size), (a,)))
    kernels.append(Copy(s, (Ref(kernels[0].out.buffer, 0, rows),)))
    scores = new(classes)
    weight = rng.integers(-60, 61, (classes, rows)).astype(np.int8)
    head = MatVec(scores, s, weight, None, None, 10, 24)
    return Program("calibration", tuple(buffers), tuple(kernels), (head,), scores)


def _samples(rng: np.random.Generator, program: Program, target: Target) -> list[Sample]:
    """Every call of a program, stamped one by one."""
    source = emit(program, target)
    x = rng.integers(-1000, 1000, (3, program.buffers[0].size)).astype(np.int16)
    runs = [simulation.run(source, target, [x], inside=True, refill=refill) for refill in (2, 3)]
    calls = [*source.step, *source.head]
    marks = [*range(1, len(source.step) + 1), *range(129, 129 + len(source.head))]
    times = [[float(np.mean(run.trace.of(mark))) for mark in marks] for run in runs]
    return [(call.function, trips(call, target), one, two) for call, one, two in zip(calls, *times, strict=True)]


def _solve(samples: list[Sample], column: int) -> dict[str, float]:
    names = sorted({name for each in samples for name in each[1]})
    table = np.array([[each[1].get(name, 0) for name in names] for each in samples], np.float64)
    wanted = np.array([each[column] if column == 2 else each[3] - each[2] for each in samples])
    weight = 1 / np.sqrt(np.maximum(np.array([each[2] for each in samples]), 1))
    found = np.linalg.lstsq(table * weight[:, None], wanted * weight, rcond=None)[0]
    return {name: round(float(value), 4) for name, value in zip(names, found, strict=True)}


def _glue(rng: np.random.Generator, target: Target, functions: dict[str, Any]) -> tuple[float, float, float]:
    """Cycles of a step and an answer beyond their kernels, and of each class."""
    steps, answers = [], []
    for _ in range(6):
        program = random_program(rng)
        source = emit(program, target)
        x = rng.integers(-1000, 1000, (3, program.buffers[0].size)).astype(np.int16)
        ran = simulation.run(source, target, [x])
        steps.append(np.mean(ran.step_cycles) - _total(source.step, target, functions))
        answers.append((program.scores.size, np.mean(ran.answer_cycles) - _total(source.head, target, functions)))
    each, start = np.polyfit([n for n, _ in answers], [rest for _, rest in answers], 1)
    return round(float(np.mean(steps)), 1), round(float(start), 1), round(float(each), 2)


def _total(calls: tuple[Call, ...], target: Target, functions: dict[str, Any]) -> float:
    return math.fsum(
        times * functions[call.function]["cycles"].get(name, 0.0)
        for call in calls
        for name, times in trips(call, target).items()
    )


def _sizes(source: Source, target: Target) -> dict[str, int]:
    """Bytes of code of every function."""
    with tempfile.TemporaryDirectory() as folder:
        elf = toolchain.firmware(source, target, [np.zeros((1, 50), np.int16)], Path(folder))
        tool = toolchain.compiler(target).removesuffix("gcc") + "nm"
        done = subprocess.run([tool, "-S", elf], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[3]: int(row[1], 16) for row in rows if len(row) == 4 and row[2] in "tT"}


def calibrate(target: Target, seed: int = 0, programs: int = 24) -> dict[str, Any]:
    """The body of ``configs/kernels/<target>.yaml``.

    Args:
        target: the processor.
        seed: of the shapes.
        programs: how many random programs to fit on; a third as many are held out.

    Raises:
        RnnbenchError: when a simulator is missing.
    """
    rng = np.random.default_rng(seed)
    drawn = [random_program(rng) for _ in range(programs + programs // 3)]
    samples = [_samples(rng, each, target) for each in drawn]
    grouped: dict[str, list[Sample]] = defaultdict(list)
    for each in (sample for group in samples[:programs] for sample in group):
        grouped[each[0]].append(each)
    source = emit(drawn[0], target)
    sizes = _sizes(source, target)
    functions: dict[str, dict[str, Any]] = {
        name: {
            "cycles": _solve(group, 2),
            "refill": {} if target in ("avr", "m0plus") else _solve(group, 3),
            "code_bytes": sizes.get(f"rnn_{name}", 0),
        }
        for name, group in sorted(grouped.items())
    }
    errors = [
        abs(sum(times * functions[name]["cycles"].get(block, 0.0) for block, times in counts.items()) / cycles - 1)
        for group in samples[programs:]
        for name, counts, cycles, _ in group
        if cycles >= 500
    ]
    step_glue, answer_glue, class_glue = _glue(rng, target, functions)
    calls = len(source.step) + len(source.head)
    value, composition = _LIMIT[target]
    return {
        "target": target,
        "provenance": {
            "basis": "fit",
            "simulator": "simavr 1.6" if target == "avr" else _unicorn(),
            "compiler": f"{toolchain.version(target)} {' '.join(toolchain.FLAGS[target][:1])}",
            "kernels": kernel_hash(target),
            "fitted_on": f"{programs} random programs of every kernel, sizes 2 to 49, seed {seed}",
            "error": round(max(errors), 5),
        },
        "limit": {
            "value": value,
            "basis": "derived",
            "source": f"cycles of instructions at zero wait states: {composition}",
        },
        "step_glue": step_glue,
        "answer_glue": answer_glue,
        "class_glue": class_glue,
        "code_bytes": sizes.get("rnn_reset", 0),
        "call_bytes": round((sizes.get("rnn_step", 0) + sizes.get("rnn_answer", 0)) / calls, 1),
        "functions": functions,
    }


def _unicorn() -> str:
    return f"unicorn {metadata.version('unicorn')}, blocks charged by Arm's tables, P = 2"


def main(targets: Sequence[str]) -> None:
    """Fits and writes ``configs/kernels``, for the targets named or for all: after a kernel or a compiler changed."""
    head = "# Cycles of the generated kernels at zero wait states, by block: see bench/mcu/structure.py. "
    for target in get_args(Target):
        if targets and target not in targets:
            continue
        body = yaml.safe_dump(calibrate(target), sort_keys=False, width=120)
        path = Path("configs/kernels") / f"{target}.yaml"
        path.write_text(f"{head}No board was attached.\n{body}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
