"""Which edits of a tree make a run another run, and which do not: tried on a copy of the tree under git."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
CASES: dict[str, tuple[bool, bool, bool]] = {
    "mine.yaml": (True, False, False),
    "model/rnn_model.c": (True, False, False),
    "bench/report/extra.py": (True, False, False),
    "bench/report/__init__.py": (True, False, False),
    "baselines/lstm.py": (True, False, True),
    "baselines/gru.py": (False, True, True),
    "cells/cell.py": (False, True, True),
    "cells/scan/native/functions.h": (False, True, True),
    "bench/train/module.py": (False, True, True),
    "cells/mine.py": (True, False, True),
}
"""A file that gets a line more: whether a GRU's sources stay the same, whether they and whether all differ from git."""

ASK = '''
import importlib, json, sys
from pathlib import Path
from bench import zoo
from bench.train import sources

def state():
    zoo._import_all.cache_clear()
    now = importlib.reload(sources)
    cell = zoo.cell_class("gru")
    return [now.digest(cell), now.git_state(cell), now.git_state()]

CELL = """
from cells import Cell, register
@register("mine", title="Mine", citation="@misc{mine}")
class Mine(Cell):
    pass
"""
found = {"": state()}
for name in sys.argv[1:]:
    path = Path(name)
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(CELL if name == "cells/mine.py" else (before or "") + "\\n")
    found[name] = state()
    path.unlink() if before is None else path.write_text(before)
print(json.dumps(found))
'''


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for part in ("bench", "cells", "baselines", "configs"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for arguments in (["init"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=copy, check=True, capture_output=True)
    return copy


def asked(tree: Path, *names: str, **environment: str) -> dict[str, list[Any]]:
    """By file that is edited: the digest of a GRU's sources, the state of git for a GRU, and for all."""
    given = {**os.environ, "PYTHONPATH": str(tree), **environment}
    command = [sys.executable, "-c", ASK, *names]
    done = subprocess.run(command, cwd=tree, env=given, capture_output=True, text=True, check=True)
    found: dict[str, list[Any]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def found(tree: Path) -> dict[str, list[Any]]:
    return asked(tree, *CASES)


def test_a_tree_without_edits_is_clean(found: dict[str, list[Any]]) -> None:
    _, gru, everything = found[""]
    assert gru == everything
    assert (len(gru["commit"]), gru["dirty"]) == (40, False)


@pytest.mark.parametrize("name", CASES)
def test_only_sources_that_a_run_depends_on_count(found: dict[str, list[Any]], name: str) -> None:
    digest, gru, everything = found[name]
    assert (digest == found[""][0], gru["dirty"], everything["dirty"]) == CASES[name]


def test_where_git_is_silent_edits_count_all_the_same(tree: Path, found: dict[str, list[Any]]) -> None:
    (tree / "elsewhere").mkdir()
    silent = asked(tree, "cells/cell.py", PATH=str(tree / "elsewhere"))
    assert silent[""] == [found[""][0], {}, {}]
    assert silent["cells/cell.py"][0] == found["cells/cell.py"][0] != found[""][0]
