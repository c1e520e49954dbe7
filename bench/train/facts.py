"""What a record says of a run's data and network, and W&B of a record."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from torch import nn

from bench.data import Corpus, Dataset
from bench.measure import size
from bench.record import DataFacts, Record, SizeFacts
from bench.train.classification.network import Network


def size_facts(network: Network, number_bytes: int = 4) -> SizeFacts:
    """The size of cell and classifier, as the paper prints it; an embedding is counted beside it.

    Args:
        network: trained.
        number_bytes: 4 in float32, 1 when quantised.
    """
    counted = size(nn.ModuleList([network.cell, network.head]), number_bytes)
    embedding = 0 if network.embedding is None else network.embedding.weight.numel()
    return SizeFacts(**asdict(counted), embedding_parameters=embedding)


def data_facts(dataset: Dataset | Corpus) -> DataFacts:
    """The data set as it is now."""
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


def now() -> str:
    """The time, in ISO 8601 UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
