"""The tool that kills what runs a grid: it finds nothing amiss with rnnbench, and notices what is."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import faults  # noqa: E402
import loopback  # noqa: E402
import strikes  # noqa: E402


@pytest.mark.long
@pytest.mark.parametrize(
    ("executor", "kills"),
    [
        ("local", 5),
        pytest.param("slurm", 3, marks=pytest.mark.skipif(bool(loopback.absent()), reason="there is no Slurm here")),
    ],
)
def test_a_grid_that_is_killed_now_and_then_loses_nothing(tmp_path: Path, executor: str, kills: int) -> None:
    """The short form: a few kills of any kind, over one round of eight runs."""
    table = tmp_path / "deep" / "table.md"
    given = {"kills": kills, "a-round": kills, "seeds": 2, "mean": 1, "kinds": strikes.ANY, "executor": executor}
    options = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, ROOT / "tools" / "faults.py", *options, "--write", table]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    text = table.read_text(encoding="utf-8")
    assert f"python tools/faults.py --kills {kills}" in text
    row = [cell.strip() for cell in text.splitlines()[-1].split("|")[1:-1]]
    name, hits, rounds, runs, lost, twice, alone, packed, *_ = row
    assert (name, rounds, runs, lost, twice) == ("all", "1", "8", "0", "0")
    assert 1 <= int(hits) <= kills
    (same, of), (_, together) = (cell.split(" of ") for cell in (alone, packed))
    assert same == of
    assert int(of) + int(together) == 8


def test_a_record_that_is_written_again_is_noticed_once_it_was_done(tmp_path: Path) -> None:
    watch, path = strikes.Watch(tmp_path), tmp_path / "runs" / "a" / "record.json"
    path.parent.mkdir(parents=True)
    for text in ('"status": "running"', '"status": "done", 1', '"status": "done", 1'):
        path.write_text(text)
        watch.look()
    assert watch.twice == 0
    for text in ('"status": "running"', '"status": "done", 2'):
        path.write_text(text)
        watch.look()
    assert watch.twice == 2


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({}, False),
        ({"done": 7}, True),
        ({"twice": 1}, True),
        ({"alone": Counter({True: 3, False: 1})}, True),
        ({"packed": Counter({False: 4})}, False),
    ],
)
def test_what_counts_as_a_fault(changed: dict[str, object], faulty: bool) -> None:
    outcome = faults.Outcome(kills=4, rounds=1, runs=8, done=8, alone=Counter({True: 4}), seconds=6.0)
    for name, value in changed.items():
        setattr(outcome, name, value)
    assert outcome.faulty is faulty
    if not changed:
        assert outcome.row("x") == "| x | 4 | 1 | 8 | 0 | 0 | 4 of 4 | 0 of 0 | 0 | 1.5 |"


def test_kills_are_dealt_into_rounds_kind_by_kind() -> None:
    asked = faults.argparse.Namespace(kills=20, a_round=8, kinds=["a", "b"])
    assert list(faults._plan(asked)) == [(0, "a", 8), (1, "b", 8), (2, "a", 4)]
