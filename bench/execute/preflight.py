"""Checks for whatever can be known to go wrong before the first run starts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from bench import zoo
from bench.data import DatasetInfo, absent, describe, prepare_whole, resolved
from bench.errors import RnnbenchError
from bench.spec import DataPart, RunSpec
from bench.status import Status
from bench.train.task import check_cells, task_of

if TYPE_CHECKING:
    from cells import Cell

_STEPS = 12
"""Enough for every way of scanning that a training takes."""


def try_out(runs: Iterable[RunSpec]) -> list[str]:
    """Runs each kind of cell on a short sequence of zeros, so that its defects show before training.

    Returns:
        Which cells will have no latency, and why.

    Raises:
        RnnbenchError: names the cell, its line and the error; or says that a cell cannot be quantised.
    """
    tried, notes = set(), list[str]()
    for spec in runs:
        info = describe(spec.data.name, spec.data.options)
        kind = _kind(spec, info)
        if kind in tried:
            continue
        tried.add(kind)
        cell = task_of(spec).cells(spec, info)[0]
        run_on_zeros(cell, spec.cell.name)
        if why := _without_code(cell):
            if spec.compress.quantise:
                raise RnnbenchError(f"{why}; it has no program in integers: leave compress.quantise out")
            notes.append(f"{why}; it is trained, and has no latency")
    return notes


def run_on_zeros(cell: Cell, name: str) -> None:
    """Runs a cell on a short sequence of zeros.

    Raises:
        RnnbenchError: when it fails; names the cell, the line of its file and the error.
    """
    import torch  # here: a grid that is done needs none, and it takes two seconds

    cell.eval()
    try:
        h_TBH, _ = cell(torch.zeros(_STEPS, 3, cell.input_size))
        wanted = [_STEPS, 3, cell.hidden_size]
        if list(h_TBH.shape) != wanted:
            raise ValueError(f"h has shape {list(h_TBH.shape)}, not {wanted}")
    except Exception as error:  # whatever a user's cell raises
        what = str(error).strip().partition("\n")[0]
        raise RnnbenchError(
            f"cell {name!r} fails on zeros: {type(error).__name__}: {what}{zoo.place_of(error)}"
        ) from error


def _without_code(cell: Cell) -> str:
    """Says why no code can be made of a cell; empty when it can."""
    from bench import mcu
    from bench.train.classification.network import Classifier

    try:
        mcu.lower(cell, Classifier(cell.hidden_size, 2))
    except RnnbenchError as error:
        return str(error)
    return ""


def _kind(spec: RunSpec, info: DatasetInfo) -> str:
    """Returns what the cells of a run depend on, but for their initial weights."""
    parts = (spec.cell, spec.compress, spec.split, spec.language, spec.awd, spec.evaluate)
    return f"{info.task} {info.features} {spec.sealed} {spec.train.select} {' '.join(part.compact for part in parts)}"


def _check_parts(spec: RunSpec, info: DatasetInfo) -> None:
    """Refuses keys that only another task reads."""
    for part in sorted(spec.parts_of_other_tasks(info.task)):
        given = getattr(spec, part)
        if keys := given.model_dump(exclude_defaults=True):
            raise RnnbenchError(
                f"{part}.{next(iter(keys))} is for {given.task}, and data set {info.name!r} is for {info.task}: "
                f"leave {part} out, or choose another data set: `rnnbench list datasets`"
            )


def distinct(runs: Iterable[RunSpec]) -> list[RunSpec]:
    """Returns the runs of a grid, each once, without the options of data sets that equal their defaults.

    Raises:
        RnnbenchError: when a data set does not exist, or does not take an option.
    """
    found: dict[str, RunSpec] = {}
    known: dict[str, DataPart] = {}
    for given in runs:
        part = given.data
        if part.compact not in known:
            known[part.compact] = resolved(given).data
        data = known[part.compact]
        spec = given if data is part or data == part else given.model_copy(update={"data": data})
        found.setdefault(spec.id, spec)
    return list(found.values())


def check(runs: Iterable[RunSpec], boards: Iterable[str] = (), done: Collection[str] = ()) -> list[RunSpec]:
    """Checks that every data set and board exists, every option is valid and every cell can be built.

    Args:
        runs: of a grid.
        boards: that it names.
        done: ids of runs whose cells were built and trained: nothing of them is built again.

    Returns:
        The runs, as :func:`distinct` has them.

    Raises:
        RnnbenchError: the first fault found.
    """
    for name in boards:
        from bench import mcu

        if mcu.board(name).name not in mcu.usual_boards():
            raise RnnbenchError(f"board {name!r} does not stand beside records: ask `rnnbench latency --board {name}`")
    found = distinct(runs)
    infos: dict[str, DatasetInfo] = {}
    built = set()
    for spec in (spec for spec in found if spec.id not in done):
        part = spec.data
        if part.compact not in infos:
            infos[part.compact] = describe(part.name, part.options)
        info = infos[part.compact]
        kind = _kind(spec, info)
        if kind not in built:
            _check_parts(spec, info)
            check_cells(spec)
            built.add(kind)
    return found


def out_of_reach(runs: Iterable[RunSpec]) -> dict[str, tuple[Status, str]]:
    """The runs whose data cannot be had without the user's help, by id: skipped, with what to do as the reason."""
    found: dict[str, tuple[Status, str]] = {}
    why: dict[str, str] = {}
    for spec in runs:
        part = spec.data
        if part.compact not in why:
            why[part.compact] = absent(part.name, options=part.options)
        if why[part.compact]:
            found[spec.id] = (Status.SKIPPED, why[part.compact])
    return found


def prepare_data(runs: Iterable[RunSpec], say: Callable[[str], None]) -> None:
    """Fetches and converts what data the runs need and is not prepared yet, and checks all of it byte by byte.

    Runs only map what is stored: this is the one place where damage shows that leaves sizes as they are.

    Args:
        runs: the runs about to start.
        say: told the name of each set before it is looked at.

    Raises:
        RnnbenchError: when a set cannot be had or is damaged; says what to do.
    """
    for label, part in {spec.data.label: spec.data for spec in runs}.items():
        say(label)
        prepare_whole(part.name, options=part.options)
