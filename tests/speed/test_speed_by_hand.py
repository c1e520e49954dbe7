"""What the bench says of times that are set by hand: counts, medians, ratios, shares, and who runs what."""

import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.speed import cells, clock, grid, pack, workers
from bench.speed.cells import Shape
from bench.speed.report import Comparison, Row, compared

TINY = Shape(T=3, B=4, D=2, H=5)


def fake_clock(monkeypatch: pytest.MonkeyPatch, name: str, seconds: list[float]) -> Callable[[], None]:
    """Sets a clock of :mod:`time` to 0; each call of the result is a step that takes the next of the seconds."""
    now, left = [0.0], list(seconds)
    monkeypatch.setattr(f"time.{name}", lambda: now[0])

    def step() -> None:
        now[0] += left.pop(0)

    return step


def test_a_step_counts_as_long_as_the_median(monkeypatch: pytest.MonkeyPatch) -> None:
    step = fake_clock(monkeypatch, "thread_time", [1.0, 10.0, 2.0])
    assert clock.timed(step)(3) == 3 * 2.0


def test_runs_count_as_long_as_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    step = fake_clock(monkeypatch, "process_time", [1.0, 10.0, 2.0])
    assert pack._timed(step)(3) == 13.0


@pytest.mark.parametrize(("seconds", "count"), [(0.25, 4), (0.3, 4), (5.0, 1), (1e-9, 1000)])
def test_a_turn_has_as_many_steps_as_fill_it(seconds: float, count: int) -> None:
    asked: list[int] = []

    def contender(steps: int) -> float:
        asked.append(steps)
        return seconds * steps

    times = clock.interleave({"a": contender}, rounds=2, turn_s=1.0)
    assert asked == [1, 1, 1, count, 1, count]
    assert times["a"] == pytest.approx([seconds, seconds])


def test_a_row_by_hand() -> None:
    times = {"a": [1.0, 4.0, 2.0], "b": [2.0, 2.0, 8.0]}
    assert compared("here", times, "a", "b", target=0.4, parts=4) == Row("here", "a", "b", 0.5, 0.4, 500.0, 500.0)


def test_shares_of_the_peak_by_hand() -> None:
    """FastGRNN at 2 s a step, a product of two 1024 x 1024 matrices at 0.5 s, a quarter of a second at best."""
    comparison = Comparison("")
    times = {"FastGRNN": [1.0, 2.0, 9.0], "nn.LSTM": [4.0, 4.0, 4.0], "sgemm": [0.5, 0.25, 0.5]}
    names = {name for ours, theirs, _ in cells._TARGETS for name in (ours, theirs)}
    cells._add_rows(comparison, "kws", {**{name: [1.0] * 3 for name in names}, **times})
    rows = {(row.ours, row.theirs): row for row in comparison.rows}
    row = rows["FastGRNN", "nn.LSTM"]
    assert (row.value, row.ours_ms, row.theirs_ms) == (0.5, 2000.0, 4000.0)
    (share,) = [row for row in comparison.rows if row.theirs.startswith("sgemm")]
    flops = 2 * 99 * 100 * 100 * (3 * 100 + 2 * 32)
    assert share.value == pytest.approx(flops / 2.0 / (2 * 1024**3 / 0.25))
    assert share.theirs == f"sgemm {2 * 1024**3 / 0.25 / 1e9:.0f} GF/s"
    assert share.at_least


def test_pack_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[list[int], bool]] = []

    def interleave(contenders: dict[str, clock.Timed], rounds: int, turn_s: float) -> dict[str, list[float]]:
        for contender in contenders.values():
            contender(1)
        return {"together": [2.0] * rounds, "one after another": [4.0] * rounds}

    monkeypatch.setattr(pack, "_SIZES", {16: 0.4})
    monkeypatch.setattr(pack, "interleave", interleave)
    monkeypatch.setattr(pack.runs, "do", lambda specs, _, together: done.append(([s.seed for s in specs], together)))
    (row,) = pack.compare_pack(3).rows
    assert row == Row("T28 B32 D9 H16, 200 steps", "together", "one after another", 0.5, 0.4, 250.0, 500.0)
    assert done == [(list(range(8)), True), (list(range(8)), False)]


def test_grid_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight runs of ours in 4 s, two of theirs in 5 s: 0.5 s and 2.5 s a run, five times the runs an hour."""
    asked: list[tuple[list[str], ...]] = []
    monkeypatch.setattr(grid, "_seconds", lambda *commands: asked.append(commands) or (4.0 if len(asked) == 1 else 5.0))
    comparison = grid.compare_grid(["small"], Path("python"))
    (row,) = comparison.rows
    assert (row.value, row.ours_ms, row.theirs_ms, row.target, row.at_least) == (5.0, 0.5, 2.5, 10.0, True)
    assert [len(commands) for commands in asked] == [1, 2]
    assert asked[1][0][2:] == ["EdgeML", "28", "64", "28", "32", "400"]
    assert not comparison.notes


def test_seconds_are_those_of_all_commands_and_a_failure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", iter([10.0, 12.5, 20.0]).__next__)
    assert grid._seconds([sys.executable, "-c", ""], [sys.executable, "-c", ""]) == 2.5
    with pytest.raises(RnnbenchError, match="failed: SystemExit: no"):
        grid._seconds([sys.executable, "-c", "import sys; print('SystemExit: no', file=sys.stderr); sys.exit(3)"])


class Process:
    """A process that has ended by the time it is waited for."""

    started: list[Any]
    exits: Iterator[int]

    def __init__(self, target: object, args: tuple[list[int], list[int]]) -> None:
        self.args, self.sentinel, self.exitcode = args, object(), None

    def start(self) -> None:
        self.started.append(self.args[1])
        self.exitcode = next(self.exits)

    def is_alive(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("steps", "cores", "shares"),
    [
        (64, 2, [[1, 3, 5, 7], [0, 2, 4, 6]]),
        (64, 3, [[2, 5], [1, 4, 7], [0, 3, 6]]),
        (65, 2, [[n] for n in range(7, -1, -1)]),
    ],
)
def test_small_runs_are_shared_among_cores(
    monkeypatch: pytest.MonkeyPatch, steps: int, cores: int, shares: list[list[int]]
) -> None:
    Process.started, Process.exits = [], iter([0] * 8)
    monkeypatch.setattr(workers, "fork_server", lambda tracked: types.SimpleNamespace(Process=Process))
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr("multiprocessing.connection.wait", lambda _: None)
    workers.workers([28, 64, 28, steps, 400])
    assert sorted(seed for share in Process.started for seed in share) == list(range(8))
    assert Process.started == shares
    Process.exits = iter([1] * 8)
    with pytest.raises(RuntimeError, match="exit code 1"):
        workers.workers([28, 64, 28, steps, 400])
