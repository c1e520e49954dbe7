"""What a run is: a typed, frozen specification, its canonical form and its id.

A specification is complete: every default is written out, so that two runs are the same exactly when their
canonical forms are. Nothing cosmetic is in it: no path, no host, no name of the grid it came from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)

from bench import zoo
from bench.errors import RnnbenchError, nearest
from bench.spec.compression import CompressPart
from bench.spec.language import AwdPart, LanguagePart
from bench.spec.parsing import reason
from bench.spec.part import Part

SPEC_VERSION = 1
"""Goes into every id: raise it when the meaning of a specification changes."""


class DataPart(Part):
    """Which data set; its protocol (split, windows, features) is fixed by the set itself and its options.

    In YAML the options stand beside ``name``: ``{name: speech-commands, words: ["yes", "no"]}``. What a set takes is
    known to :mod:`bench.data`; before a run, its options are checked and those that equal their defaults are dropped,
    so that the id does not depend on whether a default was written out.
    """

    name: str
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_options(cls, given: Any) -> Any:
        """Moves all keys but the name into ``options``."""
        if not isinstance(given, Mapping) or not isinstance(given.get("options", {}), Mapping):
            return given
        flat = {key: value for key, value in given.items() if key not in cls.model_fields}
        own = {key: value for key, value in given.items() if key in cls.model_fields}
        return {**own, "options": {**given.get("options", {}), **flat}}

    @model_serializer(mode="wrap")
    def _leave_out_no_options(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # The canonical form of a set without options is the one that it had before there were options.
        body: dict[str, Any] = handler(self)
        return body if self.options else {key: value for key, value in body.items() if key != "options"}

    @property
    def label(self) -> str:
        """The name, and the options that are not their defaults: ``"dsa19 protocol=paper"``."""
        words = [f"{key}={_plain(value)}" for key, value in sorted(self.options.items())]
        return " ".join([self.name, *words])


class CellPart(Part):
    """Which cell, and how large.

    In YAML a cell's own options stand beside ``name``: ``{name: qrnn, hidden_size: 100, window: 2}``.
    """

    name: str
    hidden_size: int = Field(default=100, ge=1, le=8192)
    rank: dict[str, int] = Field(default_factory=dict)
    """Low rank by matrix name: ``{W: 16, U: 25}``; matrices not named stay dense."""
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_options(cls, given: Any) -> Any:
        """Moves the keys that the named cell takes into ``options``, checked, with defaults filled in."""
        if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
            return given
        own = {key: value for key, value in given.items() if key in cls.model_fields}
        chosen = {**dict(own.pop("options", {})), **{k: v for k, v in given.items() if k not in cls.model_fields}}
        known = zoo.options(zoo.cell_class(given["name"]))
        for key in chosen:
            if key not in known:
                hint = nearest(key, [*known, *(name for name in cls.model_fields if name != "options")])
                raise RnnbenchError(f"cell {given['name']!r} has no option {key!r}{hint}")
        options = {}
        for key, option in known.items():
            if key not in chosen and option.required:
                raise RnnbenchError(f"cell {given['name']!r} needs a value for {key!r}")
            value = chosen.get(key, option.default)
            try:
                options[key] = TypeAdapter(option.annotation).validate_python(value)
            except ValidationError as error:
                raise RnnbenchError(f"cell {given['name']!r}, {key}: {reason(error.errors()[0])}") from None
        return {**own, "options": options}

    @model_validator(mode="after")
    def _rank_positive(self) -> Self:
        for name, rank in self.rank.items():
            if rank < 1:
                raise ValueError(f"rank of {name} must be at least 1, not {rank}")
        return self


class TrainPart(Part):
    """How a run is trained."""

    epochs: int = Field(default=30, ge=1, le=100_000)
    batch_size: int = Field(default=64, ge=1, le=65_536)
    optimizer: Literal["adam", "adamw", "sgd", "plain-sgd"] = "adam"
    """``sgd`` is with Nesterov momentum 0.9, ``plain-sgd`` without any."""
    learning_rate: float = Field(default=0.005, gt=0, le=1000, allow_inf_nan=False)
    schedule: Literal["constant", "cosine", "step"] = "cosine"
    """``cosine``: to zero over all epochs. ``step``: a tenth for the last third, as the FastGRNN paper does."""
    gradient_clip: float | None = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Largest norm of the whole gradient; ``null`` for none."""
    weight_decay: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    patience: int | None = Field(default=None, ge=1)
    """Epochs without a better validation metric before training stops; ``null`` for all epochs."""


