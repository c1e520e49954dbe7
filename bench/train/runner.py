"""One run, from specification to record."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
import yaml
from lightning.fabric.plugins.environments.lightning import LightningEnvironment

from bench import mcu, record, track, zoo
from bench.data import Dataset, open_dataset
from bench.errors import RnnbenchError
from bench.plan import Status
from bench.record import Labels, LatencyFacts, Record, Result, Times
from bench.spec import RunSpec
from bench.train import resume, runtime
from bench.train.callbacks import EpochEnd, Listener
from bench.train.facts import data_facts, flat_summary, now, size_facts
from bench.train.ground import DivergedError, Ground
from bench.train.module import Batches, Chunks, Classification
from bench.train.network import Network, build, derive_seed
from bench.train.resume import LastEpoch
from bench.train.signals import Interrupted, undisturbed

_EVALUATION_BATCH = 512
_log = logging.getLogger(__name__)


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


class Ongoing:
    """A run under way: its record says ``running`` from the start, and how it ended once it has.

    Args:
        job: the run.
        listener: called with the number of each finished epoch.
        pack: how many runs are trained together in this process, this one included.

    Attributes:
        record: once the run has ended, what it left.
        dataset, network, ground, end: from :meth:`open` on: its data and network, what its losses are held against,
            and what its epochs came to.
    """

    dataset: Dataset
    network: Network
    ground: Ground
    end: EpochEnd

    def __init__(self, job: Job, listener: Callable[[int], None] = lambda epoch: None, pack: int = 1) -> None:
        self.job = job
        self.record: Record | None = None
        self._listener, self._began = listener, time.monotonic()
        settings = runtime.setup()
        self._base = Record(
            id=job.spec.id,
            status=Status.RUNNING,
            grid=job.grid,
            spec=job.spec.model_dump(mode="json"),
            labels=Labels(cell=zoo.cell_class(job.spec.cell.name).title, variant=job.spec.variant()),
            times=Times(started=now()),
            provenance={**runtime.provenance(), **settings, "pack": pack},
        )
        (job.folder / "spec.yaml").write_text(yaml.safe_dump(self._base.spec, sort_keys=False), encoding="utf-8")
        record.write(job.folder, self._base)
        self._tracker: track.Tracker = track.NoTracker()
        self._facts: dict[str, Any] = {}

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Ends the run as failed when something goes wrong inside, with the reason; a signal passes."""
        try:
            yield
        except (DivergedError, RnnbenchError) as error:
            self.close(Status.FAILED, str(error))
        except Exception as error:
            _log.exception("the run failed")
            what = str(error).strip().partition("\n")[0]
            self.close(Status.FAILED, f"{type(error).__name__}: {what}{zoo.place_of(error)}")

    def open(self, dataset: Dataset | None = None) -> None:
        """Opens data and W&B, and builds the network.

        Args:
            dataset: the run's, where it is open already.
        """
        spec = self.job.spec
        self.dataset = dataset or open_dataset(spec.data.name, options=spec.data.options)
        self._facts["data"] = data_facts(self.dataset)
        extra = {"data_facts": self._facts["data"].model_dump(), "labels": self._base.labels.model_dump()}
        self._tracker = track.start(self.job.wandb, spec, self.job.folder, self.job.grid, extra)
        self.prepare()

    def prepare(self) -> None:
        """The network before its first step, and an empty history."""
        spec, info = self.job.spec, self.dataset.info
        self.network = build(spec, info.features, info.classes, info.vocabulary)
        self.ground = Ground(spec.train.learning_rate, info.classes)
        listeners: list[Listener] = [self._tracker.epoch, lambda row: self._listener(int(row["epoch"]))]
        self.end = EpochEnd(self.job.folder / "metrics.csv", spec.train.patience, listeners)
        self._training_began = time.monotonic()

    def trained(self) -> None:
        """To be called when training has come to its end: puts the weights of the best epoch back."""
        before = sum(row["seconds"] for row in self.end.rows[: self.end.continued])
        self._facts["train_s"] = before + time.monotonic() - self._training_began
        if self.end.continued:
            self._base.provenance["continued_after_epoch"] = self.end.continued
        self.end.restore(self.network)

    def measure(self) -> None:
        """Tests, measures, and ends the run as done."""
        self._facts |= _measure(self.job, self.dataset, self.network, self.end)
        (self.job.folder / resume.FILE).unlink(missing_ok=True)
        self.close(Status.DONE)

    def close(self, status: Status, reason: str = "") -> None:
        """Writes the record, unless the run has ended before."""
        if self.record is not None:
            return
        train_s, wall_s = self._facts.pop("train_s", None), time.monotonic() - self._began
        end = {
            "status": status,
            "reason": reason,
            "times": Times(started=self._base.times.started, finished=now(), train_s=train_s, wall_s=wall_s),
            "provenance": {**self._base.provenance, "peak_memory_mb": round(runtime.peak_memory_mb(), 1)},
            **self._facts,
        }
        final = self._base.model_copy(update=end)
        with undisturbed():
            record.write(self.job.folder, final)
            self.record = final
        self._tracker.finish(status, flat_summary(final))  # after the record: W&B may hang, and is only the mirror


