"""Does work: runs a grid, checks a cell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

    from bench.spec import Grid, RunSpec
    from cells import Cell


def run(
    grid: Grid | str | Path,
    out: str | Path | None = None,
    *,
    executor: str | None = None,
    workers: int | None = None,
    pack: int | Literal["auto", "off"] = "auto",
    wandb: Literal["offline", "online", "disabled"] = "offline",
) -> Path:
    """Runs what is missing of a grid, and returns its results folder. Writes no tables and no page.

    Args:
        grid: the grid, or its file: ``configs/demo.yaml`` is found wherever rnnbench is installed.
        out: the results folder; ``results/<name of the grid>`` when ``None``.
        executor: ``inline`` trains in this process, run after run, and leaves torch with one thread and its settings;
            ``local`` starts processes, and a script that does so needs ``if __name__ == "__main__":``. ``None`` for
            what the grid says, with its options; ``inline`` where it says nothing.
        workers: how many; what the grid says, or as many as the executor finds right, when ``None``.
        pack: runs of one shape that are trained together at most; ``auto`` where it pays.
        wandb: what W&B may do.

    Raises:
        RnnbenchError: when the grid is faulty, its data cannot be had, or a run is not done at the end: the others are,
            and the same call tries again what is missing.
    """
    from rich.console import Console

    from bench.errors import RnnbenchError
    from bench.execute.executors import asked_for, executor_of
    from bench.execute.launch import Launch
    from bench.execute.packing import limit
    from bench.execute.whole import planned, run_missing
    from bench.places import shipped
    from bench.spec import read_grid
    from bench.status import Status, tally
    from bench.track import check_login

    whole = read_grid(shipped(Path(grid))) if isinstance(grid, str | Path) else grid
    results, most = Path(out or Path("results") / whole.name), limit(str(pack))
    part = asked_for(whole.executor, executor or (None if "executor" in whole.model_fields_set else "inline"), ())
    how = executor_of(part)
    standing = planned(whole, results)
    _refuse_strangers(run.spec for run in standing.runs)
    if wandb == "online":
        check_login()

    def launch(todo: tuple[RunSpec, ...]) -> Launch:
        count = workers or part.workers or how.workers()
        return Launch(results, whole.name, todo, count, most, wandb, part.options)

    console = Console(stderr=True, highlight=False, force_jupyter=False)  # lines; bars would need ipywidgets
    run_missing(whole, standing, launch, how, console, apart=part.name != "inline")
    runs = planned(whole, results).runs
    undone = [run for run in runs if run.status not in (Status.DONE, Status.SKIPPED)]
    if undone or all(run.status is Status.SKIPPED for run in runs):
        first, counts = (undone or runs)[0], tally(run.status for run in runs)
        raise RnnbenchError(f"{counts}, in {results}; {first.spec.id}: {first.reason or first.status}")
    return results


def check(cell: type[Cell] | str | Path, name: str | None = None, **options: Any) -> pd.DataFrame:
    """Tries a cell on every point of the contract: gradients, kernel, low rank, integers bit for bit and more.

    Args:
        cell: its class, its name, or its file, such as ``mine.py``.
        name: which cell of the file, where it has several.
        **options: the cell's own.

    Returns:
        The points, with columns ``point``, ``outcome`` (``passed`` or ``not possible``) and ``why``.

    Raises:
        AssertionError: names every point that failed, and why.
        RnnbenchError: when there is no such cell.
    """
    from dataclasses import asdict

    import pandas as pd

    from bench.deploy import contract
    from cells.testing import verdicts

    verdict = [*verdicts(_cell_class(cell, name), contract.POINTS, **options)]
    if failed := [f"{point.point}: {point.why}" for point in verdict if point.outcome == "failed"]:
        raise AssertionError("; ".join(failed))
    return pd.DataFrame(map(asdict, verdict))


def _cell_class(cell: type[Cell] | str | Path, name: str | None) -> type[Cell]:
    from bench import zoo

    if isinstance(cell, type):
        return cell
    return zoo.load(Path(cell), name) if Path(cell).suffix == ".py" else zoo.cell_class(str(cell))


def _refuse_strangers(specs: Iterable[RunSpec]) -> None:
    """Refuses cells that are known to this process alone: a run's id could not tell their versions apart."""
    from bench import zoo
    from bench.errors import RnnbenchError

    for part in (spec.cell for spec in specs):
        if part.file is None and not zoo.is_shipped(part.cell_class):
            raise RnnbenchError(
                f"cell {part.name!r} is defined in this process, so no run could say which version of it was trained: "
                "write it into a file, and put `cell: {file: mine.py}` into the grid"
            )
