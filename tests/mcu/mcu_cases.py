"""Networks, graphs and programs for tests of the integer program: every cell, dense, of low rank, with its options."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench import mcu, zoo
from bench.mcu.graph import Buffer, Gather, Ref
from bench.mcu.program import Copy, IntBuffer, Program
from bench.mcu.simulate import missing
from bench.mcu.target import targets
from bench.train.classification.network import Network

TARGETS = targets()
BOARDS = {board.target: board for board in (*mcu.boards().values(), *mcu.usual_boards().values())}
"""A board with each processor."""


def _on(chosen):
    return pytest.mark.parametrize("target", chosen, ids=[target.name for target in chosen])


ON_ALL = _on(list(TARGETS.values()))
"""On every processor."""
ON = _on([target for target in TARGETS.values() if BOARDS[target].name in mcu.usual_boards()])
"""On the processors of the usual boards; what costs minutes is not repeated on the others."""
ON_OTHERS = _on([target for target in TARGETS.values() if BOARDS[target].name not in mcu.usual_boards()])
"""On the processors of other boards alone."""
OPTIONS = {
    "gru": ({}, {"reset": "before"}),
    "qrnn": ({"window": 3}, {"pooling": "f"}, {"pooling": "ifo", "window": 2}),
    "fastrnn": ({}, {"residual": "vector", "activation": "relu"}),
    "fastgrnn": ({}, {"gate": "tanh"}),
    "spectralrnn": ({}, {"activation": "tanh"}),
}
CASES = [
    (name, rank, options)
    for name in zoo.all_cells()
    for rank in (None, 3)
    for options in OPTIONS.get(name, ({},))
    if rank is None or name != "spectralrnn"  # whose matrix has full rank by construction
]
NAMES = sorted({name for name, _, _ in CASES})
LEFT_OUT = ("mingru", "indrnn", "janet", "mgu", "cornn", "lmu")
SIMULATED = [name for name in NAMES if name not in LEFT_OUT]
"""For tests that simulate for long: every operation and kind of product is in one of these cells."""
IDS = [f"{name}-{'dense' if rank is None else 'lowrank'}-{'-'.join(map(str, o.values()))}" for name, rank, o in CASES]


def network(name, rank=None, options=None, *, features=5, hidden=12, classes=4, seed=0, zeros=0.0):
    """A network whose biases and scalars are not at their initial values, its weights partly zero."""
    torch.manual_seed(seed)
    cell = zoo.cell_class(name)(features, hidden, **(options or {}))
    if rank is not None:
        for weight in cell.weights().values():
            with suppress(ValueError):  # of a matrix whose form is fixed
                weight.factorise(min(rank, weight.outputs, weight.inputs))
    net = Network(cell, classes).eval()
    with torch.no_grad():
        for each in net.parameters():
            each += 0.2 * torch.randn_like(each)
            if zeros and each.dim() == 2:
                each *= torch.rand_like(each) > zeros
    return net


def sequences(count=6, steps=10, features=5, seed=0):
    """[N, T, D] and lengths."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, steps, features)), rng.integers(1, steps + 1, count)


def scores(net, x, lengths):
    """What torch computes, in float64."""
    net = net.double()
    with torch.no_grad():
        return net(torch.from_numpy(x).transpose(0, 1), torch.from_numpy(lengths)).numpy()


def program(net, features=5, seed=1, steps=10):
    """The integer program, calibrated on other sequences."""
    graph = mcu.lower(net.cell, net.head)
    return mcu.quantise(graph, *sequences(20, steps, features, seed))


def observed(model):
    """The model with the results of all its kernels as scores, so that none can be wrong unseen."""
    integer = isinstance(model, Program)
    results = tuple(kernel.out for kernel in model.kernels)
    size = sum(ref.size for ref in results)
    buffer = IntBuffer(size, "temporary", 12, 16) if integer else Buffer(size, "temporary")
    scores = Ref(len(model.buffers), 0, size)
    head = (*model.head, (Copy if integer else Gather)(scores, results))
    return replace(model, buffers=(*model.buffers, buffer), head=head, scores=scores)


def need(target):
    """Skips a test whose simulator is missing here."""
    if lack := missing(target):
        pytest.skip(f"the simulation of {target.name} needs {lack}")


def agree(model, said, sequences):
    """Every score and every answer after every sample is the interpreter's."""
    for x, scores, answers in zip(sequences, said.scores, said.answers, strict=True):
        wanted = mcu.trajectory(model, x)
        np.testing.assert_array_equal(scores, wanted)
        np.testing.assert_array_equal(answers, wanted.argmax(1))
