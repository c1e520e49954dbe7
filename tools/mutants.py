"""Plants faults in the source, one at a time, and counts those that the tests of the same room notice.

    python tools/mutants.py --count 70 --seed 1 --floor 0.9 bench/report cells

A fault is a changed comparison, arithmetic operator, number, slice bound or sign, ``and`` in place of ``or``, or a lost
``not``. Faults are planted in a copy of the tree, never in the tree itself.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOMS = ("cells", "baselines", "bench")
BESIDE = {"baselines": ("cells",)}  # further folders of tests: what every cell promises is tested in one place

_SWAPS: dict[type[ast.AST], tuple[str, str]] = {
    **{ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")},
    **{ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is")},
    **{ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.And: ("and", "or"), ast.Or: ("or", "and")},
    **{ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.Pow: ("**", "*")},
    **{ast.FloorDiv: ("//", "/"), ast.Mod: ("%", "*"), ast.MatMult: ("@", "*"), ast.BitAnd: ("&", "|")},
    **{ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<")},
}
_MEMORY = 12 << 30  # bytes that a process may take: a fault may ask for all there is


class Fault(NamedTuple):
    """An edit of one file: the bytes from ``start`` to ``end``, which are ``old``, become ``new``."""

    path: Path
    line: int
    start: int
    end: int
    old: str
    new: str


class Finder:
    """Finds the faults that can be planted in one file of a tree."""

    def __init__(self, root: Path, path: Path) -> None:
        self.path, self.source, self.found = path, (root / path).read_bytes(), list[Fault]()
        self.starts = [0]
        for text in self.source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(text))
        self._visit(ast.parse(self.source))

    def _span(self, node: ast.expr) -> tuple[int, int]:
        last, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[last - 1] + column

    def _add(self, start: int, end: int, new: str) -> None:
        with contextlib.suppress(SyntaxError):
            ast.parse(self.source[:start] + new.encode() + self.source[end:])
            line = self.source.count(b"\n", 0, start) + 1
            self.found.append(Fault(self.path, line, start, end, self.source[start:end].decode(), new))

    def _swap(self, op: ast.AST, left: ast.expr, right: ast.expr) -> None:
        """Exchanges the operator between two operands."""
        start, end = self._span(left)[1], self._span(right)[0]
        if type(op) in _SWAPS and b"#" not in self.source[start:end] and not _is_text(left) and not _is_text(right):
            old, new = _SWAPS[type(op)]
            if hit := re.search(re.escape(old).replace(r"\ ", r"\s+").encode(), self.source[start:end]):
                self._add(start + hit.start(), start + hit.end(), new)

    def _visit(self, node: ast.AST) -> None:
        match node:
            case ast.Compare():
                for op, left, right in zip(node.ops, [node.left, *node.comparators], node.comparators, strict=False):
                    self._swap(op, left, right)
            case ast.BoolOp(op=op, values=[left, right, *_]) | ast.BinOp(op=op, left=left, right=right):
                self._swap(op, left, right)
            case ast.AugAssign():
                self._swap(node.op, node.target, node.value)
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                start = self._span(node)[0]
                self._add(start, start + (3 if isinstance(node.op, ast.Not) else 1), "")
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                self._add(*self._span(node), repr(number + 1 if isinstance(number, int) else 2 * number or 1.0))
            case ast.Slice():
                for start, end in map(self._span, filter(None, (node.lower, node.upper))):
                    self._add(start, end, f"({self.source[start:end].decode()} + 1)")
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and name not in ("annotation", "returns") and not _is_skipped(child):
                    self._visit(child)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_skipped(node: ast.AST) -> bool:
    """Types are no behaviour; an assert tells mypy; before Python 3.12 the places within an f-string are wrong."""
    literal = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal"
    return literal or isinstance(node, ast.Assert | ast.JoinedStr)


def sample(root: Path, modules: list[str], count: int, seed: int) -> list[Fault]:
    """Faults on ``count`` different lines of the modules, one a line, drawn by the seed."""
    lines: dict[tuple[Path, int], list[Fault]] = {}
    for module in modules:
        for path in sorted((root / module).rglob("*.py")) if (root / module).is_dir() else [root / module]:
            for fault in Finder(root, path.relative_to(root)).found:
                lines.setdefault((fault.path, fault.line), []).append(fault)
    draw = random.Random(seed)  # noqa: S311
    drawn = draw.sample(sorted(lines), min(count, len(lines)))
    return [draw.choice(lines[place]) for place in sorted(drawn)]


def tests_of(root: Path, path: Path) -> list[str]:
    """The files of the nearest folder of ``tests/`` that mirrors a module, or all that import it; first its own."""
    parts = path.with_suffix("").parts[path.parts[0] == "bench" :]
    mirrors = [root / "tests" / Path(*parts[:n]) for n in range(len(parts), 0, -1)]
    folders = [folder for folder in mirrors if folder.is_dir()][:1]
    folders += [root / "tests" / name for name in BESIDE.get(path.parts[0], ())]
    files = sorted(file for folder in folders or [root / "tests"] for file in folder.rglob("test_*.py"))
    if not folders:
        package = re.escape(".".join(path.parent.parts))
        imported = re.compile(rf"\b{package}\.{path.stem}\b|from {package} import .*\b{path.stem}\b")
        files = [file for file in files if imported.search(file.read_text(encoding="utf-8"))]
    files.sort(key=lambda file: path.stem not in file.read_text(encoding="utf-8"))
    return [str(file.relative_to(root)) for file in files]


def passes(root: Path, tests: list[str], limit_s: float | None = None) -> bool:
    """Whether the tests pass within the limit."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", *tests]
    # No compiled files: one of the same size and second would stand for the changed source.
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as child:
        try:
            return child.wait(limit_s) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def verdicts(root: Path, faults: list[Fault]) -> Iterator[tuple[Fault, bool]]:
    """Plants the faults in turn; yields each with whether it was noticed.

    Raises:
        SystemExit: when the tests of a room fail without a fault.
    """
    limits: dict[frozenset[str], float] = {}
    for fault in faults:
        tests = tests_of(root, fault.path)
        if (room := frozenset(tests)) not in limits:
            began = time.monotonic()
            if not tests or not passes(root, tests):
                sys.exit(f"error: the tests of {fault.path} fail without a fault, or there are none")
            limits[room] = 60 + 4 * (time.monotonic() - began)
        before = (root / fault.path).read_bytes()
        (root / fault.path).write_bytes(before[: fault.start] + fault.new.encode() + before[fault.end :])
        noticed = not passes(root, tests, limits[room])
        (root / fault.path).write_bytes(before)
        yield fault, noticed


