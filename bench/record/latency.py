"""``latency.json`` beside a record: how long the model takes on boards, as predicted, and what predicted it.

It is no part of a run: whoever finds it out of date, and the trained model there, makes it again.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path

from pydantic import Field, ValidationError

from bench.places import CONFIGS
from bench.record.atomic import write_atomically
from bench.record.content import content
from bench.record.facts import Frozen, LatencyFacts

FILE = "latency.json"
MODEL_VERSION = 6
"""Raise it when :func:`bench.mcu.predict` would give other figures for a network and the files that it reads."""


class Latency(Frozen):
    """The content of the file: a prediction for each board, or why there is none."""

    model: int = MODEL_VERSION
    files: dict[str, str] = Field(default={})
    """The files of ``configs/`` that the predictions rest on, each with its :func:`digest` at that time."""
    reason: str = ""
    boards: tuple[LatencyFacts, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether the same model would be predicted anew from other costs or by another rule."""
        return self.model != MODEL_VERSION or any(digest(name) != known for name, known in self.files.items())

    @property
    def current(self) -> bool:
        """Whether there is nothing to make again: it is not stale, and no board was added since."""
        return not self.stale and (bool(self.reason) or _boards(CONFIGS) == {facts.board for facts in self.boards})


@cache
def _boards(configs: Path) -> frozenset[str]:
    return frozenset(path.stem for path in (configs / "boards").glob("*.yaml"))


@cache
def digest(name: str) -> str:
    """Returns 64 bits of the hash of a file of ``configs/``, or nothing where there is no such file."""
    path = CONFIGS / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


def write(folder: Path, latency: Latency) -> None:
    """Writes the file into a run's folder."""
    write_atomically(folder / FILE, latency.model_dump_json(indent=1) + "\n")


@lru_cache(maxsize=64)  # the seeds of a row often have the same
def _parsed(given: bytes) -> Latency:
    return Latency.model_validate_json(given)


def read(folder: Path) -> Latency | None:
    """Returns what a run's folder has of it; a damaged file counts as one that is out of date."""
    try:
        given = content(folder, FILE)
        return None if given is None else _parsed(given)
    except (OSError, ValueError, ValidationError):
        return Latency(model=0, reason=f"{FILE} is damaged")
