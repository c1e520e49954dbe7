"""Batches, loss, schedule and clipping against their definitions."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
import torch

from bench.data import Dataset
from bench.spec import RunSpec, TrainPart, parse
from bench.train.chunks import Chunks
from bench.train.classification.module import Batch, Batches, ClassificationModule
from bench.train.classification.network import build
from bench.train.divergence import DivergedError
from bench.train.optimizers import clip_gradients, forget_gradients
from bench.train.trainer import trainer as _trainer


def module(tiny: Dataset, steps: int = 100, **train: object) -> ClassificationModule:
    spec = parse(RunSpec, {"data": "tiny", "cell": {"name": "rnn", "hidden_size": 4}}, "test")
    network = build(spec, tiny.info.features, tiny.info.classes)
    return ClassificationModule(network, TrainPart.model_validate(train), tiny.info.classes, steps)


def test_a_pass_gives_every_sequence_once_padded_to_the_batch(tiny: Dataset) -> None:
    batches = Batches(tiny.train, size=16, seed=5)
    assert len(batches) == math.ceil(60 / 16)
    passes = []
    for _ in range(2):
        seen = []
        for x_TBD, lengths_B, y_B in batches:
            assert x_TBD.shape[0] == lengths_B.max()
            for b, length in enumerate(lengths_B):
                (index,) = [
                    i
                    for i in range(60)
                    if torch.equal(tiny.train.x[i, :length], x_TBD[:length, b]) and tiny.train.lengths[i] == length
                ]
                assert tiny.train.y[index] == y_B[b]
                seen.append(index)
        assert sorted(seen) == list(range(60))
        passes.append(seen)
    assert passes[0] != passes[1]


def test_the_order_is_drawn_from_the_seed_alone(tiny: Dataset) -> None:
    def labels(seed: int | None) -> list[int]:
        torch.manual_seed(torch.randint(1000, ()).item())
        batches = Batches(tiny.train, 16, seed)
        return [int(y) for _ in range(2) for batch in batches for y in batch[2]]

    assert labels(1) == labels(1)
    assert labels(1) != labels(2)
    assert labels(None)[:60] == tiny.train.y.tolist()


def test_loss_and_accuracy_are_those_of_the_definition(tiny: Dataset) -> None:
    made = module(tiny)
    for batch in Batches(tiny.test, 7):
        made.test_step(batch, 0)
    loss, accuracy = made.summary("test")
    with torch.no_grad():
        scores = made.network(tiny.test.x.transpose(0, 1), tiny.test.lengths).double().numpy()
    y = tiny.test.y.numpy()
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert loss == pytest.approx(-np.log(p[np.arange(len(y)), y]).mean(), rel=1e-6)
    assert accuracy == (scores.argmax(axis=1) == y).mean()


@pytest.mark.parametrize(
    ("schedule", "want"),
    [
        ("constant", {0: 1.0, 50: 1.0, 99: 1.0}),
        ("step", {0: 1.0, 66: 1.0, 67: 0.1, 99: 0.1}),
        ("cosine", {0: 1.0, 25: 0.5 + 0.5 * math.sqrt(0.5), 50: 0.5, 100: 0.0}),
    ],
)
def test_schedules(tiny: Dataset, schedule: str, want: dict[int, float]) -> None:
    configured = module(tiny, steps=100, learning_rate=0.2, schedule=schedule, optimizer="sgd").configure_optimizers()
    optimizer, scheduler = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    for step in range(101):
        if step in want:
            assert optimizer.param_groups[0]["lr"] == pytest.approx(0.2 * want[step], abs=1e-12)
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("most", [1e-3, 1.0, 1e3])
def test_clipping_is_that_of_torch_bit_for_bit(most: float) -> None:
    torch.manual_seed(0)
    ours, theirs = ([torch.zeros(shape) for shape in ((5, 3), (7,), (), (2,))] for _ in range(2))
    for one, other in list(zip(ours, theirs, strict=True))[:-1]:  # the last one has no gradient
        one.grad = torch.randn(one.shape)
        other.grad = one.grad.clone()
    clip_gradients(ours, most)
    torch.nn.utils.clip_grad_norm_(theirs, most)
    for one, other in list(zip(ours, theirs, strict=True))[:-1]:
        assert one.grad is not None
        assert other.grad is not None
        assert torch.equal(one.grad, other.grad)
    forget_gradients(ours)
    clip_gradients(ours, most)
    assert all(each.grad is None for each in ours)


def test_a_batch_is_made_when_it_is_read(tiny: Dataset) -> None:
    """Made a chunk at a time, batches would have left the caches before they are trained on."""
    made = []

    class Noted(Batches):
        def __iter__(self) -> Iterator[Batch]:
            for batch in super().__iter__():
                made.append(batch)
                yield batch

    for number, chunk in enumerate(Chunks(Noted(tiny.train, 8), 4)):
        for within, _ in enumerate(chunk, 1):
            assert len(made) == 4 * number + within


def flat(tensors: Iterable[torch.Tensor]) -> torch.Tensor:
    return torch.cat([each.detach().flatten().clone() for each in tensors])


def test_sgd_without_momenta_of_the_past_moves_by_the_clipped_gradient(tiny: Dataset) -> None:
    """The first Nesterov step is rate * (1 + momentum) * clipped gradient."""
    clip, rate = 0.01, 0.5
    made = module(tiny, learning_rate=rate, optimizer="sgd", schedule="constant", gradient_clip=clip)
    (batch,) = Batches(tiny.train, 60)
    torch.autograd.backward([made._score("train", batch)[0]])
    norm = flat(p.grad for p in made.parameters() if p.grad is not None).norm()
    before = flat(made.parameters())
    _trainer(max_epochs=1).fit(made, Chunks(Batches(tiny.train, 60)), Batches(tiny.validation, 60))
    moved = (flat(made.parameters()) - before).norm()
    assert norm > 10 * clip
    assert float(moved) == pytest.approx(rate * 1.9 * clip, rel=1e-3)


def test_chunks_are_the_batches_in_order(tiny: Dataset) -> None:
    plain = [y for _, _, y in Batches(tiny.train, 8, seed=3)]
    for size in (1, 3, 8, 100):
        chunks = [list(chunk) for chunk in Chunks(Batches(tiny.train, 8, seed=3), size)]
        assert len(Chunks(Batches(tiny.train, 8), size)) == len(chunks)
        assert all(len(chunk) == size for chunk in chunks[:-1])
        chunked = [y for chunk in chunks for _, _, y in chunk]
        assert all(torch.equal(one, other) for one, other in zip(plain, chunked, strict=True))


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_lightning_in_chunks_is_a_plain_loop(tiny: Dataset, schedule: str) -> None:
    """Three epochs of clipped Adam on a schedule, bit for bit, whatever the size of the chunks."""
    steps = 3 * 4
    options = {"learning_rate": 0.02, "gradient_clip": 0.3, "schedule": schedule}
    wanted = module(tiny, steps, **options)
    adam = torch.optim.Adam(wanted.parameters(), lr=0.02, fused=True)
    batches, step = Batches(tiny.train, 16, seed=1), 0
    for _ in range(3):
        for x, lengths, y in batches:
            adam.param_groups[0]["lr"] = 0.02 * (
                0.5 * (1 + math.cos(math.pi * step / steps)) if schedule == "cosine" else 1
            )
            adam.zero_grad()
            torch.autograd.backward([torch.nn.functional.cross_entropy(wanted.network(x, lengths), y)])
            torch.nn.utils.clip_grad_norm_(wanted.parameters(), 0.3)
            adam.step()
            step += 1
    for size in (1, 3, 32):
        made = module(tiny, steps, **options)
        chunks = Chunks(Batches(tiny.train, 16, seed=1), size)
        _trainer(max_epochs=3).fit(made, chunks, Batches(tiny.validation, 60))
        assert torch.equal(flat(made.parameters()), flat(wanted.parameters()))


@pytest.mark.parametrize(
    ("optimizer", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)]
)
def test_optimizers_are_what_they_are_called(tiny: Dataset, optimizer: str, kind: type[torch.optim.Optimizer]) -> None:
    made = module(tiny, optimizer=optimizer, weight_decay=0.125, learning_rate=0.5)
    got = made.configure_optimizers()["optimizer"]
    assert type(got) is kind
    assert got.defaults["weight_decay"] == 0.125
    assert got.defaults["lr"] == 0.5


def test_a_loss_far_above_a_guess_is_divergence(tiny: Dataset) -> None:
    ground = module(tiny, learning_rate=0.005).divergence
    ground.check_mean(19.9 * math.log(3), 1)
    for loss in (20.1 * math.log(3), math.inf, math.nan):
        with pytest.raises(DivergedError, match=r"learning_rate below 0\.005"):
            ground.check_mean(loss, 1)
