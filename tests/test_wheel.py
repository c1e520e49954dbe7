"""The wheel: it claims one name, its imports lead below it, and what it installs works in an empty folder."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"baselines", "bench", "cells"}
TINY = "name: tiny\nbase: {train: {epochs: 1}, cell: {hidden_size: 4}}\ngrid: {data: [digits-mfcc], cell: [gru, %s]}\n"


@pytest.fixture(scope="module")
def setup() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_of_rnnbench", ROOT / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tops(source: str) -> set[str]:
    """The first names of all that a file imports."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {
        name.partition(".")[0]
        for name in plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    }


def test_imports_of_the_wheel_lead_below_its_name(setup: ModuleType) -> None:
    """An import that keeps its name (``import cells``) could not be prefixed, so none may stand in the tree."""
    for path in (path for room in (*ROOMS, "rnnbench") for path in (ROOT / room).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import) and tops(ast.unparse(node)) & ROOMS:
                assert all(alias.asname for alias in node.names), f"{path}:{node.lineno}: give the import an `as`"
        below = setup.below(source)
        assert not tops(below) & ROOMS, path
        assert len(below.splitlines()) == len(source.splitlines())


def test_an_import_is_prefixed_and_nothing_else(setup: ModuleType) -> None:
    source = "from bench.spec import cells\nimport cells as own\nfrom benchmark import bench\nx = 'import bench'\n"
    wanted = "from rnnbench.bench.spec import cells\nimport rnnbench.cells as own\n"
    assert setup.below(source) == wanted + "from benchmark import bench\nx = 'import bench'\n"


def files() -> list[str]:
    """The files of the tree that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: setuptools leaves its work in the tree. No network: what builds it is here."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in (name for name in files() if not name.startswith(("tests/", "results/reference/"))):
        (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / "tree" / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", "..", "."]
    subprocess.run(command, cwd=folder / "tree", check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.mark.slow
def test_the_wheel_claims_one_name_and_holds_every_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"rnnbench"}
    folders = tuple(f"{name}/" for name in (*ROOMS, "configs", "results/published", "rnnbench"))
    wanted = [name for name in files() if name.startswith(folders)]
    assert len(wanted) > 300
    assert {f"rnnbench/{name.removeprefix('rnnbench/')}" for name in wanted} <= names


@pytest.mark.slow
def test_what_is_installed_works_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, which borrows the dependencies of this one."""
    home, empty = tmp_path / "environment", tmp_path / "empty"
    venv.create(home, with_pip=False)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = home / "bin" / "python"
    empty.mkdir()
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def call(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(arguments, cwd=empty, env=clean, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def rnnbench(*arguments: str, code: int = 0) -> str:
        return call(str(home / "bin" / "rnnbench"), *arguments, code=code)

    call(str(python), "-m", "pip", "install", "--no-deps", "--no-index", "--ignore-installed", str(wheel))
    assert "no module named 'bench'" in call(str(python), "-c", "import bench", code=1).lower()
    assert "Usage: rnnbench" in rnnbench("--help")
    assert "configs/demo.yaml" in rnnbench("list", "grids")
    assert "FastGRNN" in rnnbench("list", "cells")
    assert "planned" in rnnbench("plan", "configs/demo.yaml")
    rnnbench("latency", "--against", "results/published/fastgrnn_latency.yaml", "--board", "uno", "--out", "latency")
    rnnbench("new", "cell", "mine")
    (empty / "tiny.yaml").write_text(TINY % "{file: mine.py}")
    assert "2 runs: 2 done" in rnnbench("run", "tiny.yaml", "--workers", "1")
    assert "GRU" in rnnbench("report", "results/tiny")
    ask = "import rnnbench as rb; print(rb.__file__, len(rb.load('results/tiny')))"
    assert call(str(python), "-c", ask).split() == [str(site / "rnnbench" / "__init__.py"), "8"]
    mine = (empty / "mine.py").read_text()
    (empty / "mine.py").write_text(mine.replace("from rnnbench import", "from cells import"))
    assert "import from rnnbench instead" in rnnbench("check", "mine.py", code=2)
