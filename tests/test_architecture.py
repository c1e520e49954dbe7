"""Who may import whom (pyproject.toml, [tool.importlinter]), by statement or by string; and that the rules can fail."""

import ast
import graphlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from bench import zoo

ROOT = Path(__file__).parents[1]
PACKAGES = ("rnnbench", "bench", "cells", "baselines")
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.path.insert(0, '.'); lint_imports_command()"

# What breaks a rule today; to be empty.
CIRCLES_OF_TYPES = ("cells.",)
NAMED_IN_STRINGS: set[tuple[str, str]] = set()
LISTS_OF_CELLS: set[str] = set()
LONG: set[str] = set()

# Modules that are found by looking in a folder (a door), or imported late by their own package.
COMPUTED = {
    "bench/data/catalogue.py",
    "bench/zoo.py",
    "bench/execute/executors/__init__.py",
    "bench/execute/warm.py",
    "bench/mcu/target.py",
    "bench/train/task.py",
    "bench/report/discover.py",
    "bench/train/__init__.py",
}
# The speed bench compares cells by name with what torch and others have.
COMPARES_CELLS = "bench/speed/"


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", LINT, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def lint_with(tree: Path, lines: dict[str, list[str]]) -> "subprocess.CompletedProcess[str]":
    """The verdict on the tree with further lines at the ends of some files."""
    before = {name: (tree / name).read_text() for name in lines}
    try:
        for name, more in lines.items():
            (tree / name).write_text("\n".join([before[name], *more, ""]))
        return lint(tree)
    finally:
        for name, text in before.items():
            (tree / name).write_text(text)


def test_the_rules_are_kept(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("cells/weight.py", "import bench.errors"),
        ("cells/weight.py", "import numpy"),
        ("cells/weight.py", "import cells.cell"),
        ("cells/formula/graph.py", "import cells.scan"),
        ("cells/scan/native/emit.py", "import cells.registry"),
        ("baselines/rnn.py", "import bench.spec"),
        ("bench/cli/run.py", "import rnnbench"),
        ("bench/plan.py", "import bench.record"),
        ("bench/data/dataset.py", "import bench.train"),
        ("bench/data/catalogue.py", "import bench.data.sets.watch7"),
        ("bench/data/families/audio.py", "import bench.data.sets.digits"),
        ("bench/data/splits.py", "import bench.data.families.text"),
        ("bench/measure/size.py", "import bench.train"),
        ("bench/record/files.py", "import bench.data"),
        ("bench/mcu/lower.py", "import lightning"),
        ("bench/report/frame.py", "import torch"),
        ("bench/report/rows/summary.py", "import bench.report.comparing"),
        ("bench/report/tables/ladder.py", "import bench.report.tables.study"),
        ("bench/train/module.py", "import bench.execute"),
    ],
)
def test_a_wrong_import_is_found(tree: Path, path: str, line: str) -> None:
    done = lint_with(tree, {path: [line]})
    assert done.returncode != 0
    assert line.split()[1].split(".")[0] in done.stdout


def strings(path: Path) -> Iterator[str]:
    """The strings of a file that are not docstrings."""
    parsed = ast.parse(path.read_text(encoding="utf-8"))
    prose = {node.value for node in ast.walk(parsed) if isinstance(node, ast.Expr)}
    for node in ast.walk(parsed):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
            yield node.value


def named_modules(path: Path) -> set[str]:
    """The modules of this repository that a file names in strings: ``"baselines.gru.GRU"``, ``"cells/gates.py"``."""
    found = set()
    for text in strings(path):
        for name in re.findall(rf"\b(?:{'|'.join(PACKAGES[1:])})(?:[./]\w+)+", text):
            parts = re.split("[./]", name)
            while not (ROOT / Path(*parts)).is_dir() and not (ROOT / Path(*parts)).with_suffix(".py").exists():
                parts.pop()
            if ".".join(parts) != module(relative(path)):
                found.add(".".join(parts))
    return found


def test_names_in_strings_keep_the_rules_of_imports(tree: Path) -> None:
    named = {(relative(path), name) for path in sources() for name in named_modules(path)}
    assert named >= NAMED_IN_STRINGS
    lines: dict[str, list[str]] = {}
    for path, name in sorted(named - NAMED_IN_STRINGS):
        lines.setdefault(path, []).append(f"import {name}")
    done = lint_with(tree, lines)
    assert done.returncode == 0, done.stdout


def test_a_name_in_a_string_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text(
        '"""Says bench.spec."""\nX = {"baselines.gru.GRU": 1, "run": "import bench.plan; cells/gates.py"}\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "relative", lambda path: path.name)
        assert named_modules(path) == {"baselines.gru", "bench.plan", "cells.gates"}


def computes_an_import(path: Path) -> bool:
    """Whether a call imports a module whose name is not a plain string, which :func:`named_modules` would see."""
    importers = {"import_module", "__import__", "spec_from_file_location", "run_path", "run_module"}
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in importers
        and not (node.args and isinstance(node.args[0], ast.Constant))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_modules_are_looked_for_at_the_doors_only() -> None:
    assert {relative(path) for path in sources() if computes_an_import(path)} == COMPUTED


def test_no_list_of_cells_by_name() -> None:
    """Nothing but a cell's own file may know it by name, class or title."""
    homes = {}
    for name, cls in zoo.all_cells().items():
        homes |= dict.fromkeys((name, cls.__name__, cls.title), f"{cls.__module__.replace('.', '/')}.py")
    found = {
        relative(path)
        for path in sources()
        for text in strings(path)
        if homes.get(text, relative(path)) != relative(path)
    }
    assert {path for path in found if not path.startswith(COMPARES_CELLS)} == LISTS_OF_CELLS


def imports(of_types: bool) -> dict[str, set[str]]:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None, exclude_type_checking_imports=not of_types)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def test_no_circle_of_files() -> None:
    graphlib.TopologicalSorter(imports(of_types=False)).prepare()  # raises CycleError, which names the circle


def test_no_circle_of_types() -> None:
    graph = {name: below for name, below in imports(of_types=True).items() if not name.startswith(CIRCLES_OF_TYPES)}
    graphlib.TopologicalSorter(graph).prepare()


def test_tests_mirror_the_rooms() -> None:
    rooms = {"baselines", "cells", "tools", *(path.name for path in (ROOT / "bench").iterdir() if path.is_dir())}
    assert {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"} <= rooms


def test_no_file_is_longer_than_300_lines() -> None:
    files = [*sources(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
    assert {relative(path) for path in files if len(path.read_text(encoding="utf-8").splitlines()) > 300} == LONG
