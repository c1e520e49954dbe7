"""The commands about data: what they print for people and for programs, and one clear line for each fault."""

import json
import sys
from pathlib import Path

import pytest
from commands import Command

from bench.data import infos

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))
from published import dsa, write


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without anything."""
    monkeypatch.setenv("RNNBENCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def small_dsa(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DSA with three segments a recording passes for the whole set."""
    import dataclasses

    from bench.data.sets import dsa19

    monkeypatch.setattr(dsa19, "_INFO", dataclasses.replace(dsa19._INFO, counts=None))
    write(folder / "daily_and_sports_activities", dsa())


def test_list_agrees_for_people_and_for_programs(
    rnnbench: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    rows = json.loads(rnnbench("data", "list", "--json").out)
    assert [row["name"] for row in rows] == list(infos())
    assert {row["here"] for row in rows} == {"no"}
    (ptb,) = (row for row in rows if row["name"] == "ptb")
    assert (ptb["task"], ptb["train"], ptb["test"]) == ("language-modelling", 929_589, 82_430)
    said = rnnbench("data", "list")
    assert (said.code, said.err) == (0, "")
    for row in rows:
        assert row["name"] in said.out
    assert "784 x 1" in said.out
    assert not folder.exists()


def test_every_command_has_help_with_an_example(rnnbench: Command) -> None:
    for verb in ("list", "prepare", "verify"):
        said = rnnbench("data", verb, "--help")
        assert said.code == 0
        assert f"rnnbench data {verb}" in said.out.partition("Example:")[2]


def test_prepare_then_verify(rnnbench: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_dsa(folder, monkeypatch)
    said = rnnbench("data", "prepare", "dsa19", "--json")
    assert said.code == 0
    (row,) = json.loads(said.out)
    assert (row["train"], row["validation"], row["test"]) == (19 * 2 * 3, 19 * 2, 19 * 2 * 4)
    assert Path(row["folder"]).is_dir()
    again = rnnbench("data", "prepare", "dsa19")
    assert row["fingerprint"][:12] in again.out
    assert json.loads(rnnbench("data", "verify", "--json").out) == [
        {"name": "dsa19", "whole": True, "says": row["fingerprint"]}
    ]
    with (Path(row["folder"]) / "train.y.npy").open("r+b") as file:
        file.seek(-8, 2)
        file.write(b"\x05")
    damaged = rnnbench("data", "verify", "dsa19")
    assert damaged.code == 1
    assert "--again" in damaged.out
    assert rnnbench("data", "prepare", "dsa19", "--again").code == 0
    assert rnnbench("data", "verify").code == 0


def test_options_make_other_data(rnnbench: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_dsa(folder, monkeypatch)
    (one,) = json.loads(rnnbench("data", "prepare", "dsa19", "--json").out)
    (same,) = json.loads(rnnbench("data", "prepare", "dsa19", "--json", "--options", "{protocol: subject}").out)
    assert one == same


def test_an_absent_set_does_not_stop_the_others(
    rnnbench: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_dsa(folder, monkeypatch)
    said = rnnbench("data", "prepare", "har2", "dsa19")
    assert said.code == 2
    assert "prepared dsa19" in said.out
    for part in ("error: har2: UCI HAR is not here", "archive.ics.uci.edu", "curl", str(folder)):
        assert part in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("prepare", "dsa-19"), ["unknown data set 'dsa-19'", "did you mean 'dsa19'"]),
        (("prepare", "dsa19", "--options", "{protocl: paper}"), ["'protocl'", "did you mean 'protocol'"]),
        (("prepare", "dsa19", "--options", "{protocol: papers}"), ["protocol", "'papers'"]),
        (("prepare", "dsa19", "--options", "{"), ["not YAML"]),
        (("prepare", "speech-commands", "--options", "{words: [yess, go]}"), ["'yess'", "did you mean 'yes'"]),
        (("prepare", "speech-commands", "--options", "{words: [go]}"), ["at least two"]),
        (("prepare", "ptb", "--options", "{words: 3}"), ["'ptb' has no option 'words'"]),
    ],
)
def test_faults(rnnbench: Command, folder: Path, arguments: tuple[str, ...], words: list[str]) -> None:
    said = rnnbench("data", *arguments)
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    for word in words:
        assert word in said.err
    assert not folder.exists()


def test_a_fault_in_the_files_leaves_nothing_prepared(
    rnnbench: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_dsa(folder, monkeypatch)
    (folder / "daily_and_sports_activities" / "data" / "a03" / "p2" / "s01.txt").write_text("1,2,3\n")
    said = rnnbench("data", "prepare", "dsa19")
    assert said.code == 2
    assert "data/a03/p2/s01.txt" in said.err
    left = [path for path in (folder / "prepared").iterdir() if not path.name.endswith(".lock")]
    assert left == []
