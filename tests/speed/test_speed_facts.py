"""The bench against its committed results and the files that it copies numbers from."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.data.sets import google12
from bench.speed import cells, grid, language, loop, pack, runs
from bench.speed.report import Comparison

ROOT = Path(__file__).parents[2]
EDGEML, LOOP = "EdgeML FastGRNN", "QRNN, a loop of torch"


def committed(name: str) -> Any:
    return json.loads((ROOT / "results" / "reference" / "speed" / f"{name}.json").read_text(encoding="utf-8"))


def targets(rows: list[dict[str, Any]]) -> dict[tuple[str, str, str], float | None]:
    return {
        (row["where"], row["ours"], row["theirs"].partition(" GF/s")[0].rstrip("0123456789 ")): row["target"]
        for row in rows
    }


def test_targets_of_cells_are_the_committed_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every contender takes a second, so that all rows are there, also where no kernel can be built."""
    monkeypatch.setattr(cells.scan, "multiply_adds", lambda rounds: rounds)
    names = {name for ours, theirs, _ in cells._TARGETS for name in (ours, theirs)} | {cells._SGEMM, cells._FMA}
    comparison = Comparison("")
    for shape in cells.SHAPES:
        cells._add_rows(comparison, shape, {name: [1.0] for name in names})
    now, then = targets(comparison.as_json({})["rows"]), targets(committed("cells")["rows"])
    shared = now.keys() & then.keys()
    assert len(shared) >= 30
    assert {key: now[key] for key in shared} == {key: then[key] for key in shared}


def test_shapes_are_those_of_the_paper_s_data_sets() -> None:
    """Google-12: 99 frames of 32 bands; MNIST: 28 rows of 28 pixels, 784 pixels; batches of 100, 128 and 64."""
    assert {name: tuple(shape) for name, shape in cells.SHAPES.items()} == {
        "kws": (99, 100, 32, 100),
        "rmnist": (28, 128, 28, 128),
        "pmnist": (784, 64, 1, 128),
    }
    assert cells._CLASSES == runs.CLASSES == len(google12.CLASSES)


def test_the_work_of_the_bench_is_the_committed_work() -> None:
    small, kws = committed("grid")["rows"]
    assert [f"{name}, {steps} steps" for name, (_, steps) in grid.GRIDS.items()] == [small["where"], kws["where"]]
    assert grid.GRIDS["kws"][0] == tuple(cells.SHAPES["kws"])
    assert grid._TARGET == small["target"] == 10.0
    assert loop._TARGET == committed("loop")["rows"][0]["target"] == 1.05
    T, B, D = pack._SHAPE
    where = {f"T{T} B{B} D{D} H{H}, {pack._STEPS} steps": target for H, target in pack._SIZES.items()}
    assert where == {row["where"]: row["target"] for row in committed("pack")["rows"]}


def test_language_windows_are_those_of_the_grid_that_is_named() -> None:
    asked = yaml.safe_load((ROOT / "configs" / "ptb-small.yaml").read_text(encoding="utf-8"))
    base = asked["base"]
    units = {cell["hidden_size"] for cell in asked["grid"]["cell"]}
    assert (base["language"]["bptt"], base["train"]["batch_size"], units) == (
        language._STEPS,
        language._ROWS,
        {language._UNITS},
    )
    assert base["train"]["gradient_clip"] == language._CLIP
    assert (
        committed("language")["title"]
        == f"a window of a language model ({language.WORDS} words, {language._UNITS} units)"
    )
    spec = language._spec("qrnn", "float32")
    assert (spec.language.bptt, spec.train.batch_size, spec.cell.options["window"]) == (35, 20, 2)


@pytest.mark.parametrize("steps", [20, 400])
def test_a_short_run_has_the_steps_asked_for(steps: int) -> None:
    spec, data = runs.spec(B=64, H=32, steps=steps, seed=3), runs.dataset(T=5, B=4, D=2)
    per_epoch = len(data.train) // 4
    assert spec.train.epochs * per_epoch == steps
    assert (spec.train.batch_size, spec.cell.hidden_size, spec.seed) == (64, 32, 3)
    assert (len(data.validation), len(data.test), tuple(data.test.x.shape)) == (4, 4, (4, 5, 2))
    assert data.train.lengths.unique().tolist() == [5]
    assert set(runs.noise(2000, 1, 1).y.tolist()) == set(range(12))
