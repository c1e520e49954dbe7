"""The specification of a run: typed and frozen, with a canonical form and an id.

It holds what determines the trained weights and nothing else: no path, no host, no board, no name of a grid.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple, Self

from pydantic import Field, model_validator

from bench.errors import RnnbenchError, nearest
from bench.spec.compression import CompressPart
from bench.spec.evaluate import EvaluatePart
from bench.spec.language import AwdPart, LanguagePart
from bench.spec.named import CellPart, DataPart, NamedPart, held
from bench.spec.part import Part, compact
from bench.spec.split import SplitPart
from bench.spec.train import TrainPart

SPEC_VERSION = 2
"""Goes into every id: raise it when a key or a default changes its meaning."""


_UNWRITTEN: Any = {"evaluate": {"gradients"}}
"""Keys that say only what is measured beside a run."""


class Alike(NamedTuple):
    """What runs have in common that differ in the seed alone: their canonical form around it, and their slug."""

    before: list[str]
    after: list[str]
    slug: str

    def canonical(self, seed: int) -> str:
        """The canonical form of the run with this seed."""
        said = [f'"seed":{seed}'] if seed else []
        return "{" + ",".join([*self.before, *said, *self.after]) + "}"


class RunSpec(Part):
    """One run."""

    data: DataPart
    cell: CellPart
    train: TrainPart = TrainPart()
    compress: CompressPart = CompressPart()
    split: SplitPart = SplitPart()
    evaluate: EvaluatePart = EvaluatePart()
    seed: int = Field(default=0, ge=0, le=2**32 - 1)
    sealed: bool = False
    """Whether the test set stays closed to the run: it is a trial of a search."""
    language: LanguagePart = LanguagePart()
    awd: AwdPart = AwdPart()

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        self.check_parts()
        return self

    def check_parts(self) -> None:
        """Raises ``ValueError`` when the parts do not fit each other."""
        self.compress.check(self.train)
        self.split.check(self.train)
        if self.sealed and self.train.select == "test-epoch":
            raise ValueError("train.select: test-epoch opens the test set, which is sealed to the trials of a search")
        self.awd.check(self.train, self.compress)

    @property
    def epochs(self) -> int:
        """The epochs that are trained, unless patience ends them: those of averaged SGD at the end, too."""
        return self.train.length + self.awd.finetune

    @cached_property
    def alike(self) -> Alike:
        """What the id has in common with those of runs that differ in the seed alone."""
        before: list[str] = []
        after = [f'"version":{SPEC_VERSION}']
        for name in sorted(type(self).model_fields):
            value, default = getattr(self, name), type(self).model_fields[name].default
            if name == "seed" or value is default or value == default:
                continue
            said = value.compact if isinstance(value, Part) else compact(value)
            if said != "{}":  # else it says nothing that changes the run
                (before if name < "seed" else after).append(f'"{name}":{said}')
        ranks = "".join(f"-{name.lower()}{rank}" for name, rank in sorted(self.cell.rank.items()))
        slug = f"{self.data.name}-{self.cell.name}-h{self.cell.hidden_size}{ranks}"
        return Alike(before, sorted(after), re.sub("[^A-Za-z0-9]", "-", slug)[:34].rstrip("-"))

    def canonical(self) -> str:
        """JSON with sorted keys, without what equals its default: the same for the same run, however it was written.

        A key that is added later leaves the canonical forms of earlier runs as they are.
        """
        return self.alike.canonical(self.seed)

    @cached_property
    def id(self) -> str:
        """A readable slug and 64 bits of the hash of the canonical form: letters, digits and dashes, <= 64."""
        digest = hashlib.sha256(self.canonical().encode()).hexdigest()[:16]
        return f"{self.alike.slug}-s{self.seed}-{digest}"

    def variant(self) -> str:
        """The options that differ from the cell's defaults, for a row: ``"gate tanh, rank W 16"``, or ``""``."""
        words = [f"{key} {value}" for key, value in self.cell.options.items()]
        if self.cell.hold:
            words.append(held(self.cell.hold))
        if self.cell.rank:
            words.append("rank " + " ".join(f"{name} {rank}" for name, rank in sorted(self.cell.rank.items())))
        if self.cell.blocks:
            words.append("blocks " + " ".join(f"{name} {n}" for name, n in sorted(self.cell.blocks.items())))
        if self.compress.keep:
            words.append("kept " + " ".join(f"{name} {kept:g}" for name, kept in sorted(self.compress.keep.items())))
        if self.compress.quantise:
            words.append(f"int8, {self.compress.quantise} gates")
        if self.compress.apply == "after" and (self.cell.rank or self.compress.keep or self.compress.quantise):
            words.append("after training")
        return ", ".join(words)

    def parts_of_other_tasks(self, task: str) -> set[str]:
        """The names of the parts that only a task other than this one reads."""
        return {name for name in type(self).model_fields if getattr(getattr(self, name), "task", task) != task}

    def completed(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what an earlier version wrote of this run, with the keys that have come since."""
        body = self.model_dump(mode="json", exclude=_UNWRITTEN)
        return {key: body[key] for key in body if key in written or not hasattr(getattr(self, key), "task")}

    def written(self, task: str) -> dict[str, Any]:
        """All that determines a run of this task, defaults included, in plain values: for a person and a record."""
        other: dict[str, Any] = dict.fromkeys(self.parts_of_other_tasks(task), True)
        return self.model_dump(mode="json", exclude={**_UNWRITTEN, **other})


def check_key(path: str, where: str, *, beside: Mapping[str, type[Part]] | None = None) -> None:
    """Refuses a dotted path that leads to no key of a run; which options a data set or a cell has is their own affair.

    Args:
        path: as a grid writes it: ``train.epochs``.
        where: named in the error.
        beside: further parts by name, that a run has not.

    Raises:
        RnnbenchError: names the nearest key.
    """
    known: Any = {name: field.annotation for name, field in RunSpec.model_fields.items()} | dict(beside or {})
    for step in path.split("."):
        if step not in known:
            raise RnnbenchError(f"{where}: unknown key {path!r}{nearest(step, known)}")
        part = known[step]
        if not (isinstance(part, type) and issubclass(part, Part)) or issubclass(part, NamedPart):
            return
        known = {name: field.annotation for name, field in part.model_fields.items()}
