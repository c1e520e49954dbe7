"""Ladders: a cell as it is made smaller, from dense over low rank (L) and sparsity (S) to int8 (Q)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.report.rows.flat import flat
from bench.report.rows.summary import Summary

STEPS = ("dense", "L", "S", "Q", "LS", "LQ", "SQ", "LSQ")
"""The steps of a ladder, from the whole cell down."""
Ladder = Mapping[str, Summary]
"""The model of a cell on each of its steps."""


def ladders(rows: Sequence[Summary]) -> tuple[dict[str, Ladder], str]:
    """Returns the ladders of a data set by name, and which cells are left out, with the reason.

    A ladder has two steps or more. Models of a cell that differ in more than L, S and Q stand on ladders of their own.
    Where a step has two models none of them is the one that others are steps of.
    """
    found: dict[_Kind, dict[str, list[Summary]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.runs and row.compression in STEPS:
            found[_kind(row)][row.compression].append(row)
    made: dict[str, Ladder] = {}
    several = []
    for kind, steps in found.items():
        name = _name(kind, [other for other in found if other.cell == kind.cell])
        if any(len(models) > 1 for models in steps.values()):
            several.append(name)
        elif len(steps) > 1:
            made[name] = {step: model for step, (model,) in steps.items()}
    return made, f"{', '.join(several)}: several models on a step" if several else ""


class _Kind(NamedTuple):
    """What models on one ladder have in common."""

    cell: str
    hidden_size: int | None
    variant: str
    after: bool


def _kind(row: Summary) -> _Kind:
    spec = row.runs[0].record.spec
    cell, compress = spec.get("cell") or {}, spec.get("compress") or {}
    after = compress.get("apply") == "after" and row.compression != "dense"
    return _Kind(row.cell, row.hidden_size, variant(cell), after)


def variant(cell: Mapping[str, Any]) -> str:
    """Returns the options of a cell and what of it is held, in words: ``"gate tanh alpha 0.3"``."""
    own = sorted(flat({key: cell.get(key) or {} for key in ("options", "hold")}).items())
    return " ".join(f"{path.partition('.')[2]} {value}" for path, value in own)


def _name(kind: _Kind, alike: Sequence[_Kind]) -> str:
    """Returns the cell's title, with what tells it from the others of that cell."""
    words = [kind.cell]
    if len({other.hidden_size for other in alike}) > 1:
        words.append(f"H {kind.hidden_size}")
    if len({other.variant for other in alike}) > 1:
        words.append(kind.variant or "as it is")
    if len({other.after for other in alike}) > 1:
        words.append("after training" if kind.after else "in training")
    return ", ".join(words)
