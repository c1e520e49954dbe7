"""Tables of predicted and simulated latency, one a board, from rows that the commands gather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report.sheet import Heading, Sheet

Row = Mapping[str, Any]
FORMATS = ("int8", "float32")
_NAMES = (Heading("Data", left=True), Heading("Cell", left=True), Heading("H"))
NO_BOARD = "Cycles are of the core at zero flash wait states. No figure was measured on a board."


def simulation_sheets(rows: Sequence[Row]) -> list[Sheet]:
    """Predicted and simulated cycles a step, of each board.

    Args:
        rows: run, data_title, label, hidden, board, board_title, trained, and the fields of
            :class:`bench.mcu.Compared`.
    """
    heads = {
        "int8": ("predicted", "simulated", "error %", "x limit", "bit-exact"),
        "float32": ("predicted", "simulated", "error %", "agrees"),
    }
    return [
        _sheet("simulation", "cycles a step, predicted and simulated", rows, board, heads) for board in _boards(rows)
    ]


def latency_sheets(rows: Sequence[Row]) -> list[Sheet]:
    """Predicted cycles, milliseconds and memory, of each board.

    Args:
        rows: run, data_title, label, hidden, board, board_title, trained, keeps_up, and the fields of
            :class:`bench.mcu.CodeLatency`.
    """
    common = ("cycles/step", "ms/step", "ms", "ms from-to", "flash", "RAM", "keeps up")
    heads = {"int8": (*common, "x limit"), "float32": common}
    return [_sheet("latency", "predicted latency", rows, board, heads) for board in _boards(rows)]


def entry(row: Row, head: str) -> str:
    """What stands in a column for a row."""
    match head:
        case "predicted":
            return str(row["predicted_step"])
        case "simulated":
            return f"{row['simulated_step']:.0f}"
        case "error %":
            return f"{100 * row['error']:+.2f}"
        case "x limit":
            return "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        case "bit-exact" | "agrees":
            return "yes" if row["agrees"] else "NO"
        case "cycles/step":
            return str(row["cycles_per_step"])
        case "ms/step":
            return f"{row['ms_per_step']:.3g}"
        case "cycles/answer":
            return str(row["answer_cycles"])
        case "ms":
            return f"{row['ms']:.4g}"
        case "ms from-to":
            return f"{row['ms_low']:.4g}-{row['ms_high']:.4g}"
        case "flash" | "RAM":
            fits = row["fits_flash" if head == "flash" else "fits_ram"]
            return f"{row[f'{head.lower()}_bytes']}{'' if fits else ' (too much)'}"
        case _:
            return {None: "", True: "yes", False: "no"}[row["keeps_up"]]


def _boards(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["board"] for row in rows))


def _sheet(name: str, what: str, rows: Sequence[Row], board: str, heads: Mapping[str, Sequence[str]]) -> Sheet:
    own = [row for row in rows if row["board"] == board]
    formats = [each for each in FORMATS if any(row["format"] == each for row in own)]
    lines = []
    for run in dict.fromkeys(row["run"] for row in own):
        found = {row["format"]: row for row in own if row["run"] == run}
        first = next(iter(found.values()))
        entries = [entry(found[kind], head) if kind in found else "" for kind in formats for head in heads[kind]]
        lines.append((first["data_title"], first["label"], str(first["hidden"]), *entries))
    headings = (*_NAMES, *(Heading(head, kind) for kind in formats for head in heads[kind]))
    title = own[0]["board_title"]
    return Sheet(f"{name}-{board}", f"{title}: {what}", headings, tuple(lines), _notes(own, name))


def _notes(rows: Sequence[Row], name: str) -> tuple[str, ...]:
    notes = [NO_BOARD]
    if name == "simulation":
        tools = dict.fromkeys(f"{row['compiler']}, {row['simulator']}" for row in rows)
        notes.append(f"Simulated with {'; '.join(tools)}. A limit is of int8 x int16 products: configs/kernels.")
        worst = {kind: max((abs(r["error"]) for r in rows if r["format"] == kind), default=None) for kind in FORMATS}
        said = [f"{100 * value:.2f} % in {kind}" for kind, value in worst.items() if value is not None]
        notes.append(f"Largest error: {', '.join(said)}.")
    else:
        notes.append("ms from the least branch refill to the most with flash wait states; memory in bytes.")
        notes.append("keeps up: a step takes less time than the sensor gives it, wait states at their worst.")
    untrained = [row for row in rows if not row["trained"]]
    if untrained:
        notes.append("Weights are untrained: cycles of integers hardly depend on values.")
    return tuple(notes)


def published_sheets(rows: Sequence[Row], published: Mapping[str, Any]) -> list[Sheet]:
    """Published milliseconds beside ours, a table for each board, with the source's caveats below.

    Args:
        rows: from :func:`bench.deploy.published.rows`.
        published: the published table, from :func:`bench.deploy.published.read`.
    """
    sets = {name: f"{each['title']}{'' if each['compare'] else '*'}" for name, each in published["datasets"].items()}
    headings = [Heading("Cell", left=True), Heading("Format", left=True)]
    headings += [Heading(head, title) for title in sets.values() for head in ("published", "ours")]
    notes = (
        "Milliseconds of one inference. Ours: predicted for the exported C with untrained weights of these sizes, from "
        "no flash wait states and the least branch refill to both at their worst; none was measured on a board. "
        "In brackets: does not fit the board.",
        f"Published: {published['source']}.",
        *(f"{'* ' if 'HAR-2' in each else ''}{each}" for each in published["caveats"]),
    )
    sheets = []
    for board in _boards(rows):
        own = [row for row in rows if row["board"] == board]
        lines = []
        for title, kind in dict.fromkeys((row["title"], row["format"]) for row in own):
            found = {row["data"]: row for row in own if (row["title"], row["format"]) == (title, kind)}
            lines.append((title, kind, *(text for name in sets for text in _beside(found[name]))))
        caption = f"{own[0]['board_title']}: prediction time, published and ours"
        sheets.append(Sheet(f"published-{board}", caption, tuple(headings), tuple(lines), notes))
    return sheets


def _beside(row: Row) -> tuple[str, str]:
    printed = "-" if row["published_ms"] is None else f"{row['published_ms']:g}"
    if row["ms"] is None:
        return printed, "-"
    ours = f"{_short(row['ms_low'])}-{_short(row['ms_high'])}"
    return printed, ours if row["fits_flash"] and row["fits_ram"] else f"({ours})"


def _short(value: float) -> str:
    """Three figures, and never an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
