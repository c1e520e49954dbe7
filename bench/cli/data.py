"""The commands about data: ``rnnbench data list|prepare|verify``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from bench.cli.console import AsJson, err, out, print_json, print_rows
from bench.errors import RnnbenchError

app = typer.Typer(
    name="data",
    help="Lists, prepares and verifies the data sets.",
    epilog="Example: [bold]rnnbench data prepare mnist-row[/]",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
_COUNTS = ("train", "validation", "test")
Names = Annotated[list[str], typer.Argument(help="Data sets; `rnnbench data list` names them.", show_default=False)]
OptionText = Annotated[
    str, typer.Option("--options", help='Options of the data set as in a grid, such as "{protocol: paper}".')
]


@app.command("list", epilog="Example: [bold]rnnbench data list --json[/]")
def list_(as_json: AsJson = False) -> None:
    """Lists the data sets: task, size, licence, and whether each is here."""
    from bench.data import infos

    rows = [_row(name, info) for name, info in infos().items()]
    if as_json:
        print_json(rows)
        return
    print_rows([_shown(row) for row in rows], prose=("about",))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    size, about = f"{row['steps']} x {row['features']}", f"{row['task']}; {row['licence']}"
    counts = {key: row[key] for key in ("classes", *_COUNTS)}
    return {
        "name": row["name"],
        "T x D": size,
        **counts,
        "here": row["here"],
        "about": about,
    }


@app.command(epilog="Example: [bold]rnnbench data prepare digits dsa19[/]")
def prepare(
    names: Names,
    options: OptionText = "",
    again: Annotated[bool, typer.Option("--again", help="Also what is prepared already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetches, checks and converts data sets, once. What is prepared already is left as it is."""
    import bench.data as data

    chosen = _options(options)
    rows: list[dict[str, Any]] = []
    faults = []
    for name in names:
        data.describe(name, chosen)  # a misspelt name is told before hours of work
    for name in names:
        if (note := data.note(name, chosen)) and not data.prepared(name, options=chosen):
            err.print(Text.assemble(("note:", "yellow"), f" {note}"))
        try:
            with _bar(name):
                place = data.prepare(name, options=chosen, again=again)
            opened = data.open_any(name, options=chosen)
        except RnnbenchError as error:
            faults.append(error)
            err.print(Text.assemble(("error:", "red"), f" {name}: {error}"))
            continue
        row: dict[str, Any] = {"name": name, **_counts(opened), "fingerprint": opened.fingerprint, "folder": str(place)}
        rows.append(row)
        if not as_json:
            counts = " / ".join(f"{row[key]:,}" for key in _COUNTS)
            said = f" {name}: {counts}, fingerprint {row['fingerprint'][:12]}"
            out.print(Text.assemble(("prepared", "green"), said))
    if as_json:
        print_json(rows)
    if faults:
        raise typer.Exit(2)


@app.command(epilog="Example: [bold]rnnbench data verify mnist-row[/]")
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets; all prepared ones otherwise.")] = None,
    options: OptionText = "",
    as_json: AsJson = False,
) -> None:
    """Computes the fingerprints of prepared data sets anew, and the sums of their files."""
    import bench.data as data

    chosen = _options(options)
    rows: list[dict[str, Any]] = []
    bad = False
    for name in names or [name for name in data.infos() if data.prepared(name)]:
        try:
            row: dict[str, Any] = {"name": name, "whole": True, "says": data.verify(name, options=chosen)}
        except RnnbenchError as error:
            row, bad = {"name": name, "whole": False, "says": str(error)}, True
        rows.append(row)
        if not as_json:
            mark = ("whole  ", "green") if row["whole"] else ("damaged", "red")
            out.print(Text.assemble(mark, f" {name}: {row['says']}"))
    if as_json:
        print_json(rows)
    elif not rows:
        err.print("no data set is prepared; `rnnbench data list` names what there is")
    if bad:
        raise typer.Exit(1)


def _row(name: str, info: Any) -> dict[str, Any]:
    from bench.data import available, prepared

    here = "prepared" if prepared(name) else "files" if available(name) else "no"
    counts = info.counts or (None, None, None)
    return {
        "name": name,
        "title": info.title,
        "task": info.task,
        "steps": info.steps,
        "features": info.features,
        "classes": info.classes,
        "train": counts[0],
        "validation": counts[1],
        "test": counts[2],
        "licence": info.licence,
        "here": here,
        "source": info.source,
        "about": info.about,
    }


def _counts(opened: Any) -> dict[str, int]:
    return {"train": len(opened.train), "validation": len(opened.validation), "test": len(opened.test)}


def _options(text: str) -> dict[str, Any]:
    import yaml

    from bench.spec import read_yaml

    try:
        given = read_yaml(text) if text else {}
    except yaml.YAMLError as error:
        raise RnnbenchError(f"--options {text!r} is not YAML such as '{{protocol: paper}}'") from error
    if not isinstance(given, dict):
        raise RnnbenchError(f"--options {text!r} is not a mapping such as '{{protocol: paper}}'")
    return given


@contextmanager
def _bar(name: str) -> Iterator[None]:
    """A bar for each thing that is counted while a set is prepared; only on a terminal."""
    from bench.data.progress import listening

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        tasks = {"": progress.add_task(name, total=None)}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(f"{name}: {what}", total=total)
            progress.update(tasks[what], completed=done)

        with listening(tell):
            yield
