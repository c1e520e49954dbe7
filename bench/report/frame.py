"""Records as tidy frames: one row for each run and board, and the same gathered over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.errors import RnnbenchError
from bench.record import Record, noted_runs, observed, read_all
from bench.report.rows import compression, data_name, hidden_size, labels
from bench.status import Status

RUNS = {
    "id": "string",
    "data": "string",
    "cell": "string",
    "label": "string",
    "seed": "Int64",
    "status": "string",
    "reason": "string",
    "hidden_size": "Int64",
    "compression": "string",
    "accuracy": "Float64",
    "float_accuracy": "Float64",
    "perplexity": "Float64",
    "loss": "Float64",
    "validation_accuracy": "Float64",
    "validation_perplexity": "Float64",
    "train_perplexity": "Float64",
    "epochs": "Float64",
    "minutes": "Float64",
    "parameters": "Float64",
    "nonzero": "Float64",
    "kb": "Float64",
    "kb_in_all": "Float64",
    "board": "string",
    "board_title": "string",
    "format": "string",
    "method": "string",
    "cycles": "Float64",
    "ms_per_step": "Float64",
    "ms": "Float64",
    "ms_low": "Float64",
    "ms_high": "Float64",
    "flash_bytes": "Float64",
    "ram_bytes": "Float64",
    "fits_flash": "boolean",
    "fits_ram": "boolean",
}
"""Columns of :func:`runs_frame`.

Accuracy, perplexity and loss without prefix are the test set's; minutes are of training; ``kb_in_all`` counts an
embedding and a language model's softmax, which ``kb`` does not. ``compression`` has the letters of what a cell is made
small by (L low rank, S sparsity, Q quantisation), or ``dense``. The accuracy of a quantised run is that of its
integers; ``float_accuracy`` is the same network's in float32.
"""

_SETS = {
    "data_title": "string",
    "metric": "string",
    "higher_is_better": "boolean",
    "majority": "Float64",
    "steps": "Int64",
    "features": "Int64",
    "classes": "Int64",
}
_BYTES_PER_NUMBER = 4
_BOARD = ["board", "board_title", "format", "method"]
_SPREAD = [
    *("accuracy", "float_accuracy", "perplexity", "loss"),
    *("validation_accuracy", "validation_perplexity", "train_perplexity"),
]
_SIZE = ["epochs", "minutes", "parameters", "nonzero", "kb", "kb_in_all"]
_LATENCY = ["cycles", "ms_per_step", "ms", "ms_low", "ms_high", "flash_bytes", "ram_bytes"]

SUMMARY = {
    "data": "string",
    **_SETS,
    "cell": "string",
    "label": "string",
    "hidden_size": "Int64",
    "compression": "string",
    "n": "Int64",
    "seeds": "string",
    "not_done": "Int64",
    **{f"{name}_{what}": "Float64" for name in _SPREAD for what in ("mean", "sd")},
    **dict.fromkeys(_SIZE, "Float64"),
    **dict.fromkeys(_BOARD, "string"),
    **dict.fromkeys(_LATENCY, "Float64"),
    "fits_flash": "boolean",
    "fits_ram": "boolean",
}
"""Columns of :func:`summary`, and of the CSV: read it with these as ``dtype`` to get the frame back."""


def load(results: Path) -> list[Record]:
    """The records of a results folder's grid as it is now, each with the status that is true now.

    Records of runs that an earlier version of the grid had are left out: a table does not mix experiments.

    Raises:
        RnnbenchError: when the folder does not exist or holds no record, or a record is damaged.
    """
    if not results.is_dir():
        raise RnnbenchError(f"there is no results folder {results}: run a grid first, or name the folder it wrote")
    wanted = noted_runs(results)
    records = [record for record in read_all(results) if wanted is None or record.id in wanted]
    if not records:
        raise RnnbenchError(f"{results} holds no records: run a grid first, or name the folder that it wrote")
    now = observed(results)
    found = []
    for record in records:
        status, reason = now.get(record.id, (record.status, record.reason))
        found.append(record.model_copy(update={"status": status, "reason": reason}))
    return found


def runs_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row for each run and each of its latencies; a run without latency has one row. Columns: ``RUNS``."""
    named = labels(records)
    rows = [row for record in records for row in _run_rows(record, named[record.id])]
    return _typed(rows, RUNS)


