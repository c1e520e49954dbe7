"""The origin of the numbers: versions, commits, machines, data and boards, gathered over the runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bench.record import DataFacts, Record
from bench.status import Status

_OWN = ("git", "peak_memory_mb", "sources")
_PRIVATE = ("host",)
"""Items that stay in the record: pages are shown to others."""


class Commit(NamedTuple):
    """A commit, whether it had uncommitted changes, and how many runs were made at it."""

    name: str
    dirty: bool
    runs: int


class BoardUse(NamedTuple):
    """A board, a number format, how latencies were obtained, how many runs have one, and how many models fit."""

    title: str
    format: str
    method: str
    runs: int
    fit: int


def settings(records: Iterable[Record]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Returns the items of provenance, their values, and how many runs have each value."""
    counts: dict[str, Counter[str]] = {}
    memory: list[float] = []
    alike: Counter[str] = Counter()
    flat: dict[str, list[tuple[str, str]]] = {}
    for record in records:
        told = {key: value for key, value in record.provenance.items() if key not in (*_OWN, *_PRIVATE)}
        alike[key := repr(told)] += 1
        if key not in flat:
            flat[key] = _flat(told)
        peak = record.provenance.get("peak_memory_mb")
        if isinstance(peak, (int, float)):
            memory.append(peak)
    for key, n in alike.items():
        for name, value in flat[key]:
            counts.setdefault(name, Counter())[value] += n
    found = [(key.replace("_", " "), sorted(values.items())) for key, values in counts.items()]
    if memory:
        found.append(("peak memory of a process", [(f"{min(memory):.0f} to {max(memory):.0f} MB", len(memory))]))
    return found


def commits(records: Iterable[Record]) -> list[Commit]:
    """Counts the commits that runs were made at."""
    counts: Counter[tuple[str, bool]] = Counter()
    for record in records:
        git = record.provenance.get("git")
        git = git if isinstance(git, Mapping) else {}
        counts[str(git.get("commit") or "not recorded"), bool(git.get("dirty"))] += 1
    return [Commit(name, dirty, n) for (name, dirty), n in sorted(counts.items())]


def data_sets(records: Iterable[Record]) -> list[DataFacts]:
    """Returns the data sets as runs found them; a set that changed between runs is there more than once."""
    found = {(record.data.name, record.data.fingerprint): record.data for record in reversed([*records]) if record.data}
    return [found[key] for key in sorted(found)]


def boards(records: Iterable[Record]) -> list[BoardUse]:
    """Counts the boards that finished runs have a latency on, in order of appearance."""
    fits: dict[tuple[str, str, str], list[bool]] = {}
    for record in records:
        for latency in record.latency if record.status is Status.DONE else ():
            key = (latency.title, latency.format, latency.method)
            fits.setdefault(key, []).append(latency.fits_flash and latency.fits_ram)
    return [BoardUse(*key, len(found), sum(found)) for key, found in fits.items()]


def _flat(provenance: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in provenance.items():
        name = key if above in ("", "packages ") else f"{above}{key}"
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{key} ")
        else:
            pairs.append((name, word(value)))
    return pairs


def word(value: Any) -> str:
    """Returns a recorded value in words; a dash where there is none."""
    if value is None:
        return "-"
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