def main() -> int:
    """Prints a table; returns 1 when too few faults were noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=ROOMS, help="files or folders; every room by default")
    for name, default, meaning in (("count", 70, "faults to plant"), ("seed", 1, "draws the lines and the faults")):
        parser.add_argument(f"--{name}", type=int, default=default, help=meaning)
    parser.add_argument("--floor", type=float, default=0.9, help="the least share to be noticed")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1], help="of the tree")
    asked = parser.parse_args()
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    with tempfile.TemporaryDirectory() as base:
        copy = Path(base) / "tree"
        left_out = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", "*.egg-info", ".*_cache")
        shutil.copytree(asked.root, copy, ignore=left_out)
        faults, noticed = sample(copy, list(asked.modules), asked.count, asked.seed), 0
        for fault, seen in verdicts(copy, faults):
            noticed += seen
            line = (copy / fault.path).read_text(encoding="utf-8").splitlines()[fault.line - 1].strip()
            place, change = f"{fault.path}:{fault.line}", f"{fault.old} -> {fault.new or 'nothing'}"
            print("noticed " if seen else "SURVIVED", place, change, f"| {line}", sep="  ", flush=True)
    print(f"{noticed} of {len(faults)} faults noticed, {asked.floor:.0%} wanted")
    return int(noticed < asked.floor * len(faults))


if __name__ == "__main__":
    sys.exit(main())
