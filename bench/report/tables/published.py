"""Published milliseconds beside ours on one board, such as Tables 4 and 5 of the FastGRNN paper (NeurIPS 2018)."""

from __future__ import annotations

from bench.report.rows.latency import Beside
from bench.report.rows.results import Results
from bench.report.table import Column, Entry, Row, Spanner, Table

_STUB = (Column("Cell", align="left"), Column("Format", align="left"))
_OURS = (
    "Milliseconds of one inference. Ours: predicted for the exported C with untrained weights of these sizes, from "
    "no flash wait states and the least branch refill to both at their worst; none was measured on a board. "
    "In brackets: does not fit the board."
)


def table(results: Results) -> Table | None:
    """A row for each cell and number format, or ``None`` without a published table."""
    published, beside = results.published, results.rows_of(Beside)
    if published is None or not beside:
        return None
    printed = {row.data for row in beside if row.published_ms is not None}
    data_sets = {name: title for name, title in published.data_sets.items() if name in printed or not printed}
    columns = [
        Column(title, Spanner(name, data), align="right")
        for name, data in data_sets.items()
        for title in ("published", "ours")
    ]
    rows = []
    for labels in dict.fromkeys((row.title, row.format) for row in beside):
        own = {row.data: row for row in beside if (row.title, row.format) == labels}
        entries = (Entry(text) for name in data_sets for text in _beside(own[name]))
        rows.append(Row(labels, tuple(entries)))
    caveats = (f"{'* ' if 'HAR-2' in caveat else ''}{caveat}" for caveat in published.caveats)
    return Table(
        f"published-{beside[0].board}",
        f"{beside[0].board_title}: prediction time, published and ours",
        tuple(columns),
        tuple(rows),
        notes=(_OURS, f"Published: {published.source}.", *caveats),
        stub=_STUB,
    )


def _beside(row: Beside) -> tuple[str, str]:
    printed = "-" if row.published_ms is None else f"{row.published_ms:g}"
    if row.ms_low is None or row.ms_high is None:
        return printed, "-"
    low, high = _short(row.ms_low), _short(row.ms_high)
    ours = low if low == high else f"{low}-{high}"
    return printed, ours if row.fits_flash and row.fits_ram else f"({ours})"


def _short(value: float) -> str:
    """Prints three digits, and never an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
