"""An estimate of memory, and what follows from it."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.execute import memory, worker
from bench.execute.launch import Launch
from bench.spec import RunSpec, parse
from bench.train import Job


def job(**changes: object) -> Job:
    raw = {"data": "watch7", "cell": {"name": "gru", "hidden_size": 50}, "train": {"batch_size": 1000}, **changes}
    spec: RunSpec = parse(RunSpec, raw, "test")
    return Job(spec, Path("runs"), "g")


@pytest.fixture(autouse=True)
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "stored_bytes", lambda name, options: 3 * 2**20)


def test_the_estimate_by_hand() -> None:
    """watch7 has 128 steps: 6 * 1000 * 128 * 50 numbers of 4 bytes are 146.48 MB a run."""
    assert memory.needed_mb([job()]) == pytest.approx(200 + 3 + 146.484375)
    assert memory.needed_mb([job(seed=n) for n in range(3)]) == pytest.approx(200 + 3 + 3 * 146.484375)


def test_the_estimate_of_a_language_model_counts_its_softmax() -> None:
    """35 words of 20 texts, 256 units, 2 layers; scores of 10,000 words and their gradient, 2 matrices 5 times."""
    model = job(data="ptb", cell={"name": "lstm", "hidden_size": 256}, train={"batch_size": 20}, language={"layers": 2})
    numbers = 2 * 6 * 20 * 35 * 256 + 2 * 20 * 35 * 10_000 + 5 * 10_000 * 512
    assert memory.needed_mb([model]) == pytest.approx(200 + 3 + 4 * numbers / 2**20)


@pytest.mark.parametrize(("free", "workers", "fit"), [(1000, 4, 4), (999, 4, 3), (250, 4, 1), (100, 4, 1), (100, 1, 1)])
def test_as_many_fit_as_memory_has_room_for_and_always_one(
    monkeypatch: pytest.MonkeyPatch, free: float, workers: int, fit: int
) -> None:
    monkeypatch.setattr(memory, "free_mb", lambda: free)
    monkeypatch.setattr(memory, "needed_mb", lambda jobs: 250.0 if len(jobs) == 2 else 10.0)
    found, remark = memory.affordable([[job()], [job(), job()]], workers)
    assert found == fit
    assert remark.startswith(f"memory: {fit} of {workers} at once") == (free < 250 * workers)


def test_the_limit_of_a_container_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    machine = memory.free_mb()
    (tmp_path / "memory.current").write_text(f"{5 * 2**20}\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_mb() == pytest.approx(machine, rel=0.2)
    (tmp_path / "memory.max").write_text(f"{25 * 2**20}\n")
    assert memory.free_mb() == 20


def test_nothing_to_do_needs_nothing() -> None:
    assert memory.affordable([], 8) == (8, "")


def test_a_process_too_many_for_memory_is_not_started(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "grid.yaml").touch()
    launch = Launch(tmp_path, "g", tuple(job(seed=n).spec for n in range(3)), workers=3)
    monkeypatch.setattr(memory, "free_mb", lambda: 2.5 * memory.needed_mb(launch.jobs()[:1]))
    started: list[int] = []

    class Alive:
        pid = None

        def __init__(self, **_: object) -> None:
            self.sentinel, _end = os.pipe()

        def start(self) -> None:
            started.append(1)

        def is_alive(self) -> bool:
            return True

    monkeypatch.setattr(worker, "fork_server", lambda: SimpleNamespace(Process=Alive))
    worker.Worker(launch).wait(0)
    assert len(started) == 2
    assert "memory: 2 of 3 at once" in caplog.text
