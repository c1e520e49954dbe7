"""``rnnbench choose``: the best model of a results folder for a board, under constraints."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli.console import AsJson, err, out, print_json
from bench.errors import RnnbenchError

if TYPE_CHECKING:
    from bench.report.pick import Candidate, Pace, Picked


def choose(
    results: Annotated[Path, typer.Argument(help="A results folder, such as results/demo.", show_default=False)],
    board: Annotated[str, typer.Option(help="The board that it is to run on.")],
    kb: Annotated[float | None, typer.Option(min=0, help="KB at most, as tables count them.")] = None,
    ms: Annotated[float | None, typer.Option(min=0, help="Milliseconds a sequence at most.")] = None,
    hz: Annotated[
        float | None,
        typer.Option(min=0, help="Samples a second that it must keep up with; those of its data otherwise, 0 for any."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Says which model is best on a board within limits, why, what it gives up, and how to export it."""
    from bench import mcu
    from bench.report import read
    from bench.report.pick import Limits, pick

    if mcu.board(board).name not in mcu.usual_boards():
        raise RnnbenchError(
            f"board {board!r} does not stand beside records; choose knows {', '.join(mcu.usual_boards())}: "
            f"`rnnbench latency {results} --board {board}` shows every model on it"
        )
    found = pick(read(results, board), board, Limits(kb, ms, hz), partial(_pace, board))
    if as_json:
        print_json([_body(picked) for picked in found])
        return
    for each in found:
        _print(each, results, board)


def _pace(board: str, data: Mapping[str, Any]) -> Pace:
    """The samples a second of a data set and what their features cost; nothing of one that is not there any more."""
    from bench import mcu
    from bench.data import describe
    from bench.deploy.latency import feature_ms
    from bench.report.pick import Pace

    with suppress(RnnbenchError):
        info = describe(data["name"], data.get("options", {}))
        return Pace(info.sample_hz, feature_ms(info, mcu.board(board)) or 0.0)
    return Pace()


def _print(each: Picked, results: Path, board: str) -> None:
    best = each.best
    within = [other for other in each.others if not other.broken]
    out.print(f"{each.data.title}: {best.row.label}", style="bold")
    out.print(f"    {_figures(best)}")
    if each.feature_ms:
        out.print(f"    and before each step {each.feature_ms:.3g} ms for its features from audio (simulated)")
    out.print(f"    best {each.by} of the {len(within) + 1} models within the limits ({len(each.others) + 1} in all)")
    if each.own_hz is not None and not each.behind:
        out.print(
            f"    within the limits is what keeps up with the data's {each.own_hz:g} samples a second (--hz 0: any)"
        )
    for other in each.as_good:
        out.print(f"    as good as the seeds can tell, and cheaper: {other.row.label}: {_figures(other)}")
    if each.given_up is not None:
        lost = each.given_up
        out.print(f"    given up: {lost.row.label}: {_figures(lost)}; it has {' and '.join(lost.broken)}")
    if each.own_hz is not None and each.behind:
        err.print(
            f"warning: no model on {each.data.title} keeps up with its {each.own_hz:g} samples a second on {board}: "
            f"this one takes {best.latency.worst_step_ms + each.feature_ms:.2f} ms a sample, "
            f"and has {1000 / each.own_hz:.2f}",
            style="yellow",
        )
    format = best.latency.format
    out.print(f"    rnnbench export {results}/runs/{each.run} --board {board} --format {format} --out model")


def _figures(candidate: Candidate) -> str:
    row, latency = candidate.row, candidate.latency
    test = row.mean(row.data.quality)
    score = "-" if test is None else f"{row.data.scale * test:.2f}"
    unit = " %" if row.data.percent else ""
    return (
        f"test {row.data.word} {score}{unit} (n = {row.n}), {row.mean('kb') or 0.0:.1f} KB, "
        f"{latency.mean('ms'):.1f} ms in {latency.format}, {latency.mean('flash_bytes') / 1024:.1f} KB of flash, "
        f"{latency.mean('ram_bytes') / 1024:.1f} KB of RAM"
    )


def _body(each: Picked) -> dict[str, Any]:
    def figures(candidate: Candidate) -> dict[str, Any]:
        row, latency = candidate.row, candidate.latency
        return {
            "label": row.label,
            row.data.quality: row.mean(row.data.quality),
            "n": row.n,
            "kb": row.mean("kb"),
            "format": latency.format,
            **{name: latency.mean(name) for name in ("ms", "ms_per_step", "flash_bytes", "ram_bytes")},
            "breaks": list(candidate.broken),
        }

    lost = each.given_up
    return {
        "data": each.data.name,
        "by": each.by,
        "chosen": figures(each.best),
        "run": each.run,
        "own_hz": each.own_hz,
        "keeps_up": None if each.own_hz is None else not each.behind,
        "feature_ms": each.feature_ms,
        "as_good_and_cheaper": [figures(other) for other in each.as_good],
        "given_up": None if lost is None else figures(lost),
        "others": [figures(other) for other in each.others],
    }
