"""Files of a search in its results folder: the configurations that were drawn, and those that were chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bench.errors import RnnbenchError
from bench.record.atomic import write_atomically
from bench.record.facts import Chosen, Frozen

TRIALS_FILE, CHOSEN_FILE = "trials.json", "chosen.json"


class Drawn(Frozen):
    """A trial: an entry of ``trials.json``."""

    group: str
    """The group that it was drawn for: ``"hapt2, lstm"``."""
    trial: int
    settings: dict[str, Any]
    """The drawn settings, by dotted path."""
    kb: float | None
    """Its size, where the search limits it."""
    runs: tuple[str, ...]
    """Ids of its runs, one for each seed."""


class Choice(Frozen):
    """The choice for a group: an entry of ``chosen.json``."""

    group: str
    failed: int
    """Trials that failed."""
    entry: Chosen | None = None
    """``None`` when all trials failed."""
    runs: tuple[str, ...] = ()
    """Ids of the final runs."""


def read_trials(results: Path) -> list[Drawn] | None:
    """Reads the trials of a search; ``None`` where none were drawn.

    Raises:
        RnnbenchError: when the file is damaged.
    """
    found: list[Drawn] | None = _read(results / TRIALS_FILE, TypeAdapter(list[Drawn]))
    return found


def read_choice(results: Path) -> list[Choice] | None:
    """Reads what a search has chosen; ``None`` where nothing is chosen yet.

    Raises:
        RnnbenchError: when the file is damaged.
    """
    found: list[Choice] | None = _read(results / CHOSEN_FILE, TypeAdapter(list[Choice]))
    return found


def write_trials(results: Path, trials: Sequence[Drawn]) -> None:
    """Writes the trials of a search."""
    _write(results / TRIALS_FILE, trials)


def write_choice(results: Path, choices: Sequence[Choice]) -> None:
    """Writes what a search has chosen."""
    _write(results / CHOSEN_FILE, choices)


def _read(path: Path, kind: TypeAdapter[Any]) -> Any:
    try:
        return kind.validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError):
        raise RnnbenchError(f"{path} is damaged: choose another results folder with --out") from None


def _write(path: Path, entries: Sequence[Frozen]) -> None:
    body = [entry.model_dump(mode="json") for entry in entries]
    write_atomically(path, json.dumps(body, indent=1) + "\n")
