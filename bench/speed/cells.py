"""Times a training step of every cell against its peers."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from bench import zoo
from bench.errors import RnnbenchError
from bench.speed import peer
from bench.speed.clock import Timed, interleave, ratio, timed
from bench.speed.report import Comparison, Row, versions
from bench.train.classification.network import Network
from cells import scan


class Shape(NamedTuple):
    """The steps, batch size, inputs and hidden units of a comparison."""

    T: int
    B: int
    D: int
    H: int


SHAPES = {
    "kws": Shape(99, 100, 32, 100),
    "rmnist": Shape(28, 128, 28, 128),
    "pmnist": Shape(784, 64, 1, 128),
}
"""The shapes of the FastGRNN paper's data sets: keyword spotting, MNIST by rows, MNIST by pixels."""

_CLASSES = 12
_SGEMM, _FMA = "sgemm", "multiply-adds"
_FMA_ROUNDS = 1_000_000
_EDGEML = "EdgeML FastGRNN"
_LOOP = "QRNN, a loop of torch"

# A cell, its peer, and for every shape the ratio of times to reach.
_TARGETS: list[tuple[str, str, dict[str, float]]] = [
    ("FastGRNN", _EDGEML, {"kws": 0.12, "rmnist": 0.22, "pmnist": 0.04}),
    ("FastGRNN", "nn.LSTM", {"kws": 0.2, "rmnist": 0.30, "pmnist": 0.25}),
    ("FastGRNN, no compiler", _EDGEML, {"kws": 0.38, "rmnist": 0.52, "pmnist": 0.13}),
    ("GRU", "nn.GRU", dict.fromkeys(SHAPES, 0.6)),
    ("UGRNN", "nn.GRU", dict.fromkeys(SHAPES, 0.45)),
    ("FastRNN", "nn.GRU", dict.fromkeys(SHAPES, 0.28)),
    ("QRNN, window 2", _LOOP, {"kws": 0.55, "rmnist": 0.55, "pmnist": 0.40}),
    ("SpectralRNN", "nn.RNN", dict.fromkeys(SHAPES, 1.25)),
    ("LSTM", "nn.LSTM", {"kws": 0.8, "rmnist": 1.0, "pmnist": 1.0}),
    ("GRU", "nn.LSTM", {"kws": 0.6}),
    ("minGRU", "nn.LSTM", {"kws": 0.15}),
    ("IndRNN", "nn.LSTM", {"kws": 0.15}),
    ("JANET", "nn.LSTM", {"kws": 0.4}),
    ("MGU", "nn.LSTM", {"kws": 0.4}),
    ("coRNN", "nn.LSTM", {"kws": 0.4}),
    ("LEM", "nn.LSTM", {"kws": 0.8}),
    ("sLSTM", "nn.LSTM", {"kws": 0.8}),
    ("LRU", "nn.LSTM", {}),
    ("LMU", "nn.LSTM", {}),
    ("S6", "nn.LSTM", {}),
]
"""Against nn.LSTM at kws: a fifth of its time for each H x H product of the recurrence, as its four take it."""
_SHARE = {"kws": 0.55, "rmnist": 0.55, "pmnist": 0.50}


class _Library(nn.Module):
    """A recurrent layer of torch and a classifier on its last step."""

    def __init__(self, layer: nn.Module, H: int) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(H, _CLASSES)

    def forward(self, x_TBD: Tensor, _: Tensor) -> Tensor:
        scores: Tensor = self.head(self.layer(x_TBD)[0][-1])
        return scores


class _QRNNLoop(nn.Module):
    """QRNN with a window of 2 and fo-pooling in a loop of torch operations, as pytorch-qrnn runs it on a CPU."""

    def __init__(self, D: int, H: int) -> None:
        super().__init__()
        self.gates = nn.Linear(2 * D, 3 * H)

    def forward(self, x_TBD: Tensor) -> tuple[Tensor, None]:
        before = torch.cat([torch.zeros_like(x_TBD[:1]), x_TBD[:-1]])
        z, f, o = self.gates(torch.cat([before, x_TBD], dim=2)).chunk(3, dim=2)
        f = torch.sigmoid(f)
        c, states = torch.zeros_like(z[0]), []
        for taken, keep in zip(((1 - f) * torch.tanh(z)).unbind(0), f.unbind(0), strict=True):
            c = taken + keep * c
            states.append(c)
        return torch.sigmoid(o) * torch.stack(states), None


def training_step(model: nn.Module, shape: Shape) -> Callable[[], object]:
    """A training step on random data: cross-entropy on the last state, Adam."""
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    x, lengths = torch.randn(shape.T, shape.B, shape.D), torch.full((shape.B,), shape.T)
    y = torch.randint(0, _CLASSES, (shape.B,))

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward([functional.cross_entropy(model(x, lengths), y)])
        optimizer.step()

    return step


