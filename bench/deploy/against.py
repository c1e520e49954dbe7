"""Another library's recurrent cell on simulated boards beside ours, built from the user's own copy of it.

The user says in a YAML file how it is built and called; nothing of it comes with rnnbench.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import yaml
from pydantic import Field, PositiveInt, ValidationError

from bench import mcu, zoo
from bench.deploy import published
from bench.errors import RnnbenchError
from bench.mcu import Board, Format, simulate
from bench.mcu.emit.template import render
from bench.mcu.hardware import Strict, Text
from bench.places import PUBLISHED
from bench.spec import CellPart, read_yaml

STEP = 1
"""The mark of a step in a harness."""
Row = dict[str, Any]


class Other(Strict):
    """How another library's cell is built and called, and what is not the same as in ours.

    Attributes:
        title: of the library and its cell.
        cell: ours that it is compared with.
        format: of ours.
        shapes: units and features of each row.
        harness: C beside the file, which gets ``UNITS`` and ``FEATURES`` and marks its steps with ``MARK(1)`` and
            ``MARK(0)`` of ``mark.h``, as ``rnnbench simulate --example`` shows.
        sources: C files below ``--source``; ``*`` stands for any part of a name.
        includes: folders below ``--source``.
        flags: of the compiler.
        differences: what a reader must know to compare.
    """

    title: Text
    cell: Text
    format: Format = "int8"
    shapes: Annotated[tuple[tuple[PositiveInt, PositiveInt], ...], Field(min_length=1)]
    harness: Text
    sources: Annotated[tuple[Text, ...], Field(min_length=1)]
    includes: tuple[Text, ...] = ()
    flags: tuple[Text, ...] = ("-O3",)
    differences: Text


def read(path: Path) -> Other:
    """The description of another library's cell.

    Raises:
        RnnbenchError: when it cannot be read, or is not what :class:`Other` says.
    """
    try:
        other = Other.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise RnnbenchError(f"cannot read {path} as YAML; docs/boards.md shows such a file") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise RnnbenchError(f"{path}: {where}: {first['msg']}; docs/boards.md shows such a file") from None
    zoo.cell_class(other.cell)  # which says so, where there is none
    return other


def rows(path: Path, source: Path, boards: Sequence[Board], limit: float) -> Iterator[Row]:
    """Cycles of a step, theirs and ours, board by board and shape by shape; then what others published of the cell.

    Args:
        path: of the description.
        source: the user's copy of the library.
        boards: that both run on.
        limit: seconds that a harness may take.

    Raises:
        RnnbenchError: when the library does not build, or its harness does not run or marks nothing.
    """
    other = read(path)
    files, version = _sources(other, source), _version(source)
    for board in boards:
        for units, features in other.shapes:
            with tempfile.TemporaryDirectory() as folder:
                elf = _build(other, path, source, files, board, (units, features), Path(folder))
                trace = simulate.run_elf(elf, board.target, limit=limit)
            steps = trace.of(STEP)
            if not steps:
                raise RnnbenchError(f"{other.harness} marks no step: MARK({STEP}) before one, MARK(0) after it")
            how = f"simulated, built with {' '.join(other.flags)}, no wait states{version}; {other.differences}"
            yield _row(board, other, (units, features), float(np.mean(steps)), how)
    yield from _published(other)


def _row(board: Board, other: Other, shape: tuple[int, int], theirs: float, how: str) -> Row:
    model = published.models(CellPart(name=other.cell, hidden_size=shape[0]), shape[1], 2)[other.format]
    ours = mcu.predict(model, board, steps=1)
    return {
        "board": board.name,
        "board_title": board.title,
        "format": other.format,
        "library": other.title,
        "units": shape[0],
        "features": shape[1],
        "theirs": round(theirs),
        "ours": ours.cycles_per_step,
        "ratio": round(theirs / ours.cycles_per_step, 2),
        "how": how,
    }


def _published(other: Other) -> Iterator[Row]:
    """What was measured on boards: milliseconds of a sequence as cycles of a step, wait states and all."""
    table = published.read(PUBLISHED / "boards.yaml")
    for row in table["rows"]:
        if (row["cell"], row["format"]) != (other.cell, other.format):
            continue
        board = mcu.board(row["board"])
        for name, units in table["hidden_sizes"].get(other.cell, {}).items():
            about = table["datasets"][name]
            if name in row:
                cycles = row[name] * board.clock_hz.value / 1000 / about["steps"]
                titled = other.model_copy(update={"title": about["title"]})
                how = f"published, measured on a board, its wait states in; {about['differences']}"
                yield _row(board, titled, (units, about["features"]), cycles, how)


def _sources(other: Other, source: Path) -> list[Path]:
    if not source.is_dir():
        raise RnnbenchError(f"--source {source} is no folder: give your own copy of {other.title}")
    files = []
    for pattern in other.sources:
        matched = sorted(source.glob(pattern))
        if not matched:
            raise RnnbenchError(f"{source} has no {pattern}: is it a copy of {other.title}?")
        files += matched
    return files


def _version(source: Path) -> str:
    """The commit of a checkout, in words; empty where there is none."""
    if not (source / ".git").exists():
        return ""
    command = ["git", "-C", str(source), "rev-parse", "--short=10", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode else f", commit {done.stdout.strip()}"


def _build(
    other: Other, path: Path, source: Path, files: list[Path], board: Board, shape: tuple[int, int], folder: Path
) -> Path:
    (folder / "mark.h").write_text(render("mark.h.j2", {"mark": "rnnbench"}), encoding="utf-8")
    target, elf = board.target, folder / "other.elf"
    includes = [f"-I{folder}", *(f"-I{source / name}" for name in other.includes)]
    sizes = [f"-DUNITS={shape[0]}", f"-DFEATURES={shape[1]}"]
    flags = [*target.flags, *other.flags, *sizes, *includes]
    command = [target.compiler, *flags, str(path.parent / other.harness), *map(str, files), "-o", str(elf), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if not line.startswith("collect2")]
        wrong = [line for line in lines if "error" in line or "undefined" in line] or lines[-1:] or ["?"]
        raise RnnbenchError(f"{target.compiler} does not build {other.title}: {wrong[0]}")
    return elf
