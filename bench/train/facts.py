"""The first record of a run, what the last one says of the data, and the same for W&B."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bench.data import Corpus, Dataset
from bench.record import DataFacts, Labels, LatencyFacts, Record, Times
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
        chosen=job.chosen,
    )


def data_facts(data: Dataset | Corpus, metric: Metric) -> DataFacts:
    """Returns what is to be remembered of a run's data as they are now."""
    info = data.info
    return DataFacts(
        name=info.name,
        title=info.title,
        task=info.task,
        metric=metric.name,
        reported=None if info.metric == metric.name else info.metric,
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
    """Returns the figures of a record for W&B's summary, each under its place in the record: ``latency/uno/ms``.

    Those of the result stand without a prefix, under the names that the history has, too. ``accuracy``, ``perplexity``
    or ``f1`` is what tables compare runs by: of a quantised run, that of its integer program.
    """
    summary: dict[str, Any] = {}
    if final.result is not None and final.data is not None:
        summary |= _flat(final.result.model_dump())
        for metric in filter(None, (final.data.metric, final.data.reported)):
            names = (f"integer_{metric}", f"test_{metric}")
            name = next((name for name in names if name in summary), None)
            if name is not None:  # none in a run that is sealed
                summary[metric] = summary[name]
    if final.size is not None:
        summary |= _flat({"size": final.size.model_dump()})
    summary |= _flat({"latency": {facts.board: _timed(facts) for facts in final.latency}})
    if final.reason:
        summary["reason"] = final.reason
    return summary


def _timed(facts: LatencyFacts) -> dict[str, Any]:
    return facts.model_dump(include={"format", "cycles", "ms", "flash_bytes", "ram_bytes", "fits_flash", "fits_ram"})


def _flat(tree: dict[str, Any]) -> dict[str, Any]:
    """Returns the leaves of nested figures, each under the names on the way to it, a slash between."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        below = _flat(value) if isinstance(value, dict) else None
        flat |= {key: value} if below is None else {f"{key}/{name}": leaf for name, leaf in below.items()}
    return flat


def now() -> str:
    """Returns the time, in ISO 8601 UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
