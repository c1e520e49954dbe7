"""The part of a grid that searches: what is drawn, what chooses, and what is trained with the choice."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from bench.spec.part import Part

_MOST_SEEDS = 10_000
Key = str
"""A key's dotted path: ``train.learning_rate``."""


class Range(Part):
    """Numbers between two ends, both of which can be drawn. One of the keys is given."""

    log: tuple[float, float] | None = None
    """Even in the logarithm."""
    uniform: tuple[float, float] | None = None
    integer: tuple[int, int] | None = None
    """Whole numbers, even in the logarithm: widths and ranks."""

    @model_validator(mode="after")
    def _is_one_range(self) -> Self:
        given = [ends for ends in (self.log, self.uniform, self.integer) if ends is not None]
        if len(given) != 1:
            raise ValueError("give one of log, uniform and integer, with two ends")
        low, high = given[0]
        if not low < high or (self.uniform is None and low <= 0):
            raise ValueError(f"the ends {list(given[0])} must rise, and be above 0 where they go by the logarithm")
        return self

    def at(self, u: float) -> float | int:
        """Returns the value at a place u in [0, 1), to three digits."""
        if self.uniform is not None:
            low, high = self.uniform
            return _three_digits(low + u * (high - low))
        if self.log is not None:
            low, high = self.log
            return _three_digits(low * math.pow(high / low, u))
        assert self.integer is not None  # noqa: S101
        first, last = self.integer
        return min(last, math.floor(first * math.pow((last + 1) / first, u)))


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


Prior = dict[Key, Range | list[Any]]
"""By key: a range, or the values to draw from."""


class Conditional(Part):
    """Further draws, or a limit of size, for the runs that ``when`` describes."""

    when: dict[Key, Any] = Field(default={})
    prior: Prior = Field(default={})
    kb: float | None = Field(default=None, gt=0)
    """The largest size, counted as tables do: the hidden size becomes the largest that keeps to it."""


class Search(Part):
    """How many configurations are drawn, from what, for every combination that ``choose.per`` names: equal budgets."""

    trials: int = Field(ge=1, le=10_000)
    seeds: tuple[int, ...] = (0, 1)
    """Every configuration is trained with each; a number stands for so many from 0 on."""
    folds: int | None = Field(default=None, ge=2, le=100)
    """Seed number i validates on fold i of so many (see ``split.fold``); ``null`` for the set's validation data."""
    prior: Prior = Field(default={})
    extra: tuple[Conditional, ...] = ()

    @field_validator("seeds", mode="before")
    @classmethod
    def _count_of_seeds(cls, given: Any) -> Any:
        if isinstance(given, int) and given > _MOST_SEEDS:
            raise ValueError(f"at most {_MOST_SEEDS:,} seeds, not {given:,}")
        return tuple(range(given)) if isinstance(given, int) and not isinstance(given, bool) else given

    @model_validator(mode="after")
    def _has_seeds_and_values(self) -> Self:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds must be at least one, each once")
        for prior in (self.prior, *(more.prior for more in self.extra)):
            for path, values in prior.items():
                if isinstance(values, list) and not values:
                    raise ValueError(f"prior of {path} has no values")
                if path == "seed" or path.startswith("split."):
                    raise ValueError(f"{path} is not drawn: see search.seeds and search.folds")
        return self

    @property
    def runs(self) -> int:
        """How many runs the trials of a combination of axes are."""
        return self.trials * len(self.seeds)

    def drawn(self, trial: int, prior: Prior) -> dict[Key, Any]:
        """Returns the configuration of a trial, drawn from a prior.

        A key has the same value in a trial whatever the cell, so that cells are compared on equal draws. The places of
        trials in the cube of all keys are an additive recurrence (Roberts 2018: the fractional parts of multiples of
        powers of a generalised golden ratio), which fills it more evenly than random numbers do, and does not change
        when more trials are asked for.
        """
        paths = sorted({path for prior in (self.prior, *(more.prior for more in self.extra)) for path in prior})
        ratio = _golden(len(paths))
        found: dict[Key, Any] = {}
        for path, values in prior.items():
            step = ratio ** -(1 + paths.index(path))
            u = (_start(path) + (trial + 1) * step) % 1.0
            found[path] = values.at(u) if isinstance(values, Range) else values[int(u * len(values))]
        return found


def _golden(dimensions: int) -> float:
    """Returns the positive root of x^(d + 1) = x + 1, by iteration."""
    x = 1.5
    for _ in range(60):
        x = (1 + x) ** (1 / (dimensions + 1))
    return x


def _start(path: str) -> float:
    """Returns where a key begins in [0, 1): from its name."""
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:6], "big") / 2**48


class Choose(Part):
    """The rule that picks one configuration, and the trials it picks from."""

    by: Literal["validation"] = "validation"
    """The mean of the validation metric over the seeds."""
    per: tuple[Key, ...] | None = None
    """The axes of the grid for each of whose combinations one is chosen; ``null`` for all axes. An axis that is not
    named here is searched: its values are candidates beside the draws."""


class Final(Part):
    """The runs that train the chosen configuration on fresh seeds."""

    seeds: tuple[int, ...] = Field(min_length=1)
    train_on: Literal["train", "train+validation"] = "train+validation"
    epochs: Literal["as chosen", "as searched"] = "as chosen"
    """``as chosen``: the mean best epoch of the chosen trial, its schedule unchanged. ``as searched``: all epochs. Used
    with train+validation, where nothing is left to choose an epoch on."""
    set: dict[Key, Any] = Field(default={})
    """Keys of ``train`` that the final runs have in place of the trials': short trials, long training."""

    def check(self, search: Search, axes: Iterable[Key]) -> None:
        """Checks that what is trained anew is what was chosen.

        Args:
            search: of the same grid.
            axes: of the grid, by whose values runs differ.

        Raises:
            ValueError: when a seed stands twice or was searched with, or a key is set that is drawn, an axis, or the
                protocol's.
        """
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("final.seeds must be each once")
        if again := sorted({*self.seeds} & {*search.seeds}):
            raise ValueError(f"final.seeds must be fresh: {', '.join(map(str, again))} is searched with")
        drawn = {path for prior in (search.prior, *(more.prior for more in search.extra)) for path in prior}
        for path in self.set:
            if not path.startswith("train.") or path == "train.select":
                raise ValueError(f"final.set is for keys of train but train.select, not for {path}")
            for other in sorted({*drawn, *axes}):
                if f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}."):
                    raise ValueError(f"final.set has {path}, which the runs that are chosen from differ in")
        chosen = self.train_on == "train+validation" and self.epochs == "as chosen"
        if chosen and (lengths := sorted({"train.epochs", "train.stop_after"} & self.set.keys())):
            raise ValueError(
                f"final.set has {lengths[0]}, and the chosen epoch was found without: say `epochs: as searched`, or "
                "`train_on: train` to choose it again"
            )
        if self.train_on == "train+validation" and "train.patience" in self.set:
            raise ValueError("final.set has train.patience, and no validation data are left: say `train_on: train`")
