"""Where the files are that come with the code: beside the packages, in a checkout as in an installation."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
CELLS = (_ROOT / "cells", _ROOT / "baselines")
"""The cells that come with the code."""
CONFIGS = _ROOT / "configs"
"""Grids, and what they name: boards."""
_NO_GRIDS = ("boards", "kernels", "peers")
PUBLISHED = _ROOT / "results" / "published"
"""Figures that others printed, as data."""


def shipped(path: Path) -> Path:
    """Finds a file that comes with the code by its name in the tree, ``configs/demo.yaml``, from wherever.

    Returns:
        The path itself where it leads somewhere, or the code has no such file.
    """
    ours = _ROOT / path
    known = path.parts[:1] == ("configs",) or path.parts[:2] == ("results", "published")
    return ours if known and not path.exists() and ours.is_file() else path


def grids() -> list[Path]:
    """Returns the grids of ``configs/`` and its folders, in order of path."""
    return sorted(path for path in CONFIGS.rglob("*.yaml") if path.relative_to(CONFIGS).parts[0] not in _NO_GRIDS)
