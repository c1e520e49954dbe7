"""Where the runs of a results folder go in W&B: noted in the folder, so that every command says the same."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from bench.record.atomic import write_atomically
from bench.record.facts import Frozen
from bench.track.server import base_url

_FILE = "rnnbench.json"


def shelf(results: Path) -> Path:
    """Returns the folder of a results folder that links to the W&B files of every run."""
    return results / "wandb"


class Project(Frozen):
    """A project of W&B, and what tells the runs of this results folder from those of others.

    Attributes:
        name: of the project.
        entity: the user or team that it belongs to; empty for the one that the key belongs to.
        token: random, and part of every run's id in W&B: the same specification in two results folders is two runs.
    """

    name: str
    entity: str
    token: str

    def run_id(self, name: str) -> str:
        """Returns W&B's id of a run, or of the summary of all: the same for every try."""
        return f"{name}-{self.token}"

    @property
    def address(self) -> str:
        """The project and its server: what is sent to another is sent again."""
        return f"{base_url()}/{self.path}"

    @property
    def path(self) -> str:
        """The project as W&B writes it: ``entity/name``, or the name alone."""
        return f"{self.entity}/{self.name}" if self.entity else self.name


def project_of(results: Path, name: str | None = None, entity: str | None = None) -> Project:
    """Returns the project that a results folder belongs to, and notes it where it is new or changed.

    Args:
        results: the folder, which exists.
        name: of the project, instead of the one that is noted. The first time it is ``WANDB_PROJECT``, or ``rnnbench``.
        entity: likewise; the first time ``WANDB_ENTITY``, or the key's own.
    """
    first = {"name": os.environ.get("WANDB_PROJECT") or "rnnbench", "entity": os.environ.get("WANDB_ENTITY", "")}
    file = shelf(results) / _FILE
    there = file.exists()
    noted = _read(file)
    known = {"token": secrets.token_hex(3), **first, **noted}
    found = Project(
        name=name or known["name"], entity=known["entity"] if entity is None else entity, token=known["token"]
    )
    if found.model_dump() != noted:
        file.parent.mkdir(exist_ok=True)
        try:
            write_atomically(file, found.model_dump_json(indent=1) + "\n", new=not there and not noted)
        except FileExistsError:  # another process was first, and its token holds
            return project_of(results, name, entity)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        return Project.model_validate(body).model_dump()
    except (OSError, ValueError, RecursionError):
        return {}
