"""A classifier's run: trains, tests, measures."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch

from bench import mcu
from bench.data import Dataset
from bench.errors import RnnbenchError
from bench.measure import latency
from bench.record import Latency, Result
from bench.spec import RunSpec
from bench.train.cell import derive_seed
from bench.train.chunks import Chunks
from bench.train.classification.integer import accuracy as integer_accuracy
from bench.train.classification.integer import program_of
from bench.train.classification.module import Batches, Classification
from bench.train.classification.network import Network
from bench.train.epochs import EpochEnd
from bench.train.facts import size_facts
from bench.train.resume import LastEpoch
from bench.train.stages import Compression
from bench.train.trainer import save, trainer

_EVALUATION_BATCH = 512
_log = logging.getLogger(__name__)
_FLOAT_BYTES, _INTEGER_BYTES = 4, 1
"""Of a number in float32; of a weight or an index that is quantised, as the paper counts."""


def fit(
    spec: RunSpec, dataset: Dataset, network: Network, end: EpochEnd, compression: Compression, keep: LastEpoch
) -> None:
    """Trains, from where an earlier try was; the weights are those of the last epoch then, and ``end`` has the best."""
    batches = Batches(dataset.train, spec.train.batch_size, seed=derive_seed(spec.seed, "order"))
    module = Classification(network, spec.train, dataset.info.classes, steps=spec.train.epochs * len(batches))
    module.order = batches.generator
    torch.manual_seed(derive_seed(spec.seed, "noise"))
    fitting = trainer(max_epochs=spec.train.epochs, callbacks=[compression, end, keep])
    validation = Batches(dataset.validation, _EVALUATION_BATCH)
    fitting.fit(module, Chunks(batches), validation, ckpt_path=keep.usable(), weights_only=True)


def measure(spec: RunSpec, dataset: Dataset, network: Network, end: EpochEnd, folder: Path) -> dict[str, Any]:
    """What a record says of a network that is trained; ``model.pt`` is left in the folder."""
    test_loss, test_accuracy = _test(spec, dataset, network)
    save(folder, spec, network)
    program = program_of(network, dataset.train) if spec.compress.quantise else None
    assert end.best is not None  # noqa: S101
    result = Result(
        test_accuracy=test_accuracy,
        integer_accuracy=None if program is None else integer_accuracy(program, network, dataset.test),
        test_loss=test_loss,
        validation_accuracy=end.best[0],
        validation_loss=end.best[1],
        best_epoch=end.best_epoch,
        epochs=end.epochs,
    )
    return {
        "result": result,
        "size": size_facts(network, _INTEGER_BYTES if program else _FLOAT_BYTES),
        "latency": _latency(network, dataset.info.steps, program),
    }


def _test(spec: RunSpec, dataset: Dataset, network: Network) -> tuple[float, float]:
    """Loss and accuracy on the test set: its one use."""
    module = Classification(network, spec.train, dataset.info.classes, steps=1)
    trainer().test(module, Batches(dataset.test, _EVALUATION_BATCH), verbose=False)
    return module.summary("test")


def _latency(network: Network, steps: int, program: mcu.Program | None) -> Latency:
    """Returns the latency of the exported code: of the integer program where there is one, else in float32."""
    try:
        return latency(mcu.lower(network.cell, network.head) if program is None else program, steps)
    except RnnbenchError as error:
        _log.warning("no latency: %s", error)
        return Latency(reason=str(error))
