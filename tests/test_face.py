"""The public face: what it promises is there, and it runs a grid as the command does."""

from __future__ import annotations

from pathlib import Path

import pytest

import rnnbench
from bench.record import read_all
from bench.status import Status
from cells import Cell, Weight, registry

ROOT = Path(__file__).parents[1]
SMALL = {"train": {"epochs": 1}, "cell": {"hidden_size": 4}}


def grid(*cells: object, name: str = "small") -> rnnbench.Grid:
    return rnnbench.Grid(name=name, base=SMALL, grid={"data": ["digits-mfcc"], "cell": list(cells)})


def test_every_name_is_there_and_no_other() -> None:
    assert dir(rnnbench) == rnnbench.__all__ == sorted(rnnbench.__all__)
    assert rnnbench.Cell is Cell
    assert rnnbench.Weight is Weight
    for name in rnnbench.__all__:
        assert getattr(rnnbench, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rnnbench.nothing  # noqa: B018


def test_every_name_is_described() -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for name in rnnbench.__all__:
        assert f"`rb.{name}" in text


@pytest.mark.long
def test_a_grid_is_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    results = rnnbench.run(grid("gru", "fastgrnn"), wandb="disabled")
    assert results == Path("results") / "small"
    frame = rnnbench.load(results)
    assert set(frame["row"]) == {"GRU", "FastGRNN"}
    assert set(frame["board"]) >= {"uno", "mkr1000"}
    before = {path: path.stat().st_mtime_ns for path in results.rglob("record.json")}
    capsys.readouterr()
    assert rnnbench.run(grid("gru", "fastgrnn"), wandb="disabled") == results
    assert {path: path.stat().st_mtime_ns for path in results.rglob("record.json")} == before
    assert "nothing to run" in capsys.readouterr().err


def test_the_executor_is_the_grids_unless_another_is_named(tmp_path: Path) -> None:
    axes = {"data": ["digits-mfcc"], "cell": ["gru"]}
    how = {"name": "inline", "partition": "cpu"}
    read = rnnbench.Grid.model_validate({"name": "small", "base": SMALL, "grid": axes, "executor": how})
    with pytest.raises(rnnbench.RnnbenchError, match="executor inline: there is no option 'partition'"):
        rnnbench.run(read, tmp_path / "results", wandb="disabled")
    with pytest.raises(rnnbench.RnnbenchError, match="unknown executor 'locall'; did you mean 'local'"):
        rnnbench.run(read, tmp_path / "results", executor="locall", wandb="disabled")


@pytest.mark.long
def test_a_run_that_fails_raises_when_the_others_are_done(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(
        "import torch\n"
        "from rnnbench import Cell, Weight, register\n"
        "@register('bad', title='Bad', citation='@misc{bad}')\n"
        "class Bad(Cell):\n"
        "    '''h = W x in evaluation, and an error in training.'''\n"
        "    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__(input_size, hidden_size)\n"
        "        self.W = Weight(hidden_size, input_size)\n"
        "    def project(self, x):\n"
        "        if self.training:\n"
        "            raise ValueError('not today')\n"
        "        return self.W(x)\n"
        "    def step(self, pre, state):\n"
        "        return (pre + 0 * state[0],)\n"
    )
    bad = {"file": str(tmp_path / "bad.py")}
    with pytest.raises(rnnbench.RnnbenchError, match=r"2 runs: 1 done, 1 failed, in .*: ValueError: not today"):
        rnnbench.run(grid(bad, "gru"), tmp_path / "results", wandb="disabled")
    states = {record.labels.cell: record.status for record in read_all(tmp_path / "results")}
    assert states == {"Bad": Status.FAILED, "GRU": Status.DONE}


def test_a_cell_that_this_process_alone_knows_is_not_run(tmp_path: Path) -> None:
    @rnnbench.register("stranger", title="Stranger", citation="@misc{stranger}")
    class Stranger(Cell):
        """Stands in no file of cells."""

        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.W = Weight(hidden_size, input_size)

    try:
        with pytest.raises(rnnbench.RnnbenchError, match="cell 'stranger' is defined in this process"):
            rnnbench.run(grid("stranger"), tmp_path / "results")
    finally:
        registry.forget(__name__)
    assert not (tmp_path / "results").exists()


def test_a_file_is_checked_also_when_it_was_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (ROOT / "cells" / "fastrnn.py").read_text(encoding="utf-8")
    (tmp_path / "twice.py").write_text(source.replace('"fastrnn"', '"twice"').replace("FastRNN", "Twice"))
    monkeypatch.syspath_prepend(tmp_path)
    import twice  # type: ignore[import-not-found]

    from bench import zoo

    try:
        assert zoo.load(tmp_path / "twice.py") is not twice.Twice
        assert zoo.load(tmp_path / "twice.py") is zoo.load(tmp_path / "twice.py")
    finally:
        registry.forget(zoo.load(tmp_path / "twice.py").__module__)


@pytest.mark.long
def test_check_raises_with_what_does_not_hold() -> None:
    verdicts = rnnbench.check("fastrnn")
    assert set(verdicts["outcome"]) <= {"passed", "not possible"}

    class Deaf(Cell):
        """Hears nothing."""

    with pytest.raises(AssertionError, match="is registered"):
        rnnbench.check(Deaf)
