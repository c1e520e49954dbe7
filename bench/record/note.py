"""``grid.yaml`` in a results folder: the grid that it belongs to, and the ids of its runs, perhaps many thousands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bench.errors import RnnbenchError

GRID_NOTE = "grid.yaml"
_IDS = "runs:\n"
_ID = re.compile("- [A-Za-z][A-Za-z0-9-]*")


def to_text(body: Mapping[str, Any]) -> str:
    """Returns a note as YAML, its runs last."""
    head = yaml.safe_dump({key: value for key, value in body.items() if key != "runs"}, sort_keys=False)
    return head + (_IDS + "".join(f"- {name}\n" for name in body["runs"]) if body["runs"] else "runs: []\n")


def from_text(text: str) -> Any:
    """Returns what a note says; its list of ids is read line by line, in a hundredth of YAML's time.

    Raises:
        yaml.YAMLError: when it is not YAML.
    """
    head, ids, tail = text.partition(f"\n{_IDS}")
    lines = tail.splitlines()
    if not ids or not all(map(_ID.fullmatch, lines)):
        return yaml.safe_load(text)
    body = yaml.safe_load(head)
    return {**body, "runs": [line[2:] for line in lines]} if isinstance(body, dict) else yaml.safe_load(text)


def read_note(results: Path) -> dict[str, Any] | None:
    """Returns the grid of a results folder as it was noted, with the ids of its runs; ``None`` where none was.

    Raises:
        RnnbenchError: when it is damaged: without it nobody knows which runs are of the grid as it is now.
    """
    path = results / GRID_NOTE
    try:
        note = from_text(path.read_text(encoding="utf-8"))
        if isinstance(note, dict) and "name" in note and isinstance(note.get("runs", []), list):
            return note
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError):
        pass
    raise RnnbenchError(f"{path} is damaged: delete it and `rnnbench run` the grid again, which writes it anew")
