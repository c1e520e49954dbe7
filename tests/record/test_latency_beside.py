"""``latency.json`` beside a record: when it is out of date, and what a reader of the record is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bench import record
from bench.places import CONFIGS
from bench.record import Labels, Latency, LatencyFacts, Record, Times
from bench.record import latency as beside
from bench.spec import RunSpec
from bench.status import Status

SPEC = RunSpec.model_validate({"data": "watch7", "cell": "gru"})
BOARDS = ("uno", "mkr1000", "due", "nano33ble")


def facts(board: str) -> LatencyFacts:
    return LatencyFacts(
        board=board,
        title=board,
        format="float32",
        method="code",
        cycles_per_step=10,
        cycles=100,
        ms_per_step=1.0,
        ms=10.0,
        ms_low=9.0,
        ms_high=12.0,
        flash_bytes=4000,
        ram_bytes=500,
        fits_flash=True,
        fits_ram=True,
    )


def latency(**changes: object) -> Latency:
    files = {name: beside.digest(name) for name in ("boards/uno.yaml", "kernels/avr-float32.yaml")}
    return Latency.model_validate({"files": files, "boards": [facts(board) for board in BOARDS], **changes})


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``configs/`` to change."""
    copy = tmp_path / "configs"
    for name in ("boards", "kernels"):
        shutil.copytree(CONFIGS / name, copy / name)
    monkeypatch.setattr(beside, "CONFIGS", copy)
    beside.digest.cache_clear()
    yield copy
    beside.digest.cache_clear()


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with one run."""
    made = Record(
        id=SPEC.id,
        status=Status.DONE,
        grid="g",
        spec=SPEC.written("classification"),
        labels=Labels(cell="GRU", variant=""),
        times=Times(started="2026-01-01T00:00:00+00:00"),
        provenance={},
    )
    folder = record.runs_folder(tmp_path / "results") / SPEC.id
    folder.mkdir(parents=True)
    record.write(folder, made)
    return tmp_path / "results"


def run_of(results: Path) -> Path:
    return record.runs_folder(results) / SPEC.id


def test_what_was_written_is_current(configs: Path, tmp_path: Path) -> None:
    beside.write(tmp_path, latency())
    found = beside.read(tmp_path)
    assert found == latency()
    assert found is not None
    assert found.current
    assert not found.stale


@pytest.mark.parametrize("name", ["boards/uno.yaml", "kernels/avr-float32.yaml"])
def test_a_file_that_it_rests_on_makes_it_stale_when_it_changes_or_goes(name: str, configs: Path) -> None:
    before = latency()
    (configs / name).write_text((configs / name).read_text() + "\n# another clock\n")
    beside.digest.cache_clear()
    assert before.stale
    (configs / name).unlink()
    beside.digest.cache_clear()
    assert before.stale


def test_a_file_that_it_does_not_rest_on_does_not(configs: Path) -> None:
    before = latency()
    (configs / "kernels/m3-int8.yaml").write_text("else: 1\n")
    beside.digest.cache_clear()
    assert before.current


def test_another_version_of_the_model_makes_it_stale() -> None:
    assert latency(model=beside.MODEL_VERSION - 1).stale


def test_a_board_that_was_added_leaves_it_true_but_incomplete(configs: Path) -> None:
    before = latency()
    shutil.copy(configs / "boards/uno.yaml", configs / "boards/nano.yaml")
    assert not before.stale
    assert not before.current


def test_a_reason_is_current_whatever_boards_there_are() -> None:
    assert Latency(reason="it has a division by a state").current
    assert not Latency(model=0, reason="it has a division by a state").current


def test_a_record_is_read_with_what_stands_beside_it(results: Path) -> None:
    assert record.read(run_of(results)).latency == ()
    beside.write(run_of(results), latency())
    read = record.read(run_of(results))
    assert [each.board for each in read.latency] == list(BOARDS)
    assert (read.latency_stale, read.latency_reason) == (False, "")
    beside.write(run_of(results), Latency(model=1, reason="no program"))
    read = record.read(run_of(results))
    assert (read.latency, read.latency_stale, read.latency_reason) == ((), True, "no program")


def test_latency_is_no_part_of_the_record(results: Path) -> None:
    beside.write(run_of(results), latency())
    record.write(run_of(results), record.read(run_of(results)))
    assert not [key for key in json.loads((run_of(results) / "record.json").read_text()) if "latency" in key]


def test_the_latencies_of_a_grid_are_on_its_boards(results: Path) -> None:
    beside.write(run_of(results), latency())
    for text, boards in (
        ("name: g\nruns: []\nboards: [due, uno]", ["uno", "due"]),
        ("name: g\nruns: []\nboards: null", list(BOARDS)),
        ("name: x\nruns: []", list(BOARDS)),
    ):
        (results / record.GRID_NOTE).write_text(text)
        (read,) = record.read_all(results)
        assert [each.board for each in read.latency] == boards


@pytest.mark.parametrize("text", ["", "{", '{"model": "two"}', '{"model": 2, "more": 1}'])
def test_a_damaged_file_is_to_be_made_again_and_harms_nothing(text: str, results: Path) -> None:
    (run_of(results) / "latency.json").write_text(text)
    read = record.read(run_of(results))
    assert (read.latency, read.latency_stale, read.latency_reason) == ((), True, "latency.json is damaged")