def _ours(shape: Shape) -> dict[str, Timed]:
    options: dict[str, tuple[str, dict[str, Any]]] = {
        "FastGRNN": ("fastgrnn", {}),
        "GRU": ("gru", {}),
        "UGRNN": ("ugrnn", {}),
        "FastRNN": ("fastrnn", {}),
        "QRNN, window 2": ("qrnn", {"window": 2}),
        "SpectralRNN": ("spectralrnn", {}),
        "LSTM": ("lstm", {}),
    }
    later = ("minGRU", "IndRNN", "JANET", "MGU", "coRNN", "LEM", "LRU", "sLSTM", "LMU", "S6")
    options |= {title: (title.lower(), {}) for title in later}
    made = {}
    for title, (name, chosen) in options.items():
        cell = zoo.cell_class(name)(shape.D, shape.H, **chosen)
        made[title] = timed(training_step(Network(cell, _CLASSES), shape))
    loop = timed(training_step(Network(zoo.cell_class("fastgrnn")(shape.D, shape.H), _CLASSES), shape))

    def without(count: int) -> float:
        before = scan.in_use()
        scan.use("off")
        try:
            return loop(count)
        finally:
            scan.use(before)

    return {**made, "FastGRNN, no compiler": without}


def _theirs(shape: Shape) -> dict[str, Timed]:
    layers: dict[str, nn.Module] = {
        "nn.LSTM": nn.LSTM(shape.D, shape.H),
        "nn.GRU": nn.GRU(shape.D, shape.H),
        "nn.RNN": nn.RNN(shape.D, shape.H),
        _LOOP: _QRNNLoop(shape.D, shape.H),
    }
    return {name: timed(training_step(_Library(layer, shape.H), shape)) for name, layer in layers.items()}


@contextmanager
def _peer(python: Path | None, shape: Shape) -> Iterator[dict[str, Timed]]:
    """EdgeML's cell in another interpreter, or no contender when ``python`` is ``None``."""
    if python is None:
        yield {}
        return
    try:
        child = subprocess.Popen([str(python), peer.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        raise RnnbenchError(f"cannot run {python}: {error.strerror}; name the Python of an environment") from None

    def run(count: int) -> float:
        assert child.stdin is not None  # noqa: S101
        assert child.stdout is not None  # noqa: S101
        child.stdin.write(json.dumps({"peer": "EdgeML", "shape": list(shape), "count": count}) + "\n")
        child.stdin.flush()
        answer = json.loads(child.stdout.readline() or '{"error": "it ended"}')
        if "error" in answer:
            raise RnnbenchError(f"{python} cannot run EdgeML's cell: {answer['error']}; install edgeml-pytorch there")
        return float(answer["seconds"])

    try:
        yield {_EDGEML: run}
    finally:
        child.kill()
        child.communicate()


def compare_cells(shapes: Sequence[str], rounds: int, python: Path | None) -> Comparison:
    """Times a training step of every cell and its peers on this machine.

    Args:
        shapes: the names of :data:`SHAPES` to run.
        rounds: how many turns a contender has.
        python: the interpreter of an environment with ``edgeml-pytorch``.

    Raises:
        RnnbenchError: when the interpreter cannot run the peer.
    """
    found = Comparison("a training step", facts={"libraries": versions()})
    for name in shapes:
        shape = SHAPES[name]
        torch.manual_seed(0)
        left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)
        with _peer(python, shape) as others:
            peaks = {_SGEMM: timed(lambda left=left, right=right: left @ right)}  # type: ignore[misc]
            if scan.lanes():
                peaks[_FMA] = timed(lambda: scan.multiply_adds(_FMA_ROUNDS))
            times = interleave({**_ours(shape), **_theirs(shape), **others, **peaks}, rounds)
        _add_rows(found, name, times)
    if python is None:
        found.notes.append("EdgeML's cell was not measured: name an environment that has it with --peer-python")
    if not scan.lanes():
        found.notes.append("no kernel could be compiled: every cell of ours is the scan")
    return found


def _add_rows(found: Comparison, name: str, times: dict[str, list[float]]) -> None:
    shape, ms = SHAPES[name], {title: 1e3 * statistics.median(values) for title, values in times.items()}
    for ours, theirs, targets in _TARGETS:
        if theirs in times:
            value = ratio(times, ours, theirs)
            found.rows.append(Row(name, ours, theirs, value, targets.get(name), ms[ours], ms[theirs]))
    flops = 2 * shape.T * shape.B * shape.H * (3 * shape.H + 2 * shape.D)
    work = {_SGEMM: 2 * 1024**3, _FMA: scan.multiply_adds(_FMA_ROUNDS)}
    for each in (_SGEMM, _FMA):
        if each in times:
            peak = work[each] / min(times[each])
            share = flops / (ms["FastGRNN"] / 1e3) / peak
            against = f"{each} {peak / 1e9:.0f} GF/s"
            target = _SHARE[name] if each == _SGEMM else None
            found.rows.append(Row(name, "FastGRNN", against, share, target, ms["FastGRNN"], at_least=True))
