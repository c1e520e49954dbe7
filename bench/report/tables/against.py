"""Cycles of another library's cell beside ours on one board, as ``rnnbench simulate --against`` counts them."""

from __future__ import annotations

from bench.report.rows.latency import Against
from bench.report.rows.results import Results
from bench.report.table import Column, Entry, Row, Table

_NOTE = "Cycles of a step. Ours are predicted at zero flash wait states, with random weights, and not measured."


def table(results: Results) -> Table | None:
    """A row for each shape that was simulated or published, or ``None`` where nothing was compared."""
    found = results.rows_of(Against)
    if not found:
        return None
    stub = tuple(Column(title, align="left") for title in ("Library", "Units", "Features"))
    columns = (
        *(Column(title, align="right") for title in ("theirs", "ours", "theirs / ours")),
        Column("how theirs were obtained, and what is not the same", align="left"),
    )
    rows = (
        Row(
            (row.library, str(row.units), str(row.features)),
            tuple(map(Entry, (str(row.theirs), str(row.ours), f"{row.ratio:.2f}", row.how))),
        )
        for row in found
    )
    caption = f"{found[0].board_title}: cycles a step of another library and ours"
    return Table(f"against-{found[0].board}", caption, columns, tuple(rows), notes=(_NOTE,), stub=stub)
