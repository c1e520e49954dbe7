"""``grid.yaml`` in a results folder: the grid that it belongs to, and the ids of its runs, perhaps many thousands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bench.errors import RnnbenchError
from bench.spec.yaml import StrictDumper, read_yaml

GRID_NOTE = "grid.yaml"
_COUNT = "count"
"""How many runs there are: a note that was cut off says more than it has."""
_IDS = "runs:\n"
_ID = re.compile("- [A-Za-z][A-Za-z0-9-]*")


def to_text(body: Mapping[str, Any]) -> str:
    """Returns a note as YAML, its runs last."""
    counted = {**body, _COUNT: len(body["runs"])}
    shown = {key: value for key, value in counted.items() if key != "runs"}
    head = yaml.dump(shown, Dumper=StrictDumper, sort_keys=False)
    return head + (_IDS + "".join(f"- {name}\n" for name in body["runs"]) if body["runs"] else "runs: []\n")


def from_text(text: str) -> Any:
    """Returns what a note says; its list of ids is read line by line, in a hundredth of YAML's time.

    Raises:
        yaml.YAMLError: when it is not YAML.
    """
    head, ids, tail = text.partition(f"\n{_IDS}")
    lines = tail.splitlines()
    if not ids or not all(map(_ID.fullmatch, lines)):
        return read_yaml(text)
    body = read_yaml(head)
    return {**body, "runs": [line[2:] for line in lines]} if isinstance(body, dict) else read_yaml(text)


def _is_whole(count: Any, runs: Sequence[Any], text: str) -> bool:
    """Whether a note was not cut off: the earlier ones, which have no count, cannot tell."""
    return count is None or (count == len(runs) and text.endswith("\n"))


def read_note(results: Path) -> dict[str, Any] | None:
    """Returns the grid of a results folder as it was noted, with the ids of its runs; ``None`` where none was.

    Raises:
        RnnbenchError: when it is damaged: without it nobody knows which runs are of the grid as it is now.
    """
    path = results / GRID_NOTE
    try:
        text = path.read_text(encoding="utf-8")
        note: Any = from_text(text)
        runs = note.get("runs") if isinstance(note, dict) and "name" in note else None
        if isinstance(runs, list) and _is_whole(note.pop(_COUNT, None), runs, text):
            return dict(note)
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, yaml.YAMLError):
        pass
    raise RnnbenchError(f"{path} is damaged: delete it and `rnnbench run` the grid again, which writes it anew")
