"""Where the files are that come with the code: beside the packages, in a checkout as in an installation."""

from __future__ import annotations

from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
"""Grids, and what they name: boards."""
