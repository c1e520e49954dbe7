"""``gradients.json`` beside a record: how gradients travel back through a sequence, before training and after it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from bench.record.atomic import write_atomically
from bench.record.content import content
from bench.record.facts import Frozen

FILE = "gradients.json"


class Course(Frozen):
    """Gradients at some states of a sequence, from its end backwards; medians over the sequences.

    The state is all that a cell carries on: h, and what else it has.
    """

    back: tuple[int, ...]
    """How many steps before the last state each of the others is of: 0, ..., T."""
    log10_norm: tuple[float | None, ...]
    """Of the norm of the loss's gradient with respect to that state; ``None`` where it is 0."""
    log10_condition: tuple[float | None, ...]
    """Of the condition number of the last state's Jacobian with respect to that state, the ratio of its greatest and
    least singular value; ``None`` where the least is 0."""


class Gradients(Frozen):
    """The content of the file."""

    version: int = 1
    sequences: int
    """How many training sequences it is the median over, the same for every run on a data set."""
    start: Course
    """At the initial weights."""
    end: Course
    """At the trained ones."""


def write(folder: Path, gradients: Gradients) -> None:
    """Writes the file into a run's folder."""
    write_atomically(folder / FILE, gradients.model_dump_json() + "\n")


def read(folder: Path) -> Gradients | None:
    """Reads the file of a run's folder; ``None`` where there is none that can be read."""
    try:
        given = content(folder, FILE)
        return None if given is None else Gradients.model_validate_json(given)
    except (OSError, ValidationError):
        return None
