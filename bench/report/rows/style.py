"""The style of a results folder: what its tables print, under which names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field

from bench.errors import RnnbenchError, nearest
from bench.record import Record
from bench.spec import Part, parse, read_yaml

STYLE_FILE = "style.yaml"
"""The style in a results folder, which every report of it has."""


def _split(between: str) -> BeforeValidator:
    """Takes ``"LSTM; GRU"`` for a list, as the options of ``rnnbench report`` do."""

    def split(value: Any) -> Any:
        return tuple(parts(value, between)) if isinstance(value, str) else value

    return BeforeValidator(split)


def parts(text: str, between: str) -> tuple[str, ...]:
    """Returns the words of a text between commas or semicolons."""
    return tuple(part.strip() for part in text.split(between) if part.strip())


class Style(Part):
    """What is printed, and how, from the options of ``rnnbench report`` or a YAML file."""

    cells: dict[str, str] = Field(default={})
    """Other titles for cells, in every table and figure."""
    columns: Annotated[tuple[str, ...], _split(",")] = ()
    """Of the comparison in LaTeX, titles of columns, or names of their figures in the CSV; all by default."""
    rows: Annotated[tuple[str, ...], _split(";")] = ()
    """Its rows by their short names, in this order; all by default."""
    labels: dict[str, str] = Field(default={})
    """Other names for its rows, by their short names."""
    caption: str = ""
    """In place of its caption, which says what the numbers are."""


def read_style(path: Path) -> Style:
    """Reads a style from YAML.

    Raises:
        RnnbenchError: when it cannot be read or is no style.
    """
    try:
        given = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RnnbenchError(f"cannot read the style {path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        what = " ".join(str(error).split())
        raise RnnbenchError(f"cannot read the style {path}: {what}") from None
    if not isinstance(given, dict | None):
        raise RnnbenchError(f"{path} is not a style: it needs keys such as `columns: [accuracy, kb]`")
    return parse(Style, given or {}, str(path))


def noted_style(folder: Path) -> Style:
    """Returns the style of a results folder; an empty one where it has none.

    Raises:
        RnnbenchError: as :func:`read_style`.
    """
    path = folder / STYLE_FILE
    return read_style(path) if path.exists() else Style()


def retitled(records: Sequence[Record], cells: dict[str, str]) -> list[Record]:
    """Returns records whose cells have other titles.

    Args:
        records: of one results folder.
        cells: new titles by those that the cells have.

    Raises:
        RnnbenchError: when no record is of a cell, or two cells would have one title.
    """
    titles = dict.fromkeys(record.labels.cell for record in records)
    for old in cells:
        if old not in titles:
            raise RnnbenchError(f"{STYLE_FILE}: no cell is {old!r}{nearest(old, titles)}; cells: {', '.join(titles)}")
    new = {title: cells.get(title, title) for title in titles}
    if twice := [title for title in new.values() if [*new.values()].count(title) > 1]:
        raise RnnbenchError(f"{STYLE_FILE}: two cells would have the title {twice[0]!r}")
    return [
        record.model_copy(update={"labels": record.labels.model_copy(update={"cell": new[record.labels.cell]})})
        for record in records
    ]
