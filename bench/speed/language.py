"""Times a training step of a language model against the same model of torch's modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from bench import zoo
from bench.spec import RunSpec, parse
from bench.speed.clock import interleave, timed
from bench.speed.report import Comparison, compared
from bench.train.language.model import build, detached
from bench.train.language.softmax import cross_entropy
from bench.train.optimizers import optimizer

_STEPS, _ROWS, _UNITS = 35, 20, 256
WORDS = 10_000
"""The vocabulary of the Penn Treebank; the windows are those of configs/ptb-small.yaml."""
_OPTIONS: dict[str, dict[str, Any]] = {"qrnn": {"window": 2}, "spectralrnn": {"activation": "tanh"}}
_CLIP = 0.25
_TURN_S = 1.0
"""Some of torch's steps pay again for the pages of 28 MB of scores, so a turn has several steps."""
_PEER = "nn.LSTM, nn.Linear"


class _Library(nn.Module):
    """Torch's embedding, LSTM and softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.layer = nn.Embedding(WORDS, _UNITS), nn.LSTM(_UNITS, _UNITS)
        self.softmax = nn.Linear(_UNITS, WORDS)

    def forward(self, ids_TB: Tensor, state: Any) -> tuple[Tensor, Any]:
        h_TBH, state = self.layer(self.embedding(ids_TB), state)
        return self.softmax(h_TBH), state


def _spec(cell: str, products: str) -> RunSpec:
    raw = {
        "data": "ptb",
        "cell": {"name": cell, "hidden_size": _UNITS, **_OPTIONS.get(cell, {})},
        "train": {"optimizer": "plain-sgd", "learning_rate": 0.1, "batch_size": _ROWS},
        "language": {"bptt": _STEPS, "products": products},
    }
    return parse(RunSpec, raw, "a step")


def _window() -> tuple[Tensor, Tensor]:
    ids = torch.randint(0, WORDS, (_STEPS + 1, _ROWS))
    return ids[:-1], ids[1:].flatten()


def _stepper(
    parameters: Iterable[Tensor], own: torch.optim.Optimizer, loss: Callable[[Any], tuple[Tensor, Any]]
) -> Callable[[], object]:
    """A training step on a window, which begins in the state in which the last step ended."""
    state, parameters = None, list(parameters)

    def step() -> None:
        nonlocal state
        own.zero_grad(set_to_none=True)
        value, state = loss(state)
        torch.autograd.backward([value])
        nn.utils.clip_grad_norm_(parameters, _CLIP)
        own.step()

    return step


def _ours(cell: str, products: str) -> Callable[[], object]:
    run = _spec(cell, products)
    network, (x, y), dtype = build(run, WORDS), _window(), getattr(torch, products)

    def loss(states: Any) -> tuple[Tensor, Any]:
        h, _, after = network(x, states)
        own = cross_entropy(h.flatten(0, 1), network.softmax.weight, network.softmax.bias, y, dtype)
        return own, detached(after)

    return _stepper(network.parameters(), optimizer(run.train, network.parameters()), loss)


def _theirs() -> Callable[[], object]:
    network, (x, y) = _Library(), _window()

    def loss(state: Any) -> tuple[Tensor, Any]:
        scores, after = network(x, state)
        return functional.cross_entropy(scores.flatten(0, 1), y), tuple(part.detach() for part in after)

    return _stepper(network.parameters(), torch.optim.SGD(network.parameters(), lr=0.1), loss)


def compare_language(rounds: int) -> Comparison:
    """Times a training window of every cell's language model, with the softmax in bfloat16 and in float32.

    Args:
        rounds: how many turns a contender has.
    """
    torch.manual_seed(0)
    contenders = {_PEER: timed(_theirs())}
    for name, cell in zoo.all_cells().items():
        for products in ("bfloat16", "float32"):
            contenders[f"{cell.title}, {products}"] = timed(_ours(name, products))
    times = interleave(contenders, rounds, _TURN_S)
    rows = [compared(f"T{_STEPS} B{_ROWS}", times, name, _PEER) for name in contenders if name != _PEER]
    return Comparison(f"a window of a language model ({WORDS} words, {_UNITS} units)", rows)
