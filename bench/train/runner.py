"""One run, from specification to record."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from bench import record, track, zoo
from bench.data import Corpus, Dataset, open_any
from bench.errors import RnnbenchError
from bench.record import CELL_FILE, Labels, Latency, Record, Times
from bench.record import latency as beside
from bench.status import Status
from bench.train import provenance, resume, sources
from bench.train.classification import task as classifying
from bench.train.classification.network import Network, build
from bench.train.divergence import DivergedError, Ground
from bench.train.epochs import EpochEnd, Listener
from bench.train.facts import data_facts, flat_summary, now
from bench.train.job import Job
from bench.train.language import task as modelling
from bench.train.resume import LastEpoch
from bench.train.settings import setup
from bench.train.signals import Interrupted, undisturbed
from bench.train.stages import Compression

_log = logging.getLogger(__name__)


class Ongoing:
    """A run under way: its record says ``running`` from the start, and how it ended once it has.

    Args:
        job: the run.
        listener: called with the number of each finished epoch.
        pack: how many runs are trained together in this process, this one included.

    Attributes:
        record: once the run has ended, what it left.
        dataset, network, ground, end, compression: of a classifier from :meth:`open` on: its data and network, what its
            losses are held against, what its epochs came to, and the stages that they go through.
        corpus: of a language model from :meth:`open` on: its text.
    """

    dataset: Dataset
    corpus: Corpus | None = None
    network: Network
    ground: Ground
    end: EpochEnd
    compression: Compression

    def __init__(self, job: Job, listener: Callable[[int], None] = lambda epoch: None, pack: int = 1) -> None:
        self.job = job
        self.record: Record | None = None
        self._listener, self._began = listener, time.monotonic()
        chosen = setup()
        cell = job.spec.cell.cell_class
        code = {"git": sources.git_state(cell), "sources": sources.digest(cell)[:12]}
        self._base = Record(
            id=job.spec.id,
            status=Status.RUNNING,
            grid=job.grid,
            spec=job.spec.model_dump(mode="json"),
            labels=Labels(cell=cell.title, variant=job.spec.variant()),
            times=Times(started=now()),
            provenance={**provenance.provenance(), **code, **chosen, "pack": pack},
        )
        (job.folder / "spec.yaml").write_text(yaml.safe_dump(self._base.spec, sort_keys=False), encoding="utf-8")
        if job.spec.cell.file is not None:
            shutil.copyfile(job.spec.cell.file, job.folder / CELL_FILE)
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
        opened = dataset or open_any(spec.data.name, options=spec.data.options)
        self._facts["data"] = data_facts(opened)
        extra = {"data_facts": self._facts["data"].model_dump(), "labels": self._base.labels.model_dump()}
        self._tracker = track.start(self.job.wandb, spec, self.job.folder, self.job.grid, extra)
        self.listeners: list[Listener] = [self._tracker.epoch, lambda row: self._listener(int(row["epoch"]))]
        if isinstance(opened, Corpus):
            self.corpus = opened
        else:
            self.dataset = opened
            self.prepare()

    def prepare(self, alone: bool = False) -> None:
        """The network before its first step, and an empty history.

        Args:
            alone: the run is trained by itself after all.
        """
        if alone:
            self._base.provenance["pack"] = 1
        spec, info = self.job.spec, self.dataset.info
        self.network = build(spec, info.features, info.classes, info.vocabulary)
        self.ground = Ground(spec.train.learning_rate, info.classes)
        self.compression = Compression(self.network, [self.network.cell], spec.compress, spec.train.epochs)
        metrics, patience = self.job.folder / "metrics.csv", spec.train.patience
        self.end = EpochEnd(metrics, patience, self.listeners, compression=self.compression)
        self._training_began = time.monotonic()

    def trained(self) -> None:
        """To be called when training has come to its end: puts the weights of the best epoch back."""
        self._facts["train_s"] = self.end.continued_s + time.monotonic() - self._training_began
        self._went_on(self.end)
        self.end.restore(self.network)

    def measure(self) -> None:
        """Tests, measures, and ends the run as done."""
        spec, folder = self.job.spec, self.job.folder
        self._facts |= classifying.measure(spec, self.dataset, self.network, self.end, folder)
        self.close(Status.DONE)

    def _went_on(self, end: EpochEnd) -> None:
        if end.continued:
            self._base.provenance["continued_after_epoch"] = end.continued

    def model_language(self, corpus: Corpus) -> None:
        """Trains, tests and measures on a text, and ends the run as done."""
        spec, folder = self.job.spec, self.job.folder
        keep = LastEpoch(folder / resume.FILE, resume.identity(spec, corpus))
        facts, end = modelling.train_and_measure(spec, corpus, folder, self.listeners, keep)
        self._facts |= facts
        self._went_on(end)
        self.close(Status.DONE)

    def close(self, status: Status, reason: str = "") -> None:
        """Writes the record, unless the run has ended before."""
        if self.record is not None:
            return
        train_s, wall_s = self._facts.pop("train_s", None), time.monotonic() - self._began
        latency: Latency | None = self._facts.pop("latency", None)
        end = {
            "status": status,
            "reason": reason,
            "times": Times(started=self._base.times.started, finished=now(), train_s=train_s, wall_s=wall_s),
            "provenance": {**self._base.provenance, "peak_memory_mb": round(provenance.peak_memory_mb(), 1)},
            **self._facts,
        }
        final = self._base.model_copy(update=end)
        with undisturbed():
            if latency is not None:
                beside.write(self.job.folder, latency)
                final = final.model_copy(update={"latency": latency.boards, "latency_reason": latency.reason})
            record.write(self.job.folder, final)
            self.record = final
            if status is Status.DONE:
                (self.job.folder / resume.FILE).unlink(missing_ok=True)
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
            if ongoing.corpus is not None:
                ongoing.model_language(ongoing.corpus)
            else:
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
    spec, dataset = run.job.spec, run.dataset
    keep = LastEpoch(run.job.folder / resume.FILE, resume.identity(spec, dataset))
    classifying.fit(spec, dataset, run.network, run.end, run.compression, keep)
    run.trained()
