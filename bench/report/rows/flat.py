"""Nested mappings as one, by dotted path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flat(nested: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Returns every value that is no mapping: ``{"train.learning_rate": 0.005}``."""
    found: dict[str, Any] = {}
    for key, value in nested.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, Mapping) else {f"{above}{key}": value}
    return found
