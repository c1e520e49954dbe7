"""The summaries as flat rows, for the CSV and for pandas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.report.rows.summary import MEANS, SPREAD, Latency, Summary

Value = str | float | bool | None
_SET = ("metric", "higher_is_better", "majority", "steps", "features", "classes")
_LATENCY = ("cycles", "ms_per_step", "ms", "ms_low", "ms_high", "flash_bytes", "ram_bytes")


def rows(summaries: Iterable[Summary]) -> Iterator[dict[str, Value]]:
    """Yields a row for each data set, label and latency; ``None`` where there is no value.

    Means are over the runs that are done, ``n`` of them; sd is the sample's (ddof 1), ``None`` for n = 1. A combination
    that nobody ran has a row with n = 0. ``fits_*`` says whether every seed's model fits, ``latency_stale`` whether an
    earlier model of latency made the figures, or other costs of kernels and boards.
    """
    for summary in summaries:
        done = sorted(run.seed for run in summary.runs if run.done)
        row: dict[str, Value] = {"data": summary.data.name, "data_title": summary.data.title}
        row |= {name: getattr(summary.data.facts, name, None) for name in _SET}
        row |= {"cell": summary.cell or None, "label": summary.label, "hidden_size": summary.hidden_size}
        row |= {"compression": summary.compression, "n": summary.n}
        row |= {"seeds": " ".join(map(str, done)) or None, "not_done": len(summary.runs) - summary.n}
        for name in SPREAD:
            row |= {f"{name}_mean": summary.mean(name), f"{name}_sd": summary.sd(name)}
        row |= {name: summary.mean(name) for name in MEANS}
        for latency in summary.latencies or [None]:
            yield row | _latency(latency)


def _latency(latency: Latency | None) -> dict[str, Value]:
    if latency is None:
        names = ("board", "board_title", "format", "method", *_LATENCY, "fits_flash", "fits_ram", "latency_stale")
        return dict.fromkeys(names)
    row: dict[str, Value] = {"board": latency.board, "board_title": latency.title}
    row |= {"format": latency.format, "method": latency.method}
    row |= {name: latency.mean(name) for name in _LATENCY}
    return row | {
        "fits_flash": latency.fits("flash"),
        "fits_ram": latency.fits("ram"),
        "latency_stale": latency.stale,
    }
