"""The best cell within every size that a grid asks for, and which other cells are worse for certain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from bench.report.caption import kb_meaning, protocol
from bench.report.comparing.differences import Difference, compare
from bench.report.notes import STALE, Notes, explain_latency, explain_runs
from bench.report.rows.board import Board
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet, Summary
from bench.report.statistics import deviation, t_interval
from bench.report.table import DASH, Column, Entry, Row, Table, between, number, plain, typeset

_LEVEL = 0.05
_STUB = (Column("Data", align="left"), Column("within KB", align="right"), Column("best cell", align="left"))


def table(results: Results) -> Table | None:
    """The table; ``None`` where the grid asks for no size, or no run keeps to one."""
    budgets = [] if results.grid is None else results.grid.budgets
    notes, board = Notes(), results.board
    lines = [
        _row(data, budget, rows, results, notes)
        for data in results.data_sets
        for budget in budgets
        if (rows := within(results, data, budget))
    ]
    if not lines:
        return None
    made = Table(
        f"{results.name}-frontier",
        _caption(results, board),
        (
            Column("H", places=0),
            Column(" or ".join(sorted({data.quality_title for data in results.data_sets})), places=2),
            Column("95 % interval", align="right"),
            Column("KB"),
            *((Column("KB exported"), Column("ms"), Column("cycles a step", places=0)) if board else ()),
            Column("worse, Holm p at most 5 %", align="wrap"),
            Column("not told apart", align="wrap"),
        ),
        tuple(lines),
        notes.listed(),
        stub=_STUB,
    )
    return typeset(made)


def within(results: Results, data: DataSet, budget: float) -> list[Summary]:
    """Returns the largest row of every cell that keeps to a size in KB on a data set, the best mean first."""
    largest: dict[str, Summary] = {}
    for row in results.rows_on(data):
        kb, other = row.mean("kb"), largest.get(row.cell)
        if kb is not None and kb <= budget and (other is None or kb > (other.mean("kb") or 0.0)):
            largest[row.cell] = row
    sign = -1 if data.upwards else 1
    return sorted(largest.values(), key=lambda row: sign * float(np.mean([*row.scores.values()])))


def _row(data: DataSet, budget: float, rows: Sequence[Summary], results: Results, notes: Notes) -> Row:
    best, *others = rows
    found = [*compare(data, others, best, results.rope)]
    worse = [each for each in found if _holds(each)]
    cells = {row.label: row.cell for row in others}
    scores = np.array([*best.scores.values()])
    quality = number(float(scores.mean()), deviation(scores.tolist()), best.n)
    return Row(
        (data.title, plain(budget), best.cell),
        (
            number(best.hidden_size),
            replace(quality, marks=notes.mark(explain_runs(best)[1])),
            between(t_interval(scores)),
            number(best.mean("kb")),
            *(_on_board(best, results.board, notes) if results.board else ()),
            Entry(_names(cells[each.label] for each in worse), marks=notes.mark(_mute(found))),
            Entry(_names(cells[each.label] for each in found if each not in worse)),
        ),
    )


def _holds(own: Difference) -> bool:
    """Whether a cell is worse than the best for certain, its runs alike in all but the cell."""
    found = own.found
    return found is not None and not own.remarks and found.mean < 0 and found.corrected_p <= _LEVEL


def _mute(found: Sequence[Difference]) -> str:
    """Says that so few seeds can show nothing, where that is so."""
    least = [each.found.reachable_p for each in found if each.found is not None]
    if not least or min(least) <= _LEVEL:
        return ""
    return f"so few seeds can show no difference: the smallest Holm p that they can reach is {min(least):.2g}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "-"


def _on_board(row: Summary, board: Board, notes: Notes) -> tuple[Entry, ...]:
    latency, why = row.latency(board.name), explain_latency(row, board)
    if latency is None:
        return (replace(DASH, marks=notes.mark(why)), DASH, DASH)
    flash = number(latency.mean("flash_bytes") / 1024)
    if why:
        return (replace(flash, marks=notes.mark(why)), DASH, DASH)
    ms = replace(number(latency.mean("ms")), marks=notes.mark(STALE if latency.stale else ""))
    return flash, ms, number(latency.mean("cycles_per_step"))


def _caption(results: Results, board: Board | None) -> str:
    rows = results.summaries
    exported = (
        f" KB exported: the whole flash of the code for {board.title}; ms: a sequence of the data set's greatest "
        f"length there ({board.format}, {board.method})."
        if board
        else ""
    )
    return (
        f"{results.name}: the best cell within so many KB. Of every cell the largest model that keeps to the size is "
        "taken; best: the best mean test score. Worse: the difference to it by seed holds in the sign-flip test "
        "after Holm's correction over the cells of the line, for runs that are alike in all but the cell. "
        f"{protocol(rows)} {kb_meaning(rows)}{exported}"
    )
