"""The script that times a peer in another interpreter: its step, its answers, EdgeML where it is installed."""

import io
import json
import math
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench.speed import cells, peer
from bench.speed.cells import Shape

TINY = Shape(T=3, B=4, D=2, H=5)


class Recorded(nn.Module):
    """A peer's cell: its state is its bias; it keeps the shapes that it was given."""

    made: list["Recorded"]

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.inputs, self.bias, self.shapes = inputs, nn.Parameter(torch.zeros(hidden)), list[tuple[int, ...]]()
        self.made.append(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.shapes.append(tuple(x.shape))
        return self.bias.expand(*x.shape[:2], len(self.bias))


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> type[Recorded]:
    Recorded.made = []
    monkeypatch.setitem(peer.PEERS, "recorded", Recorded)
    return Recorded


def test_a_peer_s_step_trains_a_classifier_of_twelve(recorded: type[Recorded], monkeypatch: pytest.MonkeyPatch) -> None:
    heads = []
    linear = nn.Linear
    monkeypatch.setattr(nn, "Linear", lambda *sizes: heads.append(sizes) or linear(*sizes))
    step = peer.stepper("recorded", [3, 4, 2, 5])
    step()
    (cell,) = recorded.made
    assert (cell.inputs, cell.shapes, heads) == (2, [(3, 4, 2)], [(5, 12)])
    assert bool((cell.bias != 0).all())  # Adam has moved every unit


def test_a_peer_trains_as_many_steps_as_asked(recorded: type[Recorded], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["peer.py", "recorded", "3", "4", "2", "5", "7"])
    peer.main()
    assert recorded.made[0].shapes == [(3, 4, 2)] * 7


def test_a_peer_answers_line_by_line(
    recorded: type[Recorded], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        {"peer": "recorded", "shape": [3, 4, 2, 5], "count": 3},
        {"peer": "recorded", "shape": [3, 4, 2, 5], "count": 1},
        {"peer": "recorded", "shape": [6, 4, 2, 5], "count": 1},
        {"peer": "unknown", "shape": [3, 4, 2, 5], "count": 1},
    ]
    monkeypatch.setattr(sys, "argv", ["peer.py"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(json.dumps(line) + "\n" for line in asked)))
    monkeypatch.setattr("time.thread_time", iter([0, 1, 1, 9, 9, 11, 20, 24, 30, 31]).__next__)
    threads, flushed = torch.get_num_threads(), []
    monkeypatch.setattr(torch, "set_flush_denormal", flushed.append)
    try:
        peer.main()
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers[:3] == [{"seconds": 3 * 2}, {"seconds": 4}, {"seconds": 1}]
    assert answers[3]["error"] == "KeyError: 'unknown'"
    assert [len(cell.shapes) for cell in recorded.made] == [4, 1]  # made once for a shape
    assert flushed == [True]


@pytest.mark.long
def test_edgeml_s_cell_is_timed_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in package of EdgeML's layout, whose import of its CUDA extension is unguarded."""
    package = tmp_path / "edgeml_pytorch" / "graph"
    package.mkdir(parents=True)
    (package / "rnn.py").write_text(
        "import fastgrnn_cuda, torch\n"
        "class FastGRNN(torch.nn.GRU):\n"
        "    def __init__(self, inputs, hidden, batch_first):\n"
        "        super().__init__(inputs, hidden, batch_first=batch_first)\n"
        "    def forward(self, x):\n"
        "        return super().forward(x)[0]\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with cells._peer(Path(sys.executable), TINY) as contenders:
        assert list(contenders) == [cells._EDGEML]
        assert all(math.isfinite(run(2)) and run(2) > 0 for run in contenders.values())
    with cells._peer(None, TINY) as contenders:
        assert contenders == {}


def test_torch_s_lstm_as_a_peer_gives_its_states() -> None:
    torch.manual_seed(0)
    states = peer.lstm(2, 5)
    x = torch.randn(3, 4, 2)
    assert torch.equal(states(x), nn.LSTM.forward(states, x)[0])
    assert functional.linear(states(x)[-1], torch.zeros(12, 5)).shape == (4, 12)
