"""Times a peer's cell in another interpreter; as a script, it needs torch and the peer, and nothing of this repository.

Reads lines of JSON, ``{"peer": ..., "shape": [T, B, D, H], "count": ...}``; writes the processor seconds of ``count``
steps.
"""

from __future__ import annotations

import ctypes
import json
import statistics
import sys
import time
import types
from collections.abc import Callable
from typing import Any


def setup() -> None:
    """Applies the settings of our workers: one thread, no denormals, freed memory kept."""
    import torch

    torch.set_flush_denormal(True)
    torch.set_num_threads(1)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for option, value in ((-4, 0), (-1, 2**31 - 1), (-2, 64 * 2**20)):
        mallopt(option, value)


def edgeml(inputs: int, hidden: int) -> Any:
    """EdgeML's FastGRNN. It imports a CUDA extension unguarded, for which an empty module stands in on a CPU."""
    sys.modules.setdefault("fastgrnn_cuda", types.ModuleType("fastgrnn_cuda"))
    from edgeml_pytorch.graph.rnn import FastGRNN  # type: ignore[import-not-found,unused-ignore]

    return FastGRNN(inputs, hidden, batch_first=False)


def lstm(inputs: int, hidden: int) -> Any:
    """Torch's LSTM, of which only the states are returned."""
    import torch

    class States(torch.nn.LSTM):
        def forward(self, x: Any) -> Any:  # type: ignore[override]
            return super().forward(x)[0]

    return States(inputs, hidden)


PEERS = {"EdgeML": edgeml, "nn.LSTM": lstm}


def stepper(peer: str, shape: list[int]) -> Callable[[], None]:
    """A training step of a peer on random data."""
    import torch
    from torch.nn import functional

    T, B, D, H = shape
    torch.manual_seed(0)
    cell, head = PEERS[peer](D, H), torch.nn.Linear(H, 12)
    optimizer = torch.optim.Adam([*cell.parameters(), *head.parameters()], fused=True)
    x, y = torch.randn(T, B, D), torch.randint(0, 12, (B,))

    def step() -> None:
        optimizer.zero_grad()
        torch.autograd.backward([functional.cross_entropy(head(cell(x)[-1]), y)])
        optimizer.step()

    return step


def train(peer: str, numbers: list[int]) -> None:
    """Trains a whole short run with torch's own settings; ``numbers`` are T, B, D, H and the steps."""
    *shape, steps = numbers
    step = stepper(peer, shape)
    for _ in range(steps):
        step()


def main() -> None:
    """Answers requests until the input ends; with arguments, trains once."""
    if len(sys.argv) > 1:
        return train(sys.argv[1], [int(number) for number in sys.argv[2:]])
    setup()
    made: dict[str, Callable[[], None]] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        key = json.dumps([asked["peer"], asked["shape"]])
        try:
            if key not in made:
                made = {key: stepper(asked["peer"], asked["shape"])}
            times = []
            for _ in range(asked["count"]):
                began = time.thread_time()
                made[key]()
                times.append(time.thread_time() - began)
            answer: dict[str, Any] = {"seconds": len(times) * statistics.median(times)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
