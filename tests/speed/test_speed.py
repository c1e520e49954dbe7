"""The bench: turns, medians, what it says; no time is asserted."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench import zoo
from bench.cli.speed import bench_app
from bench.errors import RnnbenchError
from bench.speed import cells, clock, grid, language, loop, pack
from bench.speed.cells import Shape, compare_cells
from bench.speed.report import Row
from bench.train import settings
from bench.train.settings import Settings

pytestmark = pytest.mark.long

TINY = Shape(T=3, B=4, D=2, H=5)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cells.SHAPES, "kws", TINY)
    monkeypatch.setattr(loop, "_LOOP_SHAPES", {"kws": (TINY, 3)})
    monkeypatch.setattr(pack, "_SIZES", {5: 0.4})
    monkeypatch.setattr(pack, "_STEPS", 20)
    for name, size in {"WORDS": 30, "_STEPS": 4, "_ROWS": 3, "_UNITS": 5, "_TURN_S": 0.0}.items():
        monkeypatch.setattr(language, name, size)
    monkeypatch.setitem(grid.GRIDS, "small", (TINY, 20))
    monkeypatch.setattr(clock, "_TURN_S", 0.0)
    settings.setup(Settings())


def test_turns_go_there_and_back() -> None:
    turns: list[tuple[str, int]] = []

    def contender(name: str, seconds: float) -> clock.Timed:
        def run(count: int) -> float:
            turns.append((name, count))
            return seconds * count

        return run

    contenders = {"a": contender("a", 0.5), "b": contender("b", 0.25), "c": contender("c", 2.0)}
    times = clock.interleave(contenders, rounds=3, turn_s=1.0)
    assert times == {"a": [0.5] * 3, "b": [0.25] * 3, "c": [2.0] * 3}
    order = ["a", "b", "c", "c", "b", "a", "a", "b", "c"]
    many = {"a": 2, "b": 4, "c": 1}
    assert turns[6:] == [turn for name in order for turn in ((name, 1), (name, many[name]))]


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert clock.ratio({"a": [1.0, 8.0, 3.0], "b": [2.0, 2.0, 2.0]}, "a", "b") == 1.5


@pytest.mark.parametrize(
    ("row", "reached"),
    [
        (Row("x", "a", "b", 0.5, 0.5), True),
        (Row("x", "a", "b", 0.51, 0.5), False),
        (Row("x", "a", "b", 0.51, 0.5, at_least=True), True),
        (Row("x", "a", "b", 0.5), None),
    ],
)
def test_a_target_is_reached_from_its_side(row: Row, reached: bool | None) -> None:
    assert row.reached is reached


def test_cells_as_json() -> None:
    done = CliRunner().invoke(bench_app, ["cells", "--shape", "kws", "--rounds", "1", "--json"])
    assert done.exit_code == 0, done.output
    body = json.loads(done.stdout)
    pairs = {(row["ours"], row["theirs"]) for row in body["rows"]}
    assert {("GRU", "nn.GRU"), ("LSTM", "nn.LSTM"), ("SpectralRNN", "nn.RNN"), ("FastGRNN", "nn.LSTM")} <= pairs
    assert all(row["value"] > 0 for row in body["rows"])
    assert body["machine"]["cpu"]
    assert body["machine"]["settings"]["threads"] == 1
    assert "EdgeML's cell was not measured" in body["notes"][0]


def test_the_tables_say_ratio_and_target() -> None:
    for command in (["cells", "--shape", "kws"], ["loop"], ["pack"]):
        done = CliRunner().invoke(bench_app, [*command, "--rounds", "1"])
        assert done.exit_code == 0, done.output
        assert "ratio" in done.output
        assert "<= " in done.output


def test_every_cell_models_language_in_two_precisions() -> None:
    done = CliRunner().invoke(bench_app, ["language", "--rounds", "1", "--json"])
    assert done.exit_code == 0, done.output
    seen = {row["ours"] for row in json.loads(done.stdout)["rows"]}
    titles = [cls.title for cls in zoo.all_cells().values()]
    assert seen == {f"{title}, {products}" for title in titles for products in ("bfloat16", "float32")}


@pytest.mark.slow
def test_a_grid_from_nothing_to_its_end() -> None:
    done = CliRunner().invoke(bench_app, ["grid", "--shape", "small", "--json"])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["rows"]
    assert row["theirs"] == "nn.LSTM, a process per run"
    assert row["value"] == pytest.approx(row["theirs_ms"] / row["ours_ms"])


def test_faults_of_the_user_are_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(bench_app, ["cells", "--shape", "kwz"])
    assert str(done.exception) == "unknown shape 'kwz'; did you mean 'kws'?"
    with pytest.raises(RnnbenchError, match="name the Python of an environment"):
        compare_cells(["kws"], 1, tmp_path / "python")
    with pytest.raises(RnnbenchError, match="install edgeml-pytorch there"):
        compare_cells(["kws"], 1, Path(sys.executable))
