"""The points of a cell's contract that are about microcontrollers, beside those of :mod:`cells.testing`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu.emit import emit
from bench.mcu.simulate import host
from bench.mcu.target import targets
from bench.measure import size
from bench.train.classification.network import Classifier
from cells import Cell
from cells.compress import HardThreshold, quantise_weights
from cells.gates import PIECEWISE
from cells.testing import NotPossibleError, Point

_CLASSES, _SEQUENCES, _STEPS = 3, 3, 12
Build = Callable[..., Cell]


def _sized(build: Build) -> None:
    cell = build()
    counted = sum(parameter.numel() for parameter in cell.parameters())
    if size(nn.ModuleList([cell])).parameters != counted:
        raise AssertionError("its size does not count every parameter once")


def _lowered(cell: Cell) -> mcu.Graph:
    torch.manual_seed(0)
    try:
        return mcu.lower(cell, Classifier(cell.hidden_size, _CLASSES))
    except RnnbenchError as error:
        raise NotPossibleError(str(error)) from None


def _samples(cell: Cell) -> mcu.Floats:
    return np.random.default_rng(0).normal(size=(_SEQUENCES, _STEPS, cell.input_size))


def _on_this_machine(model: mcu.Program | mcu.Graph, sequences: list[mcu.Samples], tolerance: float) -> None:
    """Compiles the C for every core's layout, runs it here, and compares every score with the interpreter's."""
    if not (shutil.which("gcc") or shutil.which("cc")):
        raise NotPossibleError("there is no C compiler (gcc or cc) on the path")
    for target in {target.family: target for target in targets().values()}.values():
        with tempfile.TemporaryDirectory() as folder:
            said = host.run(emit(model, target), sequences, Path(folder))
        for number, (x, scores) in enumerate(zip(sequences, said.scores, strict=True)):
            wanted = mcu.trajectory(model, x)
            worst = float((np.abs(scores - wanted) / (1 + np.abs(wanted))).max())
            if worst > tolerance:
                raise AssertionError(
                    f"the C for {target.name} differs from the interpreter by {worst:.1e} in sequence {number}"
                )


def _small(cell: Cell) -> Cell:
    """Low rank, sparse, 8 bits, piecewise gates: all that makes a cell small at once."""
    names = []
    for name, weight in cell.weights().items():
        try:
            weight.factors()
        except ValueError:
            continue
        if min(weight.outputs, weight.inputs) > 2 and weight.diagonal == 1:
            weight.factorise(2)
        names.append(name)
    HardThreshold(cell, dict.fromkeys(names, 0.5)).threshold()
    cell.nonlinearities.update(PIECEWISE)
    quantise_weights(cell)
    return cell


def _integers(build: Build) -> None:
    for cell in (build(), _small(build())):
        graph, x = _lowered(cell), _samples(cell)
        program = mcu.quantise(graph, x)
        _on_this_machine(program, list(mcu.quantise_input(program, x)), 0.0)


def _floats(build: Build) -> None:
    cell = build()
    _on_this_machine(_lowered(cell), [sample.astype(np.float32) for sample in _samples(cell)], 1e-4)


def _agrees(build: Build) -> None:
    """The lowered program in real numbers against the network itself."""
    cell = build().double()
    graph, x = _lowered(cell), _samples(cell)
    torch.manual_seed(0)
    head = Classifier(cell.hidden_size, _CLASSES).double()
    with torch.no_grad():
        wanted = head(cell(torch.from_numpy(x).transpose(0, 1))[0]).transpose(0, 1).numpy()
    for sequence, scores in zip(x, wanted, strict=True):
        found = mcu.trajectory(graph, sequence)
        if float(np.abs(found - scores).max()) > 1e-4 * (1 + float(np.abs(scores).max())):
            raise AssertionError("the lowered program and the network differ")


def _timed(build: Build) -> None:
    cell = build()
    program = mcu.quantise(_lowered(cell), _samples(cell))
    for board in mcu.boards().values():
        if mcu.predict(program, board, steps=_STEPS).cycles <= 0:
            raise AssertionError(f"no cycles on {board.name}")


POINTS: tuple[Point, ...] = (
    ("has a size", _sized),
    ("is lowered to a program that agrees with the network", _agrees),
    ("runs in 8-bit integers, bit for bit as the interpreter says", _integers),
    ("runs in float32 C", _floats),
    ("has predicted cycles on every board", _timed),
)
"""The points, in order."""
