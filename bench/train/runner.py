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
from bench.data import Corpus, Dataset, describe
from bench.errors import RnnbenchError
from bench.record import CELL_FILE, DataFacts, Record, Times, gradients, items
from bench.record import latency as beside
from bench.spec.yaml import QuickDumper
from bench.status import Status
from bench.train import provenance, resume, settings, sources
from bench.train.divergence import DivergedError
from bench.train.epochs import learnt
from bench.train.facts import begun, data_facts, flat_summary, now
from bench.train.job import Job, Listener
from bench.train.resume import LastEpoch
from bench.train.session import Measured, Session
from bench.train.signals import Interrupted, undisturbed
from bench.train.task import tasks
from bench.train.trainer import save

_log = logging.getLogger(__name__)


class Ongoing:
    """A run under way: its record says ``running`` from the start, and how it ended once it has.

    Args:
        job: the run.
        listener: called with the number of each finished epoch.
        data: the run's, where they are open already.
        pack: how many runs are trained together in this process, this one included.

    Attributes:
        task: of the run.
        record: once the run has ended, what it left.
        data: from :meth:`open` on.
        session: likewise, the training.
    """

    session: Session

    def __init__(
        self,
        job: Job,
        listener: Callable[[int], None] = lambda epoch: None,
        data: Dataset | Corpus | None = None,
        pack: int = 1,
    ) -> None:
        self.job, self.data = job, data
        self.record: Record | None = None
        self._listener, self._began = listener, time.monotonic()
        chosen = settings.setup()
        cell = job.spec.cell.cell_class
        code = {"git": sources.git_state(cell), "sources": sources.digest(cell)[:12]}
        info = describe(job.spec.data.name, job.spec.data.options) if data is None else data.info
        self.task = tasks()[info.task]
        self._base = begun(job, self.task.name, {**provenance.provenance(), **code, **chosen, "pack": pack})
        text = yaml.dump(self._base.spec, Dumper=QuickDumper, sort_keys=False)
        (job.folder / "spec.yaml").write_text(text, encoding="utf-8")
        if job.spec.cell.file is not None:
            shutil.copyfile(job.spec.cell.file, job.folder / CELL_FILE)
        record.write(job.folder, self._base)
        self._tracker: track.Tracker = track.NoTracker()
        self._data_facts: DataFacts | None = None
        self._measured: Measured | None = None
        self._train_s: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the run is over, well or not."""
        return self.record is not None

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

    def open(self, data: Dataset | Corpus | None = None) -> None:
        """Opens data and W&B, and begins.

        Args:
            data: the run's, where they are open already.
        """
        job, spec = self.job, self.job.spec
        self.data = data = data or self.data or self.task.open(spec)
        self._data_facts = data_facts(data, self.task.metric)
        facts = {"data_facts": self._data_facts.model_dump(), "labels": self._base.labels.model_dump()}
        self._tracker = track.start(job.wandb, spec, job.folder, job.grid, {**self._base.spec, **facts})
        self.begin()

    def begin(self, alone: bool = False) -> None:
        """Builds the network, and empties the history.

        Args:
            alone: the run is trained by itself after all.
        """
        if alone:
            self._base.provenance["pack"] = 1
        listeners: list[Listener] = [self._tracker.epoch, lambda row: self._listener(int(row["epoch"]))]
        self.session = self.task.session(self.job, self.data, listeners)

    def train(self) -> None:
        """Trains by itself, from where an earlier try was."""
        assert self.data is not None  # noqa: S101
        identity = resume.identity(self.job.spec, self.data.fingerprint)
        self.session.fit(LastEpoch(self.job.folder / resume.FILE, identity))
        self.trained()

    def trained(self) -> None:
        """Puts the weights of the best epoch back: to be called when the training is over."""
        if self.session.end.continued:
            self._base.provenance["continued_after_epoch"] = self.session.end.continued
        self._base.provenance["scan"] = settings.engine(self.session.compression.cells)
        self._train_s = self.session.finish()

    def measure(self) -> None:
        """Measures the trained network, saves it, and ends the run as done."""
        measured = self.session.measure()
        save(self.job.folder, self._base.spec, self.session.network)
        self._measured = measured
        self.close(Status.DONE)

    def close(self, status: Status, reason: str = "") -> None:
        """Writes the record, unless the run has ended before."""
        if self.ended:
            return
        started, wall_s = self._base.times.started, time.monotonic() - self._began
        end: dict[str, Any] = {
            "status": status,
            "reason": reason,
            "times": Times(started=started, finished=now(), train_s=self._train_s, wall_s=wall_s),
            "provenance": {**self._base.provenance, "peak_memory_mb": round(provenance.peak_memory_mb(), 1)},
            "data": self._data_facts,
            "failure": record.failure(self.job.folder) if status is Status.FAILED else None,
            "folder": self.job.folder,
        }
        with undisturbed():
            if self._measured is not None:
                latency = self._measured.latency
                beside.write(self.job.folder, latency)
                if self._measured.items is not None:
                    items.write(self.job.folder, self._measured.items)
                if self._measured.gradients is not None:
                    gradients.write(self.job.folder, self._measured.gradients)
                scalars = learnt(self.session.compression.cells) or None
                result = self._measured.result.model_copy(update={"learnt": scalars})
                end |= {"result": result, "size": self._measured.size}
                end |= {"latency": latency.boards, "latency_reason": latency.reason}
            final = self._base.model_copy(update=end)
            record.write(self.job.folder, final)
            self.record = final
            if status is Status.DONE:
                (self.job.folder / resume.FILE).unlink(missing_ok=True)
        self._tracker.finish(status, flat_summary(final))  # after the record: W&B may hang, and is only the mirror


def run(job: Job, listener: Callable[[int], None] = lambda epoch: None, data: Dataset | Corpus | None = None) -> Record:
    """Trains, tests, measures, and leaves a record, whatever happens short of a kill.

    Args:
        job: the run.
        listener: called with the number of each finished epoch.
        data: the run's, where they are open already.

    Returns:
        The record as written: done, failed with the reason, or interrupted.
    """
    ongoing = Ongoing(job, listener, data)
    try:
        with ongoing.guard():
            ongoing.open()
            ongoing.train()
            ongoing.measure()
    except (Interrupted, KeyboardInterrupt):
        if ongoing.ended:
            raise
        ongoing.close(Status.INTERRUPTED, "stopped by a signal")
    assert ongoing.record is not None  # noqa: S101
    return ongoing.record
