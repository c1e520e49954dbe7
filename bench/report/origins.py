"""Where numbers come from: versions, commits, machines, data and boards, gathered over the runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.record import Record
from bench.status import Status

_OWN = ("git", "peak_memory_mb")
_UNSAID = ("host",)
"""Stays in the record: pages are shown to others."""


def settings(records: Iterable[Record]) -> list[tuple[str, list[tuple[str, int]]]]:
    """What the runs were made with: each item of provenance, its values, and of how many runs each is."""
    counts: dict[str, Counter[str]] = {}
    memory: list[float] = []
    for record in records:
        for key, value in _flat(record.provenance):
            counts.setdefault(key, Counter())[value] += 1
        peak = record.provenance.get("peak_memory_mb")
        if isinstance(peak, (int, float)):
            memory.append(peak)
    found = [(key.replace("_", " "), sorted(values.items())) for key, values in counts.items()]
    if memory:
        found.append(("peak memory of a process", [(f"{min(memory):.0f} to {max(memory):.0f} MB", len(memory))]))
    return found


def commits(records: Iterable[Record]) -> list[dict[str, Any]]:
    """The commits that runs were made at, whether with uncommitted changes, and how many runs."""
    counts: Counter[tuple[str, bool]] = Counter()
    for record in records:
        git = record.provenance.get("git")
        git = git if isinstance(git, Mapping) else {}
        counts[str(git.get("commit") or "not recorded"), bool(git.get("dirty"))] += 1
    return [{"commit": commit, "dirty": dirty, "runs": n} for (commit, dirty), n in sorted(counts.items())]


def data_sets(records: Iterable[Record]) -> list[dict[str, Any]]:
    """The data sets as runs found them; one that changed between runs is there more than once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for record in records:
        if record.data is not None:
            key = (record.data.name, record.data.fingerprint)
            found.setdefault(key, {**record.data.model_dump(), "runs": 0})["runs"] += 1
    return [found[key] for key in sorted(found)]


def boards(records: Sequence[Record]) -> list[dict[str, Any]]:
    """The boards, how their latency was obtained, and how many of the models fit."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for record in records:
        for each in record.latency if record.status is Status.DONE else ():
            key = (each.board, each.format, each.method)
            row = found.setdefault(
                key, {"title": each.title, "format": each.format, "method": each.method, "runs": 0, "fit": 0}
            )
            row["runs"] += 1
            row["fit"] += each.fits_flash and each.fits_ram
    return list(found.values())


def _flat(provenance: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in provenance.items():
        if not above and key in (*_OWN, *_UNSAID):
            continue
        name = key if above in ("", "packages ") else f"{above}{key}"
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{key} ")
        else:
            pairs.append(
                (name, {True: "yes", False: "no", None: "-"}.get(value, str(value)) if _simple(value) else str(value))
            )
    return pairs


def _simple(value: Any) -> bool:
    return value is None or isinstance(value, bool)
