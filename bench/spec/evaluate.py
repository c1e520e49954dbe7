"""The part of a specification that says how a trained classifier is tested besides."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from bench.spec.part import Part, compact


class EvaluatePart(Part):
    """Measurements beside the protocol's accuracy, which starts from a state of zeros."""

    h0: Literal["zero", "normal"] = "zero"
    """``normal``: the test accuracy again from states drawn from N(0, 1), one for all sequences, so many times."""
    draws: int = Field(default=3, ge=1, le=1000)
    gradients: bool = False
    """Whether the norm of the gradient and its condition number are measured at each state of a few sequences, before
    training and after it. It changes no training and is in no id."""

    @cached_property
    def compact(self) -> str:
        """JSON with sorted keys, without what equals its default or changes nothing of a run."""
        return compact(self.model_dump(mode="json", exclude_defaults=True, exclude={"gradients"}))