def _run_rows(record: Record, label: str) -> Iterator[dict[str, Any]]:
    row: dict[str, Any] = {
        "id": record.id,
        "data": data_name(record),
        "cell": record.labels.cell,
        "label": label,
        "seed": record.spec.get("seed"),
        "status": record.status.value,
        "reason": record.reason or None,
        "hidden_size": hidden_size(record),
        "compression": compression(record),
    }
    if record.status is Status.DONE:  # numbers of other runs are not results
        if record.result is not None:
            row |= {key.removeprefix("test_"): value for key, value in record.result.model_dump().items()}
            if record.result.integer_accuracy is not None:
                row["accuracy"], row["float_accuracy"] = record.result.integer_accuracy, record.result.test_accuracy
        if record.times.train_s is not None:
            row["minutes"] = record.times.train_s / 60
        if record.size is not None:
            row |= record.size.model_dump()
            row["kb_in_all"] = record.size.kb + _BYTES_PER_NUMBER * record.size.embedding_parameters / 1024
        for latency in record.latency:
            yield row | {"board_title": latency.title} | latency.model_dump(include={*RUNS})
    if record.status is not Status.DONE or not record.latency:
        yield row


def sets_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row for each data set, in order of name; a set that no run opened has its name as title."""
    rows: dict[str, dict[str, Any]] = {}
    for record in records:
        row = rows.setdefault(data_name(record), {"data": data_name(record), "data_title": data_name(record)})
        if record.data is not None:
            row |= {key: value for key, value in record.data.model_dump().items() if key in _SETS}
            row["data_title"] = record.data.title
    return _typed([rows[name] for name in sorted(rows)], {"data": "string", **_SETS})


def summary(runs: pd.DataFrame, sets: pd.DataFrame) -> pd.DataFrame:
    """Runs gathered over seeds: one row for each data set, label and latency; columns: ``SUMMARY``.

    Means are over the runs that are done, ``n`` of them; sd is the sample's (ddof 1), empty for n = 1. A combination
    that nobody ran has a row with n = 0. ``fits_*`` is whether every seed's model fits.
    """
    each = runs.drop_duplicates("id")
    done = each[each["status"] == Status.DONE.value]
    by = ["data", "label"]
    all_rows = each[["label"]].drop_duplicates().merge(sets, how="cross")
    hidden = each.drop_duplicates(by)[[*by, "cell", "hidden_size", "compression"]]
    counts = each.assign(not_done=each["status"] != Status.DONE.value).groupby(by, as_index=False)["not_done"].sum()
    results = done.groupby(by, as_index=False, sort=False).agg(
        n=("id", "size"),
        seeds=("seed", lambda seeds: " ".join(map(str, sorted(seeds.dropna())))),
        **{f"{name}_{what}": (name, how) for name in _SPREAD for what, how in (("mean", "mean"), ("sd", "std"))},
        **{name: (name, "mean") for name in _SIZE},
    )
    latency = (
        runs.dropna(subset=["board"])
        .groupby([*by, *_BOARD], as_index=False, sort=False)
        .agg({name: "mean" for name in _LATENCY} | {"fits_flash": "all", "fits_ram": "all"})
    )
    found = all_rows.merge(hidden, on=by, how="left").merge(counts, on=by, how="left")
    found = found.merge(results, on=by, how="left").merge(latency, on=by, how="left")
    found[["n", "not_done"]] = found[["n", "not_done"]].fillna(0)
    return _typed(found.sort_values(["data", "label"], kind="stable"), SUMMARY)


def _typed(rows: pd.DataFrame | list[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    """A frame of exactly these columns, with types that know a missing value."""
    return pd.DataFrame(rows, columns=list(columns)).astype(columns).reset_index(drop=True)


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries, ``None`` where there is no value."""
    return [
        {str(key): None if pd.isna(value) else value for key, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]
