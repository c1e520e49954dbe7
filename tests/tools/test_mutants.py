"""The tool that plants faults, on a tiny package: which faults it finds, which it calls noticed, how it ends."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

TOOL = Path(__file__).parents[2] / "tools" / "mutants.py"
NAMES = runpy.run_path(str(TOOL))

AREA = '''"""A tiny package."""


def area(width: float, height: float) -> float:
    """The area of a rectangle that has one."""
    if not (width > 0 and height > 0):
        return -1.0
    return width * height


def tail(items: list[int], n: int) -> list[int]:
    return items[n:]
'''
STRONG = """
from toy.shapes.area import area, tail

def test_values():
    assert area(2, 3) == 6
    assert area(0.5, 0.5) == 0.25
    assert area(0, 3) == area(3, 0) == area(-1, -1) == -1
    assert tail([1, 2, 3], 1) == [2, 3]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("toy/shapes", "tests/toy"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "toy/shapes/area.py").write_text(AREA)
    (tmp_path / "tests/toy/test_shapes.py").write_text(STRONG)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    return tmp_path


def mutants(tree: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(TOOL), "--root", str(tree), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def edits(tree: Path, source: str) -> set[tuple[str, str]]:
    (tree / "code.py").write_text(source, encoding="utf-8")
    return {(fault.old, fault.new) for fault in NAMES["Finder"](tree, Path("code.py")).found}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b <= c", {("<", "<="), ("<=", "<")}),
        ("a not  in b", {("not  in", "in")}),
        ("x = (a + b) * (\n    c\n)", {("+", "-"), ("*", "/")}),
        ("x //= 2", {("//", "/"), ("2", "3")}),
        ("a and b and c", {("and", "or")}),
        ("if not a: pass", {("not", "")}),
        ("x = -0.5", {("-", ""), ("0.5", "1.0")}),
        ("x = 0.0", {("0.0", "1.0")}),
        ("x = é[i : j]", {("i", "(i + 1)"), ("j", "(j + 1)")}),
        ("x = a @ b & c", {("@", "*"), ("&", "|")}),
        ("x = True", set()),
        ('"""Says 1 < 2."""\nx: "Literal[3]" = f"{a + 1}" + "4"', set()),
        ("def f(x: int | None = 3) -> int | None: ...", {("3", "4")}),
        ("T = Literal[1, 2]\nassert a < b", set()),
    ],
)
def test_the_faults_of_a_line(tmp_path: Path, source: str, expected: set[tuple[str, str]]) -> None:
    assert edits(tmp_path, source) == expected


def test_every_fault_of_a_tested_module_is_noticed_and_the_tree_is_left_alone(tree: Path) -> None:
    done = mutants(tree, "--count", "50", "--floor", "1", "toy")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 faults noticed, 100% wanted" in done.stdout  # a fault on each line that can have one
    assert (tree / "toy/shapes/area.py").read_text() == AREA
    assert not list(tree.rglob("__pycache__"))


def test_survivors_are_named_and_fail(tree: Path) -> None:
    (tree / "tests/toy/test_shapes.py").write_text("from toy.shapes import area\n\ndef test_it(): assert area.tail\n")
    done = mutants(tree, "--count", "1", "--seed", "3", "--floor", "0.5", "toy/shapes/area.py")
    assert done.returncode == 1
    assert done.stdout.startswith("SURVIVED  toy/shapes/area.py:")
    assert done.stdout.endswith("0 of 1 faults noticed, 50% wanted\n")
    assert mutants(tree, "--count", "1", "--seed", "3", "--floor", "0", "toy").stdout.startswith(done.stdout[:40])


def test_a_fault_that_never_ends_is_noticed(tree: Path) -> None:
    (tree / "tests/toy/test_shapes.py").write_text("def test_it():\n    while True: pass\n")
    assert not NAMES["passes"](tree, ["tests/toy/test_shapes.py"], limit_s=2.0)


def test_tests_that_fail_without_a_fault_notice_nothing(tree: Path) -> None:
    (tree / "tests/toy/test_shapes.py").write_text("def test_it(): assert False\n")
    done = mutants(tree, "toy")
    assert done.returncode == 1
    assert "the tests of toy/shapes/area.py fail without a fault" in done.stderr


def test_the_tests_of_a_module_are_those_of_the_nearest_folder_that_mirrors_it(tmp_path: Path) -> None:
    for name in ("report/test_b.py", "report/test_a.py", "plan/test_c.py", "report/tables/test_d.py"):
        (tmp_path / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tests" / name).write_text("")
    (tmp_path / "tests/report/test_b.py").write_text("from bench.report import frame")
    (tmp_path / "tests/plan/test_c.py").write_text("from bench import other, spec\n")

    def found(module: str) -> list[str]:
        return [Path(path).name for path in NAMES["tests_of"](tmp_path, Path(module))]

    assert found("bench/report/frame.py")[0] == "test_b.py"
    assert sorted(found("bench/report/frame.py")) == ["test_a.py", "test_b.py", "test_d.py"]
    assert found("bench/report/tables/x.py") == ["test_d.py"]
    assert found("bench/spec.py") == ["test_c.py"], "no folder mirrors it: those that import it"
    assert found("bench/claim.py") == []
