"""Training of a language model against a plain loop, and when weights are averaged."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_texts import spec, tiny_text
from torch.nn import functional

from bench.spec import RunSpec, TrainPart
from bench.train.chunks import Chunks
from bench.train.epochs import EpochEnd
from bench.train.language import TASK, awd, text
from bench.train.language.averaging import Averaging
from bench.train.language.model import LanguageModel, build
from bench.train.language.module import LanguageModule
from bench.train.language.text import perplexity
from bench.train.stages import Compression
from bench.train.trainer import trainer

pytestmark = pytest.mark.long

SGD: dict[str, Any] = {"optimizer": "plain-sgd", "learning_rate": 2.0, "gradient_clip": 0.25, "batch_size": 5}


def fit(run: RunSpec, net: LanguageModel, folder: Path, seed: int | None = None, **more: Any) -> EpochEnd:
    corpus = tiny_text()
    stages = Compression(net, [], run.compress, run.train.epochs)
    end = EpochEnd(folder / "metrics.csv", TrainPart(), more.pop("listeners", []), TASK.metric, stages)
    windows = text.Windows(corpus.train, run.train.batch_size, run.language.bptt, seed)
    module = more.pop("module", LanguageModule)(net, run, 7)
    epochs = run.train.epochs + run.awd.finetune
    trainer(max_epochs=epochs, callbacks=[end, Averaging(end), *more.pop("callbacks", [])]).fit(
        module, Chunks(windows, 3), text.Whole(corpus.validation)
    )
    return end


def by_hand(run: RunSpec, net: LanguageModel, seed: int | None) -> None:
    """Truncated back-propagation as a textbook has it: torch's own loss, the definitions of AR and TAR."""
    part, stream = run.train, tiny_text().train.long()
    steps = len(stream) // part.batch_size - 1
    rows = stream[: part.batch_size * (steps + 1)].view(part.batch_size, -1)
    generator = torch.Generator().manual_seed(seed or 0)
    for epoch in range(part.epochs):
        states, at = None, 0
        lengths = awd.variable_lengths(steps, run.language.bptt, generator) if seed is not None else None
        while at < steps:
            length = min(run.language.bptt, steps - at) if lengths is None else lengths.pop(0)
            x, y = rows[:, at : at + length].t(), rows[:, at + 1 : at + length + 1].t()
            h, _, states = net(x, states)
            scores = functional.linear(h, net.softmax.weight, net.softmax.bias)
            loss = functional.cross_entropy(scores.reshape(-1, 7), y.reshape(-1))
            loss = loss + run.awd.ar * (h * h).mean()
            if length > 1:
                loss = loss + run.awd.tar * ((h[1:] - h[:-1]) ** 2).mean()
            net.zero_grad()
            torch.autograd.backward([loss])
            torch.nn.utils.clip_grad_norm_(net.parameters(), 0.25)
            rate = part.learning_rate * 0.5 * (1 + math.cos(math.pi * (epoch + at / steps) / part.epochs))
            if seed is not None:
                rate *= length / run.language.bptt
            with torch.no_grad():
                for each in net.parameters():
                    assert each.grad is not None
                    each -= rate * each.grad
            states = tuple(tuple(s.detach() for s in state) for state in states)
            at += length


@pytest.mark.parametrize("seed", [None, 5])
@pytest.mark.parametrize("part", [{}, {"ar": 0.5, "tar": 0.25}])
@pytest.mark.parametrize("cell", ["fastgrnn", "qrnn"])
def test_training_is_a_plain_loop(cell: str, part: dict[str, float], seed: int | None, tmp_path: Path) -> None:
    run = spec(
        cell={"name": cell, "hidden_size": 8},
        language={"layers": 2, "bptt": 13},
        awd={**part, "variable_bptt": seed is not None},
        train={**SGD, "epochs": 2},
    )
    ours, theirs = build(run, 7), build(run, 7)
    fit(run, ours, tmp_path, seed)
    by_hand(run, theirs, seed)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=2e-3, atol=2e-4)


