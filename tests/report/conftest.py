"""Records made by hand, through the same door as the runner's."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.record import (
    CELL_FILE,
    GRID_NOTE,
    DataFacts,
    Labels,
    Latency,
    LatencyFacts,
    Record,
    Result,
    SizeFacts,
    Times,
    runs_folder,
    write,
)
from bench.record import latency as latency_file
from bench.spec import RECORDED, RunSpec
from bench.status import Status

MAJORITY = {"watch": 0.2, "digits": 0.1}
TITLES = {"watch": "Watch-7", "digits": "Digits"}


def latency(
    board: str = "mkr1000", ms: float = 12.5, flash: bool = True, ram: bool = True, format: str = "float32"
) -> LatencyFacts:
    return LatencyFacts(
        board=board,
        title=f"Arduino {board}",
        format=format,
        method="code",
        cycles_per_step=1000,
        cycles=100_000,
        ms_per_step=ms / 100,
        ms=ms,
        ms_low=0.9 * ms,
        ms_high=1.2 * ms,
        flash_bytes=4000,
        ram_bytes=500,
        fits_flash=flash,
        fits_ram=ram,
    )


class Folder:
    """A results folder to put runs into."""

    def __init__(self, path: Path, grid: str = "demo") -> None:
        self.path, self.grid = path, grid

    def add(
        self,
        cell: str = "GRU",
        data: str = "watch",
        seed: int = 0,
        accuracy: float = 0.9,
        *,
        kb: float = 10.0,
        variant: str = "",
        hidden: int = 64,
        status: Status = Status.DONE,
        reason: str = "",
        latencies: tuple[LatencyFacts, ...] | None = None,
        train: dict[str, Any] | None = None,
        split: dict[str, Any] | None = None,
        facts: dict[str, Any] | None = None,
        provenance: dict[str, Any] | None = None,
        curve: list[float] | None = None,
        steps: str = "",
        integer: float | None = None,
        embedding: int = 0,
        nonzero: int = 2560,
        whole: bool = False,
        beside: Latency | None = None,
        rank: int = 8,
        hold: dict[str, float] | None = None,
        options: dict[str, Any] | None = None,
        after: bool = False,
        file: str = "",
        data_options: dict[str, Any] | None = None,
    ) -> Record:
        """One run; not done, it lacks what a run that stopped early lacks, unless it is ``whole``.

        ``steps`` has letters of what the cell is made small by, ``integer`` is the accuracy of its integer program,
        ``beside`` its ``latency.json``, ``hold`` what of the cell is held, ``options`` what else the cell takes;
        ``after``: it was made small after training; ``file``: the text of the user's file that the cell is of;
        ``data_options``: those of the data set.
        """
        compress = {"keep": {"U": 0.3}} if "S" in steps else {}
        compress |= {"quantise": "piecewise"} if "Q" in steps else {}
        compress |= {"apply": "after"} if after else {}
        ranks = {"U": rank} if "L" in steps else {}
        done = whole or status is Status.DONE
        body = {
            "name": data,
            "title": TITLES.get(data, data),
            "task": "classification",
            "metric": "accuracy",
            "higher_is_better": True,
            "fingerprint": f"sha256:{data}",
            "train": 700,
            "validation": 100,
            "test": 200,
            "steps": 128,
            "features": 6,
            "classes": 7,
            "majority": MAJORITY.get(data, 0.1),
            "licence": "CC BY 4.0",
            "source": f"https://example.org/{data}",
            **(facts or {}),
        }
        name = "".join(letter for letter in cell.lower() if letter.isalnum())
        spec = RunSpec.model_validate(
            {
                "data": {"name": data, **(data_options or {})},
                "cell": {
                    "name": name,
                    "hidden_size": hidden,
                    "rank": ranks,
                    "hold": hold or {},
                    "source": hashlib.sha256(file.encode()).hexdigest()[:16] if file else "",
                    "options": {"v": variant, **(options or {})},
                },
                "train": {"epochs": 30, "learning_rate": 0.005, **(train or {})},
                "split": split or {},
                "seed": seed,
                "compress": compress,
            },
            context=RECORDED,
        )
        record = Record(
            id=spec.id,
            status=status,
            reason=reason,
            grid=self.grid,
            spec=spec.written("classification"),
            labels=Labels(cell=cell, variant=variant),
            times=Times(started="2026-08-01T10:00:00Z", finished="2026-08-01T10:01:00Z", train_s=55.0, wall_s=60.0),
            provenance={"python": "3.11.7", "git": {"commit": "c0ffee", "dirty": False}} | (provenance or {}),
            data=DataFacts(**body) if done else None,
            size=SizeFacts(parameters=2560, nonzero=nonzero, kb=kb, embedding_parameters=embedding) if done else None,
            latency=((latency(),) if latencies is None else latencies) if done else (),
            result=_result(accuracy, body["metric"], integer) if done else None,
        )
        folder = runs_folder(self.path) / record.id
        folder.mkdir(parents=True)
        write(folder, copy.deepcopy(record))
        if file:
            (folder / CELL_FILE).write_text(file, encoding="utf-8")
        latency_file.write(folder, beside or Latency(boards=record.latency))
        if curve is not None:
            lines = [f"{e},1.0,1.0,{value},0.005,1.5" for e, value in enumerate(curve, 1)]
            head = "epoch,train_loss,validation_loss,validation_accuracy,learning_rate,seconds"
            (folder / "metrics.csv").write_text("\n".join([head, *lines, ""]), encoding="utf-8")
        return record

    def note(self, axes: dict[str, Any], runs: list[str]) -> None:
        """The grid of the folder, with its runs in order."""
        body = {"name": self.grid, "grid": axes, "runs": runs}
        (self.path / GRID_NOTE).write_text(yaml.safe_dump(body, sort_keys=False), encoding="utf-8")


def _result(value: float, metric: str, integer: float | None) -> Result:
    return Result.model_validate(
        {
            f"test_{metric}": value,
            f"integer_{metric}": integer,
            "test_loss": 0.4,
            f"validation_{metric}": value + 0.01,
            "validation_loss": 0.3,
            "best_epoch": 9,
            "epochs": 30,
            "train_perplexity": value - 10 if metric == "perplexity" else None,
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "results")


@pytest.fixture
def small(folder: Folder) -> Folder:
    """Three cells, two data sets, two seeds; one run failed, one combination is missing, one model does not fit."""
    for seed, accuracy in enumerate((0.94, 0.96)):
        folder.add("Fast_GRNN & Co", "watch", seed, accuracy, kb=3.25, latencies=(latency(ms=4.0),), curve=[0.5, 0.9])
        folder.add("LSTM", "watch", seed, 0.2, kb=60.5, latencies=(latency(flash=False),), curve=[0.1, 0.2])
        folder.add("GRU", "watch", seed, accuracy - 0.1, kb=30.0, curve=[0.4, 0.8], hidden=64)
        folder.add("GRU", "digits", seed, 0.5 + 0.1 * seed, kb=45.0, curve=[0.4, 0.6], hidden=72)
    folder.add("LSTM", "digits", 0, 0.7, kb=70.0, curve=[0.3, 0.7])
    folder.add("LSTM", "digits", 1, status=Status.FAILED, reason="ValueError: 50% of #1 & {x_1} is ~NaN\nTraceback")
    return folder


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[str], Folder]:
    return lambda name: Folder(tmp_path / name)


@pytest.fixture
def make_latency() -> Callable[..., LatencyFacts]:
    return latency
