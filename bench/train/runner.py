"""One run, from specification to record."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn

from bench import mcu, record, track, zoo
from bench.data import Corpus, Dataset, open_any
from bench.errors import RnnbenchError
from bench.measure import size
from bench.plan import Status
from bench.record import DataFacts, Labels, LatencyFacts, Record, Result, SizeFacts, Times
from bench.spec import RunSpec
from bench.train import modelling, runtime
from bench.train.base import DivergedError
from bench.train.callbacks import EpochEnd, Listener
from bench.train.compression import Compression
from bench.train.integer import accuracy as integer_accuracy
from bench.train.integer import program_of
from bench.train.module import Batches, Chunks, Classification
from bench.train.network import Network, build, derive_seed
from bench.train.trainer import save, trainer

_EVALUATION_BATCH = 512
_FLOAT_BYTES, _INTEGER_BYTES = 4, 1
"""Of a number in float32; of a weight or an index that is quantised, as the paper counts."""
_log = logging.getLogger(__name__)


class Interrupted(BaseException):
    """Somebody asked the process to stop."""


@dataclass(frozen=True)
class Job:
    """A run to be done, and where.

    Attributes:
        spec: what to do.
        folder: the run's own folder, which exists.
        grid: the name of the grid it is run for.
        wandb: a mode of :data:`bench.track.MODES`.
    """

    spec: RunSpec
    folder: Path
    grid: str
    wandb: str = "offline"


def run(job: Job, listener: Callable[[int], None] = lambda epoch: None) -> Record:
    """Trains, tests, measures, and leaves a record, whatever happens short of a kill.

    Args:
        job: the run.
        listener: called with the number of each finished epoch.

    Returns:
        The record as written: done, failed with the reason, or interrupted.
    """
    began = time.monotonic()
    settings = runtime.setup()
    base = Record(
        id=job.spec.id,
        status=Status.RUNNING,
        grid=job.grid,
        spec=job.spec.model_dump(mode="json"),
        labels=Labels(cell=zoo.cell_class(job.spec.cell.name).title, variant=job.spec.variant()),
        times=Times(started=_now()),
        provenance={**runtime.provenance(), **settings},
    )
    (job.folder / "spec.yaml").write_text(yaml.safe_dump(base.spec, sort_keys=False), encoding="utf-8")
    record.write(job.folder, base)
    tracker: track.Tracker = track.NoTracker()
    facts: dict[str, Any] = {}
    status, reason = Status.DONE, ""
    try:
        dataset = open_any(job.spec.data.name, options=job.spec.data.options)
        facts["data"] = _data_facts(dataset)
        extra = {"data_facts": facts["data"].model_dump(), "labels": base.labels.model_dump()}
        tracker = track.start(job.wandb, job.spec, job.folder, job.grid, extra)
        listeners: list[Listener] = [tracker.epoch, lambda row: listener(int(row["epoch"]))]
        if isinstance(dataset, Corpus):
            facts |= modelling.train_and_measure(job.spec, dataset, job.folder, listeners)
        else:
            facts |= _train_and_measure(job, dataset, listeners)
    except (Interrupted, KeyboardInterrupt):
        status, reason = Status.INTERRUPTED, "stopped by a signal"
    except (DivergedError, RnnbenchError) as error:
        status, reason = Status.FAILED, str(error)
    except Exception as error:
        _log.exception("the run failed")
        what = str(error).strip().partition("\n")[0]
        status, reason = Status.FAILED, f"{type(error).__name__}: {what}{zoo.place_of(error)}"
    train_s = facts.pop("train_s", None)
    end = {
        "status": status,
        "reason": reason,
        "times": Times(started=base.times.started, finished=_now(), train_s=train_s, wall_s=time.monotonic() - began),
        "provenance": {**base.provenance, "peak_memory_mb": round(runtime.peak_memory_mb(), 1)},
        **facts,
    }
    final = base.model_copy(update=end)
    with _undisturbed():
        record.write(job.folder, final)
    tracker.finish(status, flat_summary(final))  # after the record: W&B may hang, and is only the mirror
    return final


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Holds signals back: what a run has reached is written before it hears that it should stop."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def flat_summary(final: Record) -> dict[str, Any]:
    """The figures of a record under flat keys, as W&B's summary holds them."""
    summary: dict[str, Any] = {}
    if final.result is not None:
        summary |= final.result.model_dump()
    if final.size is not None:
        summary |= {f"size/{key}": value for key, value in final.size.model_dump().items()}
    for each in final.latency:
        summary |= {
            f"latency/{each.board}_ms": each.ms,
            f"latency/{each.board}_ms_per_step": each.ms_per_step,
            f"latency/{each.board}_fits": each.fits_flash and each.fits_ram,
        }
    if final.reason:
        summary["reason"] = final.reason
    return summary