def test_a_model_learns_the_order_of_letters(tmp_path: Path) -> None:
    rows: list[Any] = []
    run = spec(train={**SGD, "epochs": 6, "learning_rate": 4.0}, language={"bptt": 10})
    net = build(run, 7)
    end = fit(run, net, tmp_path, listeners=[rows.append])
    found = [row["validation_perplexity"] for row in rows]
    assert found[-1] < 2.5  # of 7 letters
    end.restore(net)
    assert end.best is not None
    value, loss = end.best
    assert value == min(found)
    assert end.best_epoch == found.index(min(found)) + 1
    stream = tiny_text().validation
    assert -net.log_likelihood(stream) / (len(stream) - 1) == pytest.approx(loss, rel=1e-6)
    assert value == pytest.approx(math.exp(loss))


def test_every_technique_at_once_trains(tmp_path: Path) -> None:
    rows: list[Any] = []
    part = {"weight_drop": 0.2, "dropout_input": 0.1, "dropout_between": 0.1, "dropout_output": 0.1}
    part |= {"dropout_embedding": 0.05, "ar": 0.1, "tar": 0.05, "variable_bptt": True, "nt_asgd": 2, "finetune": 2}
    run = spec(
        train={**SGD, "epochs": 4, "learning_rate": 4.0, "weight_decay": 1e-6, "schedule": "constant"},
        language={"bptt": 10, "layers": 2, "tied": True},
        awd=part,
    )
    fit(run, build(run, 7), tmp_path, seed=1, listeners=[rows.append])
    assert len(rows) == 6
    assert rows[-1]["validation_perplexity"] < 6.8  # a guess has 7, and an untrained model more


class Watched(LanguageModule):
    """Keeps the weights after every step, and what each validation saw."""

    iterates: list[list[torch.Tensor]]
    seen: list[torch.Tensor]
    rates: list[set[float]]

    def on_train_epoch_start(self) -> None:
        super().on_train_epoch_start()
        for name in ("iterates", "seen", "rates"):
            if not hasattr(self, name):
                setattr(self, name, [])
        self.iterates.append([])
        self.rates.append(set())

    def _backward(self, window: text.Window) -> torch.Tensor:
        own = self.optimizers(use_pl_optimizer=False)
        assert isinstance(own, torch.optim.Optimizer)
        self.rates[-1].add(own.param_groups[0]["lr"])
        self.iterates[-1].append(self.model.softmax.bias.detach().clone())  # before the step: the one after the last
        return super()._backward(window)

    def validation_step(self, stream: torch.Tensor, number: int) -> None:
        super().validation_step(stream, number)
        self.seen.append(self.model.softmax.bias.detach().clone())


def watched(made: list[Watched]) -> Callable[..., Watched]:
    def make(*arguments: Any) -> Watched:
        made.append(Watched(*arguments))
        return made[-1]

    return make


def test_averaging_begins_after_the_epoch_that_stagnates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From then on what is validated is the mean of all weights since, and what is trained is not."""
    monkeypatch.setattr(awd, "stagnates", lambda earlier, now, patience: len(earlier) == 1)
    made: list[Watched] = []
    run = spec(train={**SGD, "epochs": 4}, awd={"nt_asgd": 5}, language={"bptt": 10})
    fit(run, build(run, 7), tmp_path, module=watched(made))
    (module,) = made
    after = [bias for epoch in module.iterates for bias in epoch][1:]
    per = len(module.iterates[0])
    after.append(module.model.softmax.bias.detach())
    for epoch in range(2):
        assert torch.equal(module.seen[epoch], after[(epoch + 1) * per - 1])
    for epoch in (2, 3):
        mean = torch.stack(after[2 * per : (epoch + 1) * per]).double().mean(0).float()
        torch.testing.assert_close(module.seen[epoch], mean, rtol=1e-5, atol=1e-6)
        assert not torch.allclose(module.seen[epoch], after[(epoch + 1) * per - 1], atol=1e-4)


def test_fine_tuning_begins_from_the_best_weights_at_the_first_rate(tmp_path: Path) -> None:
    made: list[Watched] = []
    run = spec(train={**SGD, "epochs": 3}, awd={"finetune": 2}, language={"bptt": 10})
    end = fit(run, build(run, 7), tmp_path, module=watched(made))
    (module,) = made
    assert len(module.seen) == 5
    assert end.best_epoch >= 3
    best = min(3, end.best_epoch)
    assert torch.equal(module.iterates[3][0], module.seen[best - 1])
    assert max(module.rates[2]) < 2.0
    assert module.rates[3] == module.rates[4] == {2.0}


def test_perplexity_is_the_exponential_and_never_breaks_off() -> None:
    assert perplexity(math.log(117.41)) == pytest.approx(117.41)
    assert perplexity(1e4) == math.inf
