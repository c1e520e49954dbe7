"""The steps that the bench times, against formulas."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench import zoo
from bench.speed import cells, language, loop
from bench.speed.cells import Shape
from bench.train.classification.network import Network
from cells import scan

TINY = Shape(T=3, B=4, D=2, H=5)


def test_the_work_of_a_step_is_what_torch_counts() -> None:
    """The products of FastGRNN's step, forward and backward; the first state is no parameter, and needs no gradient."""
    shape = Shape(T=40, B=3, D=8, H=16)
    step = cells.training_step(Network(zoo.cell_class("fastgrnn")(shape.D, shape.H), 12), shape)
    before = scan.in_use()
    scan.use("off")
    try:
        with FlopCounterMode(display=False) as counter:
            step()
    finally:
        scan.use(before)
    T, B, D, H = shape
    head = 3 * 2 * B * H * 12
    assert counter.get_total_flops() - head == pytest.approx(2 * T * B * H * (3 * H + 2 * D), rel=1.5 / T)


def test_a_training_step_is_adam_on_the_cross_entropy() -> None:
    """Adam's first step moves a weight by the learning rate against the sign of its gradient."""
    seen: list[torch.Tensor] = []

    class Bias(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scores = nn.Parameter(torch.zeros(12))

        def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            seen.extend([x, lengths])
            return self.scores.expand(x.shape[1], 12)

    shape, model = Shape(T=3, B=600, D=2, H=5), Bias()
    torch.manual_seed(1)
    step = cells.training_step(model, shape)
    torch.manual_seed(1)
    torch.randn(3, 600, 2)
    share = torch.bincount(torch.randint(0, 12, (600,)), minlength=12) / 600
    step()
    assert seen[0].shape == (3, 600, 2)
    assert seen[1].tolist() == [3] * 600
    torch.testing.assert_close(model.scores.grad, 1 / 12 - share)
    torch.testing.assert_close(model.scores.detach(), 1e-3 * (share - 1 / 12).sign())


def test_peers_of_torch_are_their_formulas() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 2, 3)
    library = cells._Library(nn.RNN(3, 5), 5)
    layer, h = library.layer, torch.zeros(2, 5)
    for x_BD in x:
        h = torch.tanh(x_BD @ layer.weight_ih_l0.T + layer.bias_ih_l0 + h @ layer.weight_hh_l0.T + layer.bias_hh_l0)
    torch.testing.assert_close(library(x, None), library.head(h))
    pooled = cells._QRNNLoop(3, 5)
    W, b = (p.detach().double().numpy() for p in (pooled.gates.weight, pooled.gates.bias))
    c, before = np.zeros((2, 5)), np.zeros((2, 3))
    for t, x_BD in enumerate(x.double().numpy()):
        z, f, o = np.split(np.concatenate([before, x_BD], axis=1) @ W.T + b, 3, axis=1)
        keep = 1 / (1 + np.exp(-f))
        c, before = keep * c + (1 - keep) * np.tanh(z), x_BD
        np.testing.assert_allclose(pooled(x)[0][t].detach().numpy(), c / (1 + np.exp(-o)), rtol=1e-5, atol=1e-6)


def test_a_language_step_clips_and_carries_the_state() -> None:
    """A gradient of length 5 is shortened to 0.25; the second step begins where the first ended."""
    weight = nn.Parameter(torch.zeros(2))
    states: list[Any] = []

    def loss(state: Any) -> tuple[torch.Tensor, Any]:
        states.append(state)
        return 3 * weight[0] + 4 * weight[1], len(states)

    step = language._stepper([weight], torch.optim.SGD([weight], lr=2.0), loss)
    step()
    torch.testing.assert_close(weight.detach(), torch.tensor([-0.3, -0.4]))
    step()
    assert states == [None, 1]


def test_a_language_window_predicts_the_next_word(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = language._window()
    assert x.shape == (35, 20)
    assert torch.equal(y.reshape(35, 20)[:-1], x[1:])
    rates = []
    sgd = torch.optim.SGD
    monkeypatch.setattr(language, "WORDS", 30)
    monkeypatch.setattr(torch.optim, "SGD", lambda *given, **more: rates.append(more["lr"]) or sgd(*given, **more))
    language._theirs()
    assert rates == [language._spec("gru", "float32").train.learning_rate]


def test_harness_and_loop_do_the_same_steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[Network] = []
    forwards: list[int] = []
    schedules: list[int] = []
    network, module = loop._network, loop.ClassificationModule

    def recorded(shape: Shape) -> Network:
        made.append(network(shape))
        made[-1].register_forward_hook(lambda net, given, _: forwards.append(given[0].shape[1] if net.training else 0))
        return made[-1]

    def scheduled(*given: Any, steps: int) -> Any:
        schedules.append(steps)
        return module(*given, steps=steps)

    monkeypatch.setattr(loop, "_network", recorded)
    monkeypatch.setattr(loop, "ClassificationModule", scheduled)
    split = loop.noise(12, TINY.T, TINY.D)
    loop.plain(TINY, split)(2)
    assert forwards == [4] * 6
    loop._harness(TINY, split, tmp_path)(2)
    assert [size for size in forwards[6:] if size] == [4] * 6  # and a validation batch after each epoch
    assert forwards[6:].count(0) == 2
    assert schedules == [6]
    assert all(torch.equal(a, b) for a, b in zip(network(TINY).parameters(), network(TINY).parameters(), strict=True))
