"""``rnnbench check``: the contract of a cell, point by point; ``rnnbench new cell``: a file to begin one from."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.text import Text

from bench.cli.console import AsJson, out, print_json
from bench.errors import RnnbenchError

_STYLE = {"passed": "green", "failed": "red", "not possible": "yellow"}
_INPUTS = 5
"""Features of the input that a cell is first tried on."""

new_app = typer.Typer(name="new", help="Writes a file to begin from.", no_args_is_help=True)


def check(
    what: Annotated[str, typer.Argument(help="A cell's file, such as mine.py; or the name of a cell.")],
    name: Annotated[str | None, typer.Option("--name", help="Which cell of the file, where it has several.")] = None,
    option: Annotated[list[str] | None, typer.Option("--option", help="An option of the cell: KEY=VALUE.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tries a cell on every point of the contract, with a verdict for each; exit code 1 when one failed."""
    from bench import zoo
    from bench.deploy import contract
    from bench.execute.preflight import run_on_zeros
    from bench.spec import CellPart, parse
    from bench.train.cell import build_cell
    from cells.testing import Verdict, verdicts

    path = Path(what)
    of_file = path.suffix == ".py" or path.exists()
    cls = zoo.load(path, name) if of_file else zoo.cell_class(what)
    given = {"name": cls.name, "options": _options(option or [], list(zoo.options(cls)))}
    part = parse(CellPart, {**given, "file": path if of_file else None}, "--option")
    with _no_remarks("cells.scan"):  # that it has no kernel is a verdict
        run_on_zeros(build_cell(part, _INPUTS), cls.name)  # what fails there fails at every point
    found: list[Verdict] = []
    for verdict in verdicts(cls, contract.POINTS, **part.options):
        found.append(verdict)
        if not as_json:
            why = f": {verdict.why}" if verdict.why else ""
            out.print(Text.assemble((f"{verdict.outcome:13}", _STYLE[verdict.outcome]), verdict.point, (why, "dim")))
    if as_json:
        print_json([asdict(verdict) for verdict in found])
    else:
        counts = {outcome: sum(verdict.outcome == outcome for verdict in found) for outcome in _STYLE}
        out.print(f"{cls.__name__}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count))
    if any(verdict.outcome == "failed" for verdict in found):
        raise typer.Exit(1)


@contextmanager
def _no_remarks(name: str) -> Iterator[None]:
    log = logging.getLogger(name)
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _options(given: list[str], known: list[str]) -> dict[str, Any]:
    """``["window=2"]`` as ``{"window": 2}``.

    Raises:
        RnnbenchError: when one is not ``KEY=VALUE``, or the cell has no such option.
    """
    from bench.spec import read_yaml

    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise RnnbenchError(f"--option takes KEY=VALUE, not {text!r}")
        if key not in known:
            raise RnnbenchError(f"the cell has no option {key!r}; it has {', '.join(known) or 'none'}")
        try:
            found[key] = read_yaml(value)
        except yaml.YAMLError:
            raise RnnbenchError(f"--option {text}: {value!r} is not YAML") from None
    return found


@new_app.command("cell", epilog="Example: [bold]rnnbench new cell mine[/]")
def new_cell(
    name: Annotated[str, typer.Argument(help="Lower-case letters and digits, as grids will say it.")],
    path: Annotated[Path | None, typer.Option("--out", help="The file; NAME.py otherwise.")] = None,
) -> None:
    """Writes a commented cell that works, to be changed into yours."""
    import jinja2

    from bench import zoo

    if not (name.isascii() and name.isalnum() and name == name.lower() and name[0].isalpha()):
        raise RnnbenchError(f"cell name {name!r} must be lower-case letters and digits, a letter first")
    if (there := zoo.described().get(name)) is not None:
        raise RnnbenchError(f"cell name {name!r} is taken, by {there.title}: choose another")
    path = path or Path(f"{name}.py")
    template = (Path(__file__).parent / "templates" / "cell.py.j2").read_text(encoding="utf-8")
    text = jinja2.Template(template, keep_trailing_newline=True).render(name=name, title=name.capitalize())
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RnnbenchError(f"{path} is there already: choose another with --out") from None
    except OSError as error:
        raise RnnbenchError(f"cannot write {path}: {error.strerror}") from None
    out.print(f"wrote {path}; try it with `rnnbench check {path}`, and train it with")
    out.print(f"    cell: {{file: {path}, hidden_size: 64}}")
    out.print("in a grid")
