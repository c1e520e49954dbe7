"""The records as one frame, a row for every run and board, for people who analyse them further."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bench.report.rows.conditions import number_format
from bench.report.rows.flat import flat
from bench.report.rows.labels import compression
from bench.report.rows.results import Results
from bench.report.rows.summary import Run

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "grid": "name of the grid",
    "folder": "the run's folder",
    "run": "its id",
    "status": "`done`, `failed`, `interrupted`, `running` or `skipped`; a run that is not done has no figures",
    "reason": "why it is not done",
    "data": "data set, with the options that are not its defaults",
    "row": "name of the table's row that the run belongs to: runs of one row and data set differ in their seeds only",
    "cell": "the cell's title",
    "variant": "what sets the cell apart from its defaults",
    "compression": "letters of low rank (L), diagonal blocks (B), sparsity (S) and quantisation (Q), or `dense`",
    "number_format": "`int8` or `float32`: of the numbers that the accuracy is of",
    "hidden_size": "units",
    "seed": "of weights and batches",
    "test_accuracy_percent": "on the test set; of a quantised run, of its integer program",
    "float_test_accuracy_percent": "of a quantised run, of the same network in float32",
    "validation_accuracy_percent": "at the epoch that was chosen",
    "test_f1_percent": "of class 1, where the data set reports it",
    "test_perplexity": "of a language model: exp of the mean loss a word; of a quantised run, of its integer program",
    "float_test_perplexity": "of a quantised run, of the same network in float32",
    "validation_perplexity": "the same on the validation text",
    "train_perplexity": "the same on the training text's first words, as many as the test text has",
    "test_loss_nats": "mean cross entropy on the test set",
    "epochs": "that were trained",
    "parameters": "numbers of cell and classifier; of a language model, of its cells",
    "nonzero": "those that are not 0",
    "size_kb": "bytes of these numbers / 1,024, as the tables count them",
    "size_in_all_kb": "with an embedding and a language model's softmax",
    "train_minutes": "of training",
    "commit": "of the sources that trained the run",
    "dirty": "whether they differed from it",
    "board": "the board's short name; missing where the run has no latency",
    "board_title": "its name",
    "latency_format": "`int8` or `float32`: of the numbers of the program",
    "latency_method": "how the latency was obtained; `code`: predicted for the exported C",
    "latency_stale": "whether an earlier model of latency, or other costs, made it",
    "cycles": "of a sequence of the data set's greatest length",
    "step_ms": "milliseconds for one sample",
    "latency_ms": "milliseconds for that sequence",
    "latency_low_ms": "the least that the model of the processor allows",
    "latency_high_ms": "the most",
    "flash_bytes": "that the program takes",
    "ram_bytes": "that it needs",
    "fits_flash": "whether that is no more than the board has",
    "fits_ram": "the same for RAM",
}
"""The columns of :func:`tidy`, and what they hold."""

_FIGURES = {
    "test_accuracy_percent": ("accuracy", 100),
    "float_test_accuracy_percent": ("float_accuracy", 100),
    "validation_accuracy_percent": ("validation_accuracy", 100),
    "test_f1_percent": ("f1", 100),
    "test_perplexity": ("perplexity", 1),
    "float_test_perplexity": ("float_perplexity", 1),
    "validation_perplexity": ("validation_perplexity", 1),
    "train_perplexity": ("train_perplexity", 1),
    "test_loss_nats": ("loss", 1),
    "epochs": ("epochs", 1),
    "parameters": ("parameters", 1),
    "nonzero": ("nonzero", 1),
    "size_kb": ("kb", 1),
    "size_in_all_kb": ("kb_in_all", 1),
    "train_minutes": ("minutes", 1),
}
_LATENCY = {
    "board": "board",
    "board_title": "title",
    "latency_format": "format",
    "latency_method": "method",
    "cycles": "cycles",
    "step_ms": "ms_per_step",
    "latency_ms": "ms",
    "latency_low_ms": "ms_low",
    "latency_high_ms": "ms_high",
    "flash_bytes": "flash_bytes",
    "ram_bytes": "ram_bytes",
    "fits_flash": "fits_flash",
    "fits_ram": "fits_ram",
}
_WHOLE = ("hidden_size", "seed", "epochs", "parameters", "nonzero", "cycles", "flash_bytes", "ram_bytes")
_REAL = (*_FIGURES, *(column for column in _LATENCY if column.endswith("_ms")))
_TRUTHS = ("dirty", "latency_stale", "fits_flash", "fits_ram")


def tidy(results: Results, spec: bool = False) -> pd.DataFrame:
    """Returns a row for every run and board; a run without a latency has one row.

    Numbers that are not there are missing values: whole numbers and truth values have pandas' nullable types.

    Args:
        results: the runs.
        spec: whether to add a column for every key of the specifications, by dotted path: ``train.learning_rate``.
    """
    import pandas as pd

    rows = list(_rows(results, spec))
    more = sorted({key for row in rows for key in row} - set(COLUMNS))
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *more])
    kinds = {"float64": _REAL, "Int64": _WHOLE, "boolean": _TRUTHS}
    return frame.astype({column: kind for kind, columns in kinds.items() for column in columns})


def _rows(results: Results, spec: bool) -> Iterator[dict[str, Any]]:
    for run in results.runs:
        row = _run(run)
        if spec:
            row |= flat(run.record.spec)
        for facts in run.latency or (None,):
            if facts is None:
                yield row
            else:
                told = {column: getattr(facts, name) for column, name in _LATENCY.items()}
                yield row | told | {"latency_stale": run.record.latency_stale}


def _run(run: Run) -> dict[str, Any]:
    record = run.record
    git = record.provenance.get("git") or {}
    part = record.spec.get("cell") or {}
    return {
        "grid": record.grid,
        "folder": None if record.folder is None else str(record.folder),
        "run": record.id,
        "status": record.status.value,
        "reason": record.reason,
        "data": run.data,
        "row": run.label,
        "cell": record.labels.cell,
        "variant": record.labels.variant,
        "compression": compression(record),
        "number_format": number_format(record),
        "hidden_size": part.get("hidden_size"),
        "seed": run.seed,
        "commit": git.get("commit"),
        "dirty": git.get("dirty"),
        **{
            column: run.figures[name] * scale if name in run.figures else None
            for column, (name, scale) in _FIGURES.items()
        },
    }
