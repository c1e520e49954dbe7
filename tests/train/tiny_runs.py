"""How the tests run a specification on data that are in no catalogue."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.data import Corpus, Dataset
from bench.record import Record
from bench.train import runner
from bench.train.task import tasks

RunTiny = Callable[..., tuple[Record, Path]]


def stand_in(monkeypatch: pytest.MonkeyPatch, *data: Dataset | Corpus) -> None:
    """Has runs find these data, those for their task, under whatever name they ask for."""
    by_task = {each.info.task: each for each in data}
    infos = [each.info for each in data]
    monkeypatch.setattr(
        runner, "describe", lambda name, options: next((info for info in infos if name == info.name), infos[0])
    )
    for name, opened in by_task.items():
        monkeypatch.setattr(type(tasks()[name]), "open", lambda self, spec, opened=opened: opened)
