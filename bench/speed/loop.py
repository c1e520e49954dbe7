"""Times the training harness against a plain loop over the same batches."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from bench import zoo
from bench.data import Split
from bench.spec import CompressPart, TrainPart
from bench.speed.cells import SHAPES, Shape
from bench.speed.clock import Timed, interleave
from bench.speed.report import Comparison, compared
from bench.speed.runs import CLASSES, noise
from bench.train.chunks import Chunks
from bench.train.classification import TASK
from bench.train.classification.module import Batches, ClassificationModule
from bench.train.classification.network import Network
from bench.train.epochs import EpochEnd
from bench.train.stages import Compression
from bench.train.trainer import trainer as _trainer

_LOOP_SHAPES = {"small": (Shape(28, 64, 28, 32), 300), "kws": (SHAPES["kws"], 60)}
_TARGET = 1.05


def _network(shape: Shape) -> Network:
    torch.manual_seed(0)
    return Network(zoo.cell_class("fastgrnn")(shape.D, shape.H), CLASSES)


def plain(shape: Shape, split: Split) -> Timed:
    """Epochs of the shortest loop that trains, clips and averages its loss.

    Args:
        shape: T, B, D and H.
        split: sequences to train on, a multiple of B.
    """

    def run(count: int) -> float:
        network = _network(shape)
        adam = torch.optim.Adam(network.parameters(), fused=True)
        began = time.thread_time()
        for _ in range(count):
            losses = []
            for x, lengths, y in Batches(split, shape.B, seed=0):
                adam.zero_grad(set_to_none=True)
                loss = functional.cross_entropy(network(x, lengths), y)
                torch.autograd.backward([loss])
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                adam.step()
                losses.append(loss.detach())
            torch.stack(losses).mean().item()
        return time.thread_time() - began

    return run


def _harness(shape: Shape, split: Split, folder: Path) -> Timed:
    """Epochs of the harness, with schedule, clipping, metrics, a row per epoch, best weights, a validation batch."""
    seen: list[Any] = []

    def run(count: int) -> float:
        batches = Batches(split, shape.B, seed=0)
        network = _network(shape)
        module = ClassificationModule(network, TrainPart(), CLASSES, steps=count * len(batches))
        stages = Compression(network, [], CompressPart(), count)
        end = EpochEnd(folder / "metrics.csv", TrainPart(), [seen.append], TASK.metric, stages)
        trainer = _trainer(max_epochs=count, callbacks=[end])
        first = Split(
            x=split.x[: shape.B], lengths=split.lengths[: shape.B], y=split.y[: shape.B], group=split.group[: shape.B]
        )
        began = time.thread_time()
        trainer.fit(module, Chunks(batches), Batches(first, shape.B))
        return time.thread_time() - began

    return run


def compare_loop(rounds: int) -> Comparison:
    """Times epochs of the harness, its start and logging included, against a plain loop over the same batches.

    Args:
        rounds: how many turns a contender has.
    """
    comparison = Comparison("an epoch of training, a step")
    for name, (shape, batches) in _LOOP_SHAPES.items():
        split = noise(shape.B * batches, shape.T, shape.D)
        with tempfile.TemporaryDirectory() as folder:
            contenders = {"harness": _harness(shape, split, Path(folder)), "plain loop": plain(shape, split)}
            times = interleave(contenders, rounds, turn_s=0)
        comparison.rows.append(compared(name, times, "harness", "plain loop", _TARGET, parts=batches))
    return comparison