def run(job: Job, listener: Callable[[int], None] = lambda epoch: None, dataset: Dataset | None = None) -> Record:
    """Trains, tests, measures, and leaves a record, whatever happens short of a kill.

    Args:
        job: the run.
        listener: called with the number of each finished epoch.
        dataset: the run's, where it is open already.

    Returns:
        The record as written: done, failed with the reason, or interrupted.
    """
    ongoing = Ongoing(job, listener)
    try:
        with ongoing.guard():
            ongoing.open(dataset)
            train_alone(ongoing)
            ongoing.measure()
    except (Interrupted, KeyboardInterrupt):
        if ongoing.record is not None:
            raise
        ongoing.close(Status.INTERRUPTED, "stopped by a signal")
    assert ongoing.record is not None  # noqa: S101
    return ongoing.record


def train_alone(run: Ongoing) -> None:
    """Trains a run that is open, by itself."""
    keep = LastEpoch(run.job.folder / resume.FILE, resume.identity(run.job.spec, run.dataset))
    _fit(run.job.spec, run.dataset, run.network, run.end, keep)
    run.trained()


def _measure(job: Job, dataset: Dataset, network: Network, best: EpochEnd) -> dict[str, Any]:
    spec, info = job.spec, dataset.info
    test_loss, test_accuracy = _test(spec, dataset, network)
    _save(job, network)
    result = Result(
        test_accuracy=test_accuracy,
        test_loss=test_loss,
        validation_accuracy=best.best[0],
        validation_loss=-best.best[1],
        best_epoch=best.best_epoch,
        epochs=best.epochs,
    )
    boards = [mcu.board(name) for name in spec.boards]
    latency = mcu.latency([network.cell], network.head, steps=info.steps, boards=boards) if boards else []
    return {
        "result": result,
        "size": size_facts(network),
        "latency": tuple(LatencyFacts(**asdict(each)) for each in latency),
    }


def _fit(spec: RunSpec, dataset: Dataset, network: Network, end: EpochEnd, keep: LastEpoch) -> None:
    """Trains, from where an earlier try was; the weights are those of the last epoch then, and ``end`` has the best."""
    batches = Batches(dataset.train, spec.train.batch_size, seed=derive_seed(spec.seed, "order"))
    module = Classification(network, spec.train, dataset.info.classes, steps=spec.train.epochs * len(batches))
    torch.manual_seed(derive_seed(spec.seed, "noise"))
    trainer = _trainer(max_epochs=spec.train.epochs, callbacks=[end, keep])
    validation = Batches(dataset.validation, _EVALUATION_BATCH)
    trainer.fit(module, Chunks(batches), validation, ckpt_path=keep.usable(), weights_only=True)


def _test(spec: RunSpec, dataset: Dataset, network: Network) -> tuple[float, float]:
    """Loss and accuracy on the test set: its one use."""
    module = Classification(network, spec.train, dataset.info.classes, steps=1)
    _trainer().test(module, Batches(dataset.test, _EVALUATION_BATCH), verbose=False)
    return module.summary("test")


def _trainer(**options: Any) -> pl.Trainer:
    return pl.Trainer(
        accelerator=runtime.device().type,
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        deterministic=True,
        plugins=[LightningEnvironment()],  # else a Slurm job's variables are read as a cluster's
        **options,
    )


def _save(job: Job, network: Network) -> None:
    """``model.pt``: the specification and the weights, written whole."""
    partial = job.folder / ".model.pt.partial"
    torch.save({"spec": job.spec.model_dump(mode="json"), "state": network.state_dict()}, partial)
    partial.replace(job.folder / "model.pt")
