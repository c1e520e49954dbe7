"""The first record of a run, what the last one says of the data, and the same for W&B."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bench.data import Corpus, Dataset
from bench.record import DataFacts, Labels, Record, Times
from bench.status import Status
from bench.train.job import Job, Metric


def begun(job: Job, task: str, provenance: dict[str, Any]) -> Record:
    """Returns the record of a run that begins now.

    Args:
        job: the run.
        task: the name of its task.
        provenance: with what it is made.
    """
    return Record(
        id=job.spec.id,
        status=Status.RUNNING,
        grid=job.grid,
        spec=job.spec.written(task),
        labels=Labels(cell=job.spec.cell.cell_class.title, variant=job.spec.variant()),
        times=Times(started=now()),
        provenance=provenance,
    )


def data_facts(data: Dataset | Corpus, metric: Metric) -> DataFacts:
    """Returns what is to be remembered of a run's data as they are now."""
    info = data.info
    return DataFacts(
        name=info.name,
        title=info.title,
        task=info.task,
        metric=metric.name,
        higher_is_better=metric.higher_is_better,
        fingerprint=data.fingerprint,
        train=len(data.train),
        validation=len(data.validation),
        test=len(data.test),
        steps=info.steps,
        features=info.features,
        classes=info.classes,
        majority=data.majority(),
        licence=info.licence,
        source=info.source,
    )


def flat_summary(final: Record) -> dict[str, Any]:
    """Returns the figures of a record under flat keys, as W&B's summary holds them."""
    summary: dict[str, Any] = {}
    if final.result is not None:
        summary |= final.result.model_dump()
    if final.size is not None:
        summary |= {f"size/{key}": value for key, value in final.size.model_dump().items()}
    for board in final.latency:
        summary |= {
            f"latency/{board.board}_ms": board.ms,
            f"latency/{board.board}_ms_per_step": board.ms_per_step,
            f"latency/{board.board}_fits": board.fits_flash and board.fits_ram,
        }
    if final.reason:
        summary["reason"] = final.reason
    return summary


def now() -> str:
    """Returns the time, in ISO 8601 UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
