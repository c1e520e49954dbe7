"""Options of a data set in a run: in its id, in YAML, checked before the first run; and sets that are out of reach."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Command

from bench.errors import RnnbenchError
from bench.execute.preflight import check
from bench.spec import DataPart, Grid, RunSpec, parse

GridFile = Callable[[str], Path]


def spec(data: Any) -> RunSpec:
    run = parse(RunSpec, {"data": data, "cell": "gru"}, "test")
    return run


def test_no_options_are_no_part_of_the_canonical_form() -> None:
    assert json.loads(spec("watch7").canonical())["data"] == {"name": "watch7"}
    assert spec("watch7").id == spec({"name": "watch7"}).id == spec({"name": "watch7", "options": {}}).id


def test_options_stand_beside_the_name_or_below() -> None:
    flat, below = (
        spec({"name": "dsa19", "protocol": "paper"}),
        spec({"name": "dsa19", "options": {"protocol": "paper"}}),
    )
    assert flat == below
    assert flat.id != spec("dsa19").id
    assert RunSpec.model_validate(flat.model_dump(mode="json")) == flat
    assert flat.data.label == "dsa19 protocol=paper"
    assert DataPart(name="x", options={"words": ["a", "b"]}).label == "x words=a+b"


def test_a_written_default_is_the_same_run() -> None:
    runs = check([spec("dsa19"), spec({"name": "dsa19", "protocol": "subject"})])
    assert [run.id for run in runs] == [spec("dsa19").id]


def test_the_order_of_words_is_no_other_run() -> None:
    words = [spec({"name": "speech-commands", "words": each}) for each in (["yes", "no"], ["no", "yes"])]
    assert len(check(words)) == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"name": "dsa19", "protocl": "paper"}, "data set 'dsa19': unknown key 'protocl'; did you mean 'protocol'?"),
        ({"name": "watch7", "words": ["a"]}, "data set 'watch7' has no option 'words'"),
    ],
)
def test_faults_are_told_before_the_first_run(data: Any, says: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        check([spec(data)])
    assert str(error.value).startswith(says)


def test_options_are_an_axis_of_a_grid() -> None:
    grid = parse(
        Grid,
        {
            "name": "x",
            "base": {"cell": "gru"},
            "grid": {"data": ["watch7", {"name": "dsa19", "protocol": "paper"}]},
            "overrides": [{"when": {"data.protocol": "paper"}, "set": {"train.epochs": 2}}],
        },
        "test",
    )
    assert [(run.data.label, run.train.epochs) for run in grid.runs()] == [("watch7", 30), ("dsa19 protocol=paper", 2)]


def test_a_set_out_of_reach_is_skipped_with_its_reason(
    rnnbench: Command, grid_file: GridFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNNBENCH_DATA", str(tmp_path / "data"))
    path = grid_file("name: small\nbase: {cell: gru}\ngrid: {data: [har2, watch7]}\n")
    rows = json.loads(rnnbench("plan", path, "--out", tmp_path / "results", "--json").out)["runs"]
    assert [row["status"] for row in rows] == ["skipped", "planned"]
    assert "UCI HAR is not here" in rows[0]["reason"]
    (tmp_path / "data" / "UCI HAR Dataset").mkdir(parents=True)
    rows = json.loads(rnnbench("plan", path, "--out", tmp_path / "results", "--json").out)["runs"]
    assert [row["status"] for row in rows] == ["planned", "planned"]
