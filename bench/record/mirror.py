"""``wandb.json`` beside a record: where W&B shows the run, or why it does not yet.

Only what sends runs to W&B writes it. It is no part of a run.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from bench.record.atomic import write_atomically
from bench.record.content import content
from bench.record.facts import Mirror

FILE = "wandb.json"


def write(folder: Path, mirror: Mirror) -> None:
    """Writes the file into a run's folder."""
    write_atomically(folder / FILE, mirror.model_dump_json(indent=1) + "\n")


def read(folder: Path) -> Mirror | None:
    """Returns what a run's folder has of it; a damaged file counts as none."""
    try:
        given = content(folder, FILE)
        return None if given is None else Mirror.model_validate_json(given)
    except (OSError, ValueError, ValidationError):
        return None
