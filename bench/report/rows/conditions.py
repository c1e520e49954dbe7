"""The conditions of a run: what its score depends on beside the cell, its training settings and the seed."""

from __future__ import annotations

from collections.abc import Mapping

from bench.record import Record
from bench.report.rows.labels import is_quantised
from bench.report.rows.origins import word

FORMAT = "number format"
DATA = "data"
_SETTINGS = ("threads", "flush_denormal", "fused_optimizer", "kernels", "device", "deterministic")
_PACKAGES = ("rnnbench", "torch", "numpy")
_BUDGET = ("epochs", "patience")
Conditions = Mapping[str, str]
"""The settings that must be equal, by name."""


def number_format(record: Record) -> str:
    """Returns the format of the numbers that a run's accuracy is of."""
    return "int8" if is_quantised(record) else "float32"


def conditions(record: Record) -> Conditions:
    """Returns what a run's score depends on beside the cell, its training settings and the seed.

    Whether it was trained in a pack is not among them: a pack changes last bits, as another processor does.
    """
    made, train = record.provenance, record.spec.get("train") or {}
    git, packages = made.get("git") or {}, made.get("packages") or {}
    commit = str(git.get("commit") or "unknown")[:7] + (" with changes" if git.get("dirty") else "")
    found = {DATA: record.data.fingerprint[:7] if record.data else "unknown", FORMAT: number_format(record)}
    found |= {name: word(train.get(name)) for name in _BUDGET}
    split = record.spec.get("split") or {}
    found |= {"selected epoch": word(train.get("select", "best")), "trained on": word(split.get("train_on", "train"))}
    found |= {"commit": commit, **{f"version of {name}": word(packages.get(name)) for name in _PACKAGES}}
    return found | {name.replace("_", " "): word(made.get(name)) for name in _SETTINGS}
