"""The parts of a specification that choose something by name: data set and cell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bench import zoo
from bench.errors import RnnbenchError, nearest
from bench.spec.part import Part, check_number, reason

if TYPE_CHECKING:
    from cells import Cell

RECORDED = "recorded"
"""The context in which a specification is read back as it was: cells may have gone or changed since."""


def held(hold: Mapping[str, float]) -> str:
    """Returns in words what of a cell is held and not learnt: ``"held alpha 0.3"``, or ``""``."""
    return "held " + " ".join(f"{name} {value:g}" for name, value in sorted(hold.items())) if hold else ""


class NamedPart(Part):
    """Something chosen by name. In YAML its own options stand beside the name: ``{name: dsa19, protocol: paper}``."""

    name: str
    options: dict[str, Any] = Field(default={})
    """Those that differ from their defaults."""

    @model_validator(mode="before")
    @classmethod
    def _gather_options(cls, given: Any) -> Any:
        """``"gru"`` stands for ``{"name": "gru"}``; keys that are none of the part's own are options."""
        if isinstance(given, str):
            return {"name": given}
        if not isinstance(given, Mapping) or not isinstance(given.get("options", {}), Mapping):
            return given
        own = {key: value for key, value in given.items() if key in cls.model_fields}
        beside = {key: value for key, value in given.items() if key not in cls.model_fields}
        return {**own, "options": {**given.get("options", {}), **beside}}


class DataPart(NamedPart):
    """Which data set; its protocol (split, windows, features) is fixed by the set itself and its options.

    What a set takes is known to :mod:`bench.data`: before a run, its options are checked and those that equal their
    defaults are dropped.
    """

    @property
    def label(self) -> str:
        """The name, and the options that are not their defaults: ``"dsa19 protocol=paper"``."""
        words = [f"{key}={_plain(value)}" for key, value in sorted(self.options.items())]
        return " ".join([self.name, *words])


class CellPart(NamedPart):
    """Which cell, and how large: one that is known by name, or that of a user's file, ``{file: mine.py}``."""

    file: Path | None = Field(default=None, exclude=True)
    """The file, in no id and no record: ``source`` is, and a copy lies beside the record."""
    source: str = ""
    """A hash of the file, which is found, not given; empty for a cell that is known by name."""
    hidden_size: int = Field(default=100, ge=1, le=8192)
    rank: dict[str, int] = Field(default={})
    """Low rank by matrix name: ``{W: 16, U: 25}``; matrices not named stay dense."""
    blocks: dict[str, int] = Field(default={})
    """Blocks on the diagonal of every gate's matrix by name: ``{U: 4}``; nothing else of it is stored."""
    hold: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default={})
    """Vectors and scalars of the cell that are held at a value and not learnt, by the name in its formula:
    ``{alpha: 0.3}``."""
    options: dict[str, Any] = Field(default={}, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _read_file(cls, given: Any) -> Any:
        """Finds the name and the hash of a file's cell; ``"mine.py"`` stands for ``{"file": "mine.py"}``."""
        if isinstance(given, str) and given.endswith(".py"):
            given = {"file": given}
        if not isinstance(given, Mapping) or given.get("file") is None:
            return given
        if not isinstance(given["file"], str | Path):
            raise ValueError(f"file must be the path of a cell's file, not {given['file']!r}")
        path = Path(given["file"])
        return {**given, "name": zoo.load(path, given.get("name")).name, "source": zoo.source_hash(path)}

    @property
    def cell_class(self) -> type[Cell]:
        """The cell.

        Raises:
            RnnbenchError: when there is none of that name, or its file has changed meanwhile.
        """
        if self.file is None:
            return zoo.cell_class(self.name)
        return zoo.load(self.file, self.name, self.source)

    @field_validator("options")
    @classmethod
    def _check_options(cls, chosen: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Checks what the named cell takes, and drops what equals its default."""
        name = info.data.get("name")
        if name is None or info.context == RECORDED:
            return chosen
        known = zoo.options_of(name)
        for key in chosen:
            if key not in known:
                hint = nearest(key, [*known, *(field for field in cls.model_fields if field != "options")])
                raise RnnbenchError(f"cell {name!r} has no option {key!r}{hint}")
        differing = {}
        for key, option in known.items():
            if key not in chosen and option.required:
                raise RnnbenchError(f"cell {name!r} needs a value for {key!r}")
            if key in chosen:
                try:
                    check_number(option.annotation, chosen[key])
                    value = TypeAdapter(option.annotation).validate_python(chosen[key])
                    _check_finite(value)
                except ValidationError as error:
                    raise RnnbenchError(f"cell {name!r}, {key}: {reason(error.errors()[0])}") from None
                except ValueError as error:
                    raise RnnbenchError(f"cell {name!r}, {key}: {error}") from None
                if option.required or value != option.default:
                    differing[key] = value
        return differing

    @model_validator(mode="after")
    def _rank_positive(self) -> Self:
        for name, rank in self.rank.items():
            if rank < 1:
                raise ValueError(f"rank of {name} must be at least 1, not {rank}")
        for name, count in self.blocks.items():
            if count < 1:
                raise ValueError(f"blocks of {name} must be at least 1, not {count}")
        return self


def _check_finite(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a finite number is needed, not {value}")


def _plain(value: Any) -> str:
    """A value in a label: a list without its brackets."""
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
