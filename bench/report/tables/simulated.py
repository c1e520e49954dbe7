"""Predicted and simulated cycles of models on one board."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.report.rows.latency import FORMATS, MODEL, NO_BOARD, Simulation, columns_by_format, untrained
from bench.report.rows.results import Results
from bench.report.table import Table


def _agrees(row: Simulation) -> str:
    return "yes" if row.agrees else "NO"


Texts = Mapping[str, Callable[[Simulation], str]]
_CYCLES: Texts = {
    "predicted": lambda row: str(row.predicted_step),
    "simulated": lambda row: f"{row.simulated_step:.0f}",
    "error %": lambda row: f"{100 * row.error:+.2f}",
}
_LIMIT: Texts = {"x limit": lambda row: "" if row.ratio is None else f"{row.ratio:.2f}"}
OF_MODEL: Texts = {**_CYCLES, **_LIMIT, "agrees": _agrees}
"""The columns of one model's table on the terminal."""


def table(results: Results) -> Table | None:
    """Models on one board, or ``None`` where nothing was simulated."""
    models = results.rows_of(Simulation)
    if not models:
        return None
    texts = {"int8": {**_CYCLES, **_LIMIT, "bit-exact": _agrees}, "float32": {**_CYCLES, "agrees": _agrees}}
    columns, rows = columns_by_format(models, texts)
    tools = dict.fromkeys(f"{model.compiler}, {model.simulator}" for model in models)
    worst = {name: max((abs(m.error) for m in models if m.format == name), default=None) for name in FORMATS}
    errors = [f"{100 * error:.2f} % in {name}" for name, error in worst.items() if error is not None]
    notes = (
        NO_BOARD,
        f"Simulated with {'; '.join(tools)}. A limit is of int8 x int16 products: configs/kernels.",
        f"Largest error: {', '.join(errors)}.",
        *untrained(models),
    )
    caption = f"{models[0].board_title}: cycles a step, predicted and simulated"
    return Table(f"simulation-{models[0].board}", caption, columns, rows, notes=notes, stub=MODEL)
