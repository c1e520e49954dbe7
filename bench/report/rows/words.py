"""What tables, captions and notes call the values of a specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

OPTIMISERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "Nesterov", "plain-sgd": "SGD"}
"""What tables call an optimiser."""


class Selected(NamedTuple):
    """Words for an epoch whose weights are kept: in a column, behind "epoch", and as a sentence."""

    column: str
    epoch: str
    sentence: str


SELECTED = {
    "best": Selected(
        "best epoch",
        "the best on validation data",
        "The epoch was chosen on validation data; the test set was used once, after.",
    ),
    "last": Selected(
        "last epoch", "the last", "The weights are those of the last epoch; the test set was used once, after."
    ),
    "test-epoch": Selected(
        "best on test data",
        "the best on test data",
        "The epoch was chosen on the test set itself, which flatters the result.",
    ),
}
"""Words for the values of ``train.select``."""


def optimiser(spec: Mapping[str, Any]) -> str:
    """Returns what tables call the optimiser of a run; a dash where its record has none."""
    name = str((spec.get("train") or {}).get("optimizer", "-"))
    return OPTIMISERS.get(name, name)
