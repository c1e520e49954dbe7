"""Fits the costs of the generated kernels to simulated cycles."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from bench.mcu.calibration import drawn
from bench.mcu.calibration.code_size import code_bytes, usual
from bench.mcu.cortex_m import NOMINAL
from bench.mcu.costs import kernel_hash
from bench.mcu.delta import counted
from bench.mcu.emit import Source, emit
from bench.mcu.graph import Graph
from bench.mcu.hardware import Format
from bench.mcu.program import Program
from bench.mcu.simulate.firmware import compiler_version
from bench.mcu.simulate.run import run, simulator_version
from bench.mcu.target import Target
from bench.mcu.trips import Trips, trips

_LONG = 500
"""Cycles of a call whose error counts: shorter ones are all overhead."""


class Sample(NamedTuple):
    """A call of a kernel: its trip counts, its simulated cycles, and what one more cycle of branch refill adds."""

    function: str
    trips: Trips
    cycles: float
    refill: float


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
    samples = [_samples(rng, model, target) for model in made]
    code, call_bytes, rest = code_bytes(made[0], target)
    if format == "int8":
        more = np.random.default_rng((seed, 1))
        skipping = [drawn.random_skipping(more) for _ in made]
        for group, model in zip(samples, skipping, strict=True):
            group += [sample for sample in _samples(more, model, target) if sample.function.startswith("delta")]
        code = code_bytes(skipping[0], target)[0] | code
    grouped: dict[str, list[Sample]] = defaultdict(list)
    for sample in (sample for group in samples[:models] for sample in group):
        grouped[sample.function].append(sample)
    functions: dict[str, dict[str, Any]] = {
        name: {
            "cycles": solve(group, "cycles"),
            "refill": solve(group, "refill") if target.varies else {},
            "code_bytes": code[name],
        }
        for name, group in sorted(grouped.items())
    }
    step_glue, answer_glue, class_glue = _glue([usual(model) for model in made[:6]], target)
    kind = "programs" if format == "int8" else "graphs"
    return {
        "target": target.name,
        "format": format,
        "provenance": {
            **basis(target),
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


def basis(target: Target) -> dict[str, str]:
    """How costs are obtained, and with which tools."""
    return {
        "basis": "fit",
        "simulator": simulator_version(target) + _charged(target),
        "compiler": f"{compiler_version(target)} {target.flags[0]}",
    }


def _charged(target: Target) -> str:
    """By whose figures blocks are charged."""
    if target.pipeline is None:
        return ""
    return f", blocks charged by {target.pipeline.source}" + (f", P = {NOMINAL}" if target.varies else "")


def _samples(rng: np.random.Generator, model: Program | Graph, target: Target) -> list[Sample]:
    """Every call of a model, stamped one by one."""
    x = drawn.samples(rng, model, 6 if isinstance(model, Graph) else 3)
    if isinstance(model, Program):
        model = counted(model, x[None], np.array([len(x)]))
    source = emit(model, target)
    refills = (NOMINAL, NOMINAL + 1) if target.varies else (NOMINAL,)
    traces = [run(source, target, [x], inside=True, refill=refill).trace for refill in refills]
    times = [[float(np.mean(trace.of(mark))) for mark in _marks(source)] for trace in traces]
    return [
        Sample(call.function, trips(call, target), nominal, more - nominal)
        for call, nominal, more in zip(source.calls, times[0], times[-1], strict=True)
        if call.loop is None  # whose cycles are counted
    ]


def _marks(source: Source) -> list[int]:
    """What each call is stamped with."""
    return [*range(1, len(source.step) + 1), *range(129, 129 + len(source.head))]


def solve(samples: list[Sample], wanted: str) -> dict[str, float]:
    """Cycles of every block, or what a cycle of refill adds to them, by least squares of relative errors."""
    names = sorted({name for sample in samples for name in sample.trips})
    table = np.array([[sample.trips.get(name, 0) for name in names] for sample in samples], np.float64)
    values = np.array([getattr(sample, wanted) for sample in samples])
    weight = 1 / np.sqrt(np.maximum(np.array([sample.cycles for sample in samples]), 1))
    solution = np.linalg.lstsq(table * weight[:, None], values * weight, rcond=None)[0]
    return {name: round(float(value), 4) for name, value in zip(names, solution, strict=True)}


def _glue(models: list[Program | Graph], target: Target) -> tuple[float, float, float]:
    """Cycles of a step and an answer beyond their kernels, and of each class: stamped whole less stamped inside."""
    steps, answers = [], []
    for number, model in enumerate(models):
        source = emit(model, target)
        x = drawn.samples(np.random.default_rng(number), model, 3)
        whole = run(source, target, [x])
        inside = run(source, target, [x], inside=True).trace
        times = [np.mean(inside.of(mark)) for mark in _marks(source)]
        step, answer = math.fsum(times[: len(source.step)]), math.fsum(times[len(source.step) :])
        steps.append(np.mean(whole.step_cycles) - step)
        answers.append((source.classes, np.mean(whole.answer_cycles) - answer))
    by_class, start = np.polyfit([classes for classes, _ in answers], [rest for _, rest in answers], 1)
    return round(float(np.mean(steps)), 1), round(float(start), 1), round(float(by_class), 2)


def _worst(held_out: list[list[Sample]], functions: dict[str, Any]) -> float:
    """The largest error of a long call."""
    errors = [
        sum(times * functions[name]["cycles"].get(block, 0.0) for block, times in counts.items()) / cycles - 1
        for group in held_out
        for name, counts, cycles, _ in group
        if cycles >= _LONG
    ]
    return float(np.abs(errors).max())


def _limit(target: Target) -> dict[str, Any]:
    source = f"cycles of instructions at zero wait states: {target.limit_source}"
    return {"value": target.limit, "basis": "derived", "source": source}
