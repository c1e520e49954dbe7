"""Fits the costs of a language model's own kernels: a word's row of the embedding, and the softmax."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from bench.mcu.calibration.code_size import sizes
from bench.mcu.calibration.fit import Sample, basis, solve
from bench.mcu.cortex_m import NOMINAL
from bench.mcu.costs import KernelCosts, read_costs, text_hash
from bench.mcu.emit import Source, emit
from bench.mcu.emit.text import EMBED, SOFTMAX
from bench.mcu.graph import Ref
from bench.mcu.program import Copy, IntBuffer, MatVec, Program, TextProgram
from bench.mcu.simulate.run import run
from bench.mcu.target import Target
from bench.mcu.trips import trips

_MODELS = 9
_WORDS = 64  # of models that differ in their scores alone


def random_text(rng: np.random.Generator, words: int, width: int, bias: Any = None, scale: int = 60) -> TextProgram:
    """A language model whose state is the word itself: random scores, with a bias [V] in their unit."""
    buffers = (
        IntBuffer(width, "input", 10, 13),
        IntBuffer(width, "state", 10, 13),
        IntBuffer(words, "temporary", 11, 16),
    )
    weight = rng.integers(-scale, scale + 1, (words, width)).astype(np.int8)
    offsets = None if bias is None else (np.asarray(bias) << 5).astype(np.int32)
    head = MatVec(Ref(2, 0, words), Ref(0, 0, width), weight, offsets, None, 5, 24)
    embedding = rng.integers(-99, 100, (words, width)).astype(np.int8)
    step = (Copy(Ref(1, 0, width), (Ref(0, 0, width),)),)
    return TextProgram("calibration", buffers, step, (head,), Ref(2, 0, words), embedding, 2)


def calibrate_text(target: Target, seed: int = 0) -> dict[str, Any]:
    """The body of ``configs/kernels/<target>-words.yaml``.

    Args:
        target: the processor.
        seed: of the shapes.

    Raises:
        RnnbenchError: when a simulator is missing.
    """
    rng = np.random.default_rng(seed)
    drawn = [random_text(rng, *(int(n) for n in rng.integers(4, (120, 40)))) for _ in range(_MODELS)]
    samples = [sample for model in drawn for sample in _samples(rng, model, target)]
    code, without = (sizes(emit(model, target), target) for model in (drawn[0], _plain(drawn[0])))
    library = sum(size for name, size in code.items() if name not in without and not name.startswith("rnn_"))
    spreads = {EMBED: {}, SOFTMAX: _spread(rng, target)}
    functions = {
        name: {
            "cycles": solve([sample for sample in samples if sample.function == name], "cycles"),
            "refill": solve([sample for sample in samples if sample.function == name], "refill")
            if target.varies
            else {},
            "spread": spread,
            "code_bytes": code[f"rnn_{name}"] + (code["rnn_loss"] + library if name == SOFTMAX else 0),
        }
        for name, spread in spreads.items()
    }
    fitted = f"{_MODELS} random language models of 4 to 119 words, 4 to 39 wide, seed {seed}"
    worst = max(abs(_cost(functions, sample) / sample.cycles - 1) for sample in samples)
    return {
        "target": target.name,
        "provenance": basis(target) | {"kernels": text_hash(), "fitted_on": fitted, "error": round(worst, 5)},
        "functions": functions,
    }


def _plain(model: TextProgram) -> Program:
    """The same as a classifier."""
    return Program(*(getattr(model, field.name) for field in fields(Program)))


def _cost(functions: dict[str, Any], sample: Sample) -> float:
    cycles = functions[sample.function]["cycles"]
    return float(sum(times * cycles[block] for block, times in sample.trips.items()))


def _samples(rng: np.random.Generator, model: TextProgram, target: Target) -> list[Sample]:
    """The first call of a step and the last of an answer, with what step and answer have beyond their kernels.

    Of that, what a classifier's have is taken off, for predictions add it.
    """
    source = emit(model, target)
    words = rng.integers(0, len(model.embedding), 8)
    refills = (NOMINAL, NOMINAL + 1) if target.varies else (NOMINAL,)
    times = [_times(source, target, words, refill) for refill in refills]
    own = _own(source, target, words)
    return [
        Sample(call.function, trips(call, target), nominal + more, longer - nominal)
        for call, nominal, longer, more in zip((source.step[0], source.head[-1]), times[0], times[-1], own, strict=True)
    ]


def _times(source: Source, target: Target, words: Any, refill: int = NOMINAL) -> tuple[float, float]:
    trace = run(source, target, [words], inside=True, refill=refill).trace
    return float(np.mean(trace.of(1))), float(np.mean(trace.of(128 + len(source.head))))


def _own(source: Source, target: Target, words: Any) -> tuple[float, float]:
    """Cycles of a step and an answer beyond their kernels, less a classifier's."""
    costs = read_costs(KernelCosts, f"{target.name}-int8.yaml")
    whole, inside = run(source, target, [words]), run(source, target, [words], inside=True).trace
    step = sum(np.mean(inside.of(mark)) for mark in range(1, len(source.step) + 1))
    answer = sum(np.mean(inside.of(mark)) for mark in range(129, 129 + len(source.head)))
    return (
        float(np.mean(whole.step_cycles) - step) - costs.step_glue,
        float(np.mean(whole.answer_cycles) - answer) - costs.answer_glue,
    )


def _spread(rng: np.random.Generator, target: Target) -> dict[str, float]:
    """Cycles that data add to a softmax at most.

    By word where every word is better than all before it; by call where the logarithm shifts most.
    """

    def cycles(bias: Any) -> float:
        model = random_text(rng, _WORDS, 4, bias, scale=0)
        return _times(emit(model, target), target, np.zeros(2, np.int64))[1]

    rising = np.arange(_WORDS)
    words = (cycles(rising) - cycles(rising[::-1])) / (_WORDS - 1)
    shifts = [cycles(np.where(rising < 2**power, 0, -(2**15))) for power in range(7)]
    return {"call": max(shifts) - min(shifts), "element": round(float(words), 3)}
