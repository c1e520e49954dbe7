"""Reads ``model.pt``: the specification and the weights of a finished run."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor

from bench.errors import RnnbenchError
from bench.record import CELL_FILE, runs_folder
from bench.spec import RunSpec


def saved(folder: Path) -> tuple[RunSpec, dict[str, Tensor]]:
    """Returns the specification and the weights of a run.

    Args:
        folder: of the run, with ``model.pt``: ``results/<grid>/runs/<id>``.

    Raises:
        RnnbenchError: when there is no finished model, or it is damaged.
    """
    path = folder / "model.pt"
    if not path.is_file():
        raise RnnbenchError(_no_model(folder))
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        given = found["spec"]
        if given["cell"].get("source"):
            given = {**given, "cell": {**given["cell"], "file": folder / CELL_FILE}}
        spec, weights = RunSpec.model_validate(given), dict(found["state"])
        finite = all(bool(value.isfinite().all()) for value in weights.values())
    except (
        OSError,
        EOFError,
        LookupError,
        AttributeError,
        ValueError,
        TypeError,
        RuntimeError,
        UnpicklingError,
    ) as error:
        raise RnnbenchError(
            f"{path} is damaged ({type(error).__name__}); delete the run's folder and run its grid again"
        ) from None
    if not finite:
        raise RnnbenchError(f"{path} has a weight that is not finite; delete the run's folder and run its grid again")
    return spec, weights


def _no_model(folder: Path) -> str:
    """Says why there is no model at a path, and what to give instead."""
    if not folder.exists():
        return f"{folder} is not there; give the folder of a run that is done, results/<grid>/runs/<id>"
    if runs_folder(folder).is_dir():
        done = sorted(path.parent for path in runs_folder(folder).glob("*/model.pt"))
        such = f", such as {done[0]}" if done else ", of which none is done yet"
        return f"{folder} is a results folder; give one of its runs in {runs_folder(folder)}{such}"
    if not (folder / "record.json").is_file():
        return f"{folder} is no run's folder; give that of a run that is done, results/<grid>/runs/<id>"
    return (
        f"{folder} holds no trained model (model.pt); give the folder of a run that is done, or, if this one is, "
        "delete it and run its grid again"
    )
