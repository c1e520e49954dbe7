"""Predicted cycles, milliseconds and memory of models on one board."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.report.rows.latency import MODEL, NO_BOARD, Prediction, columns_by_format, untrained
from bench.report.rows.results import Results
from bench.report.table import Table, plain


def _bytes(size: int, fits: bool) -> str:
    return f"{size}{'' if fits else ' (too much)'}"


Texts = Mapping[str, Callable[[Prediction], str]]
_STEP: Texts = {"cycles/step": lambda row: str(row.cycles_per_step), "ms/step": lambda row: plain(row.ms_per_step, 3)}
_ANSWER: Texts = {"cycles/answer": lambda row: str(row.answer_cycles)}
_SEQUENCE: Texts = {
    "ms": lambda row: plain(row.ms),
    "ms from-to": lambda row: f"{plain(row.ms_low)}-{plain(row.ms_high)}",
    "flash": lambda row: _bytes(row.flash_bytes, row.fits_flash),
    "RAM": lambda row: _bytes(row.ram_bytes, row.fits_ram),
}
_KEEPS_UP: Texts = {"keeps up": lambda row: {None: "", True: "yes", False: "no"}[row.keeps_up]}
_LIMIT: Texts = {"x limit": lambda row: "" if row.ratio is None else f"{row.ratio:.2f}"}
_FLOAT: Texts = {**_STEP, **_SEQUENCE, **_KEEPS_UP}
OF_MODEL: Texts = {**_STEP, **_ANSWER, **_SEQUENCE, **_LIMIT, **_KEEPS_UP}
"""The columns of one model's table on the terminal."""


def table(results: Results) -> Table | None:
    """Models on one board, or ``None`` where nothing was predicted."""
    models = results.rows_of(Prediction)
    if not models:
        return None
    columns, rows = columns_by_format(models, {"int8": {**_FLOAT, **_LIMIT}, "float32": _FLOAT})
    notes = (
        NO_BOARD,
        "ms from the least branch refill to the most with flash wait states; memory in bytes.",
        "keeps up: features from audio and a step take less time than the sensor gives them, the step's wait states at "
        "their worst.",
        *untrained(models),
    )
    caption = f"{models[0].board_title}: predicted latency"
    return Table(f"latency-{models[0].board}", caption, columns, rows, notes=notes, stub=MODEL)
