"""Where runs go in W&B is decided once, whoever asks at the same time."""

from __future__ import annotations

import threading
from pathlib import Path

from bench.track import project_of


def test_all_who_ask_at_once_get_one_token(tmp_path: Path) -> None:
    for number in range(20):
        results = tmp_path / str(number)
        results.mkdir()
        at_once, found = threading.Barrier(4), list[str]()

        def ask(results: Path = results, at_once: threading.Barrier = at_once, found: list[str] = found) -> None:
            at_once.wait()
            found.append(project_of(results).token)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        assert set(found) == {project_of(results).token}
        assert [path.name for path in (results / "wandb").iterdir()] == ["rnnbench.json"]


def test_a_damaged_note_is_written_anew(tmp_path: Path) -> None:
    project_of(tmp_path, "mine")
    (tmp_path / "wandb" / "rnnbench.json").write_text("{")
    assert project_of(tmp_path, "other").name == project_of(tmp_path).name == "other"