class RunSpec(Part):
    """One run, fully resolved."""

    data: DataPart
    cell: CellPart
    train: TrainPart = Field(default_factory=TrainPart)
    compress: CompressPart = Field(default_factory=CompressPart)
    seed: int = Field(default=0, ge=0, le=2**32 - 1)
    boards: tuple[str, ...] = ("uno", "mkr1000", "due", "nano33ble")
    """Boards whose latency is simulated; names of ``configs/boards/``."""
    language: LanguagePart = Field(default_factory=LanguagePart)
    awd: AwdPart = Field(default_factory=AwdPart)

    @model_validator(mode="before")
    @classmethod
    def _expand_names(cls, given: Any) -> Any:
        """``data: watch7`` stands for ``data: {name: watch7}``; likewise ``cell``."""
        if not isinstance(given, Mapping):
            return given
        return {k: {"name": v} if k in ("data", "cell") and isinstance(v, str) else v for k, v in given.items()}

    @model_validator(mode="after")
    def _boards_once(self) -> Self:
        if len(set(self.boards)) != len(self.boards):
            raise ValueError(f"boards has a name twice: {', '.join(self.boards)}")
        return self

    @model_validator(mode="after")
    def _stages_fit(self) -> Self:
        self.compress.check(self.train.epochs)
        return self

    @model_validator(mode="after")
    def _averaging_of_sgd(self) -> Self:
        if self.awd.averages and self.train.optimizer != "plain-sgd":
            raise ValueError("awd.nt_asgd and awd.finetune average SGD: set train.optimizer to plain-sgd")
        if self.awd.averages and self.compress.keep:
            raise ValueError("compress.keep with awd.nt_asgd or awd.finetune: an average of weights is not sparse")
        if self.awd.finetune and self.train.patience is not None:
            raise ValueError("awd.finetune begins after the last epoch: leave train.patience at null")
        return self

    @model_serializer(mode="wrap")
    def _leave_out_what_few_have(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # What came after the first version is written where it is used, so that ids of other runs stay what they were.
        body: dict[str, Any] = handler(self)
        unused = {
            name for name in ("compress", "language", "awd") if getattr(self, name) == type(getattr(self, name))()
        }
        return {key: value for key, value in body.items() if key not in unused}

    def canonical(self) -> str:
        """JSON with sorted keys: equal for equal runs, on any machine, in any order."""
        body = {"version": SPEC_VERSION, **self.model_dump(mode="json")}
        body["boards"] = sorted(body["boards"])
        return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def id(self) -> str:
        """A readable slug and eight digits of the hash of the canonical form: letters, digits and dashes, <= 64."""
        digest = hashlib.sha256(self.canonical().encode()).hexdigest()[:8]
        ranks = "".join(f"-{name.lower()}{rank}" for name, rank in sorted(self.cell.rank.items()))
        slug = f"{self.data.name}-{self.cell.name}-h{self.cell.hidden_size}{ranks}"
        safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in slug)[:40].rstrip("-")
        return f"{safe}-s{self.seed}-{digest}"

    def variant(self) -> str:
        """What sets this cell apart from its defaults, for a table's row: ``"gate tanh, rank W 16"``, or ``""``."""
        defaults = zoo.options(zoo.cell_class(self.cell.name))
        words = [f"{k} {v}" for k, v in self.cell.options.items() if v != defaults[k].default]
        if self.cell.rank:
            words.append("rank " + " ".join(f"{name} {rank}" for name, rank in sorted(self.cell.rank.items())))
        if self.compress.keep:
            words.append("kept " + " ".join(f"{name} {kept:g}" for name, kept in sorted(self.compress.keep.items())))
        if self.compress.quantise:
            words.append(f"int8, {self.compress.quantise} gates")
        return ", ".join(words)


def _plain(value: Any) -> str:
    """A value in a label: a list without its brackets."""
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