def _train_and_measure(job: Job, dataset: Dataset, listeners: list[Listener]) -> dict[str, Any]:
    spec, info = job.spec, dataset.info
    network = build(spec, info.features, info.classes, info.vocabulary)
    began = time.monotonic()
    compression = Compression(network, [network.cell], spec.compress, spec.train.epochs)
    end = EpochEnd(job.folder / "metrics.csv", spec.train.patience, listeners, compression=compression)
    accuracy, loss = _fit(spec, dataset, network, end, compression)
    train_s = time.monotonic() - began
    test_loss, test_accuracy = _test(spec, dataset, network)
    save(job.folder, spec, network)
    program = program_of(network, dataset.train) if spec.compress.quantise else None
    result = Result(
        test_accuracy=test_accuracy,
        integer_accuracy=None if program is None else integer_accuracy(program, network, dataset.test),
        test_loss=test_loss,
        validation_accuracy=accuracy,
        validation_loss=loss,
        best_epoch=end.best_epoch,
        epochs=end.epochs,
    )
    return {
        "result": result,
        "size": _size(network, _INTEGER_BYTES if program else _FLOAT_BYTES),
        "latency": tuple(_latency(spec, network, info.steps, program)),
        "train_s": train_s,
    }


def _latency(spec: RunSpec, network: Network, steps: int, program: mcu.Program | None) -> Iterator[LatencyFacts]:
    """Of the integer program where there is one, else of the same network in float32."""
    boards = [mcu.board(name) for name in spec.boards]
    if program is None:
        found: Sequence[mcu.Latency] = mcu.latency([network.cell], network.head, steps=steps, boards=boards)
    else:
        found = [mcu.predict(program, board, steps=steps) for board in boards]
    for each in found:
        yield LatencyFacts(**{name: getattr(each, name) for name in LatencyFacts.model_fields})


def _size(network: Network, number_bytes: int) -> SizeFacts:
    """The size of cell and classifier, as the paper prints it; an embedding is counted beside it."""
    counted = size(nn.ModuleList([network.cell, network.head]), number_bytes)
    embedding = 0 if network.embedding is None else network.embedding.weight.numel()
    return SizeFacts(**asdict(counted), embedding_parameters=embedding)


def _fit(
    spec: RunSpec, dataset: Dataset, network: Network, end: EpochEnd, compression: Compression
) -> tuple[float, float]:
    """Trains, and puts the weights of the best epoch back; its accuracy and loss on the validation data."""
    batches = Batches(dataset.train, spec.train.batch_size, seed=derive_seed(spec.seed, "order"))
    module = Classification(network, spec.train, dataset.info.classes, steps=spec.train.epochs * len(batches))
    torch.manual_seed(derive_seed(spec.seed, "noise"))
    fitting = trainer(max_epochs=spec.train.epochs, callbacks=[compression, end])
    fitting.fit(module, Chunks(batches), Batches(dataset.validation, _EVALUATION_BATCH))
    return end.restore(network)


def _test(spec: RunSpec, dataset: Dataset, network: Network) -> tuple[float, float]:
    """Loss and accuracy on the test set: its one use."""
    module = Classification(network, spec.train, dataset.info.classes, steps=1)
    trainer().test(module, Batches(dataset.test, _EVALUATION_BATCH), verbose=False)
    return module.summary("test")


def _data_facts(dataset: Dataset | Corpus) -> DataFacts:
    info = dataset.info
    return DataFacts(
        name=info.name,
        title=info.title,
        task=info.task,
        metric=info.metric,
        higher_is_better=info.higher_is_better,
        fingerprint=dataset.fingerprint,
        train=len(dataset.train),
        validation=len(dataset.validation),
        test=len(dataset.test),
        steps=info.steps,
        features=info.features,
        classes=info.classes,
        majority=None if isinstance(dataset, Corpus) else dataset.majority(),
        licence=info.licence,
        source=info.source,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
