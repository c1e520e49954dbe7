"""Cells at the shapes of a published table of latencies, and our latency of the same beside each published one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from bench import mcu, zoo
from bench.errors import RnnbenchError
from bench.mcu import Board, Format
from bench.spec import CellPart
from bench.train.cell import build_cell
from bench.train.classification.network import Network

_CALIBRATION = (8, 16)  # sequences, steps


def read(path: Path) -> dict[str, Any]:
    """A published table: ``results/published/fastgrnn_latency.yaml`` says the form.

    Raises:
        RnnbenchError: when it cannot be read or is of another form.
    """
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise RnnbenchError(f"cannot read {path} as YAML; give results/published/fastgrnn_latency.yaml") from None
    wanted = {"source", "caveats", "datasets", "hidden_sizes", "compressed", "rows"}
    if not isinstance(body, dict) or wanted - set(body):
        raise RnnbenchError(f"{path} is no table of published latencies: it needs {', '.join(sorted(wanted))}")
    _check(path, "a row", body["rows"], {"board", "cell", "format"})
    of_data = body["datasets"].values() if isinstance(body["datasets"], dict) else None
    _check(path, "a data set", of_data, {"title", "features", "classes", "steps"})
    return body


def _check(path: Path, what: str, parts: Any, wanted: set[str]) -> None:
    """Looks for the keys that every part of a table has.

    Raises:
        RnnbenchError: when one lacks some.
    """
    for part in parts if isinstance(parts, Iterable) else [None]:
        if lacks := wanted - set(part if isinstance(part, dict) else ()):
            raise RnnbenchError(f"{path}: {what} lacks {', '.join(sorted(lacks))}")


def rows(published: dict[str, Any], boards: list[Board]) -> list[dict[str, Any]]:
    """For each board, method, format and data set what was published, what we predict, or both.

    Weights are random: cycles of integers hardly depend on values, those of float32 by a few per cent.
    """
    ours = {
        (cell, name): _models(published, cell, name)
        for cell in [*published["compressed"], *published["hidden_sizes"]]
        for name in published["datasets"]
        if name in {**published["hidden_sizes"].get(cell, {}), **published["compressed"].get(cell, {})}
    }
    found = []
    for board in boards:
        printed = [row for row in published["rows"] if row["board"] == board.name]
        kinds = {(row["cell"], row["format"]): row for row in printed}
        kinds |= {(cell, kind): {} for cell, _ in ours for kind in ("int8", "float32") if (cell, kind) not in kinds}
        for (cell, kind), row in kinds.items():
            for name, about in published["datasets"].items():
                model = ours.get((cell, name), {}).get(kind)
                latency = None if model is None else mcu.predict(model, board, steps=about["steps"])
                found.append(_row(board, cell, kind, name, row.get(name), latency))
    return found


def _row(
    board: Board, cell: str, kind: Format, name: str, printed: float | None, latency: mcu.Prediction | None
) -> dict[str, Any]:
    title = zoo.cell_class(cell).title
    row: dict[str, Any] = {
        "board": board.name,
        "board_title": board.title,
        "cell": cell,
        "title": title,
        "format": kind,
        "data": name,
        "published_ms": printed,
    }
    for key in ("ms", "ms_low", "ms_high", "cycles_per_step", "flash_bytes", "ram_bytes", "fits_flash", "fits_ram"):
        row[key] = None if latency is None else getattr(latency, key)
    return row


def _models(published: dict[str, Any], cell: str, name: str) -> dict[str, mcu.Program | mcu.Graph]:
    """A cell at the published shape, in both formats."""
    about, shape = published["datasets"][name], published["compressed"].get(cell, {}).get(name)
    shape = shape or {"hidden": published["hidden_sizes"][cell][name], "rank": {}, "kept": {}, "options": {}}
    part = CellPart(name=cell, hidden_size=shape["hidden"], rank=shape["rank"], options=shape["options"])
    return models(part, about["features"], about["classes"], shape["kept"])


def models(
    part: CellPart, features: int, classes: int, kept: Mapping[str, float] | None = None
) -> dict[str, mcu.Program | mcu.Graph]:
    """A cell with random weights and its classifier, in both formats.

    Args:
        part: the cell.
        features: numbers of a sample.
        classes: of the classifier.
        kept: by matrix, which part of its weights is not 0.
    """
    torch.manual_seed(0)
    network = Network(build_cell(part, features), classes).eval()
    for matrix, fraction in (kept or {}).items():
        for factor in network.cell.weights()[matrix].parameters():
            _thin(factor, fraction)
    graph = mcu.lower(network.cell, network.head)
    count, steps = _CALIBRATION
    x = np.random.default_rng(0).normal(size=(count, steps, features))
    return {"int8": mcu.quantise(graph, x), "float32": graph}


def _thin(factor: torch.nn.Parameter, kept: float) -> None:
    """Keeps exactly a part of a factor's numbers, chosen at random."""
    with torch.no_grad():
        order = torch.randperm(factor.numel()).reshape(factor.shape)
        factor.mul_(order < round(kept * factor.numel()))
