"""The part of a specification that says how a trained classifier is tested besides."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bench.spec.part import Part


class EvaluatePart(Part):
    """Measurements beside the protocol's accuracy, which starts from a state of zeros."""

    h0: Literal["zero", "normal"] = "zero"
    """``normal``: the test accuracy again from states drawn from N(0, 1), one for all sequences, so many times."""
    draws: int = Field(default=3, ge=1, le=1000)
