"""Building a kernel: every width of vectors, no compiler, a broken one, a damaged library, two builders at once."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from own_cells import Skip, Waves
from published_cells import LEM
from scan_cases import Maker, agree, made, own, results, wanted

from bench.zoo import all_cells
from cells import scan
from cells.formula import Formula
from cells.scan.native import Kernel, build

pytestmark = pytest.mark.long


def _source() -> str:
    """The source of h = x."""
    formula = Formula(given=True, window=1)
    formula.after = [formula.put("input", numbers=(0,), width=1)]
    return Kernel("Mine", formula, 1, 1).source


SOURCE = _source()


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty cache folder, nothing loaded, nothing said."""
    monkeypatch.setenv("RNNBENCH_KERNEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RNNBENCH_KERNEL_FLAGS", "-O0")  # quicker to build
    scan.use("auto")
    scan._said.clear()
    yield
    monkeypatch.undo()
    scan.use("auto")


@pytest.fixture
def compiler() -> str:
    found = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if found is None:
        pytest.skip("there is no C++ compiler")
    return found


NARROW: list[Maker] = [
    *(lambda D, H, name=name: made(name, {}, D, H) for name in ("gru", "fastgrnn")),
    lambda D, H: made("qrnn", {"pooling": "f", "window": 2}, D, H),
    *(lambda D, H, cls=cls: own(cls, D, H) for cls in (LEM, Skip, Waves)),
]


def _has(word: str) -> bool:
    path = Path("/proc/cpuinfo")
    return path.exists() and f" {word} " in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("flags", "needs", "lanes"), [("-O1", "", 4), ("-O1 -mavx2 -mfma", "avx2", 8)])
def test_narrower_vectors(flags: str, needs: str, lanes: int, compiler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if needs and not _has(needs):
        pytest.skip(f"this processor has no {needs}")
    if not needs and platform.machine() not in ("x86_64", "AMD64", "aarch64", "arm64"):
        pytest.skip("plain flags may give wider vectors here")
    monkeypatch.setenv("RNNBENCH_KERNEL_FLAGS", flags)
    monkeypatch.delenv("RNNBENCH_KERNEL_CACHE")  # so that they are built once
    scan.use("auto")
    assert scan.lanes() == lanes
    for make in NARROW:
        cell = make(3, 21)
        assert scan.engine(cell) == f"compiled, {lanes} lanes"
        agree(results(cell, 4, 8), wanted(cell, 4, 8))


@pytest.mark.parametrize("name", all_cells())
def test_as_a_user_builds_it(name: str, compiler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all optimisation, into the user's own cache, where the tests of training find it."""
    monkeypatch.delenv("RNNBENCH_KERNEL_CACHE")
    monkeypatch.delenv("RNNBENCH_KERNEL_FLAGS")
    scan.use("auto")
    cell = made(name, {}, 5, 37)
    assert scan.why_not(cell) == ""
    agree(results(cell, 7, 29), wanted(cell, 7, 29))


def _falls_back(caplog: pytest.LogCaptureFixture) -> str:
    """Checks that the loop gives its numbers and that the log says why, once; returns what it says."""
    cells = [all_cells()[name](3, 5) for name in ("fastgrnn", "gru")]
    x = torch.randn(4, 2, 3)
    with caplog.at_level(logging.WARNING, "cells.scan"):
        outputs = [cell(x)[0] for cell in cells for _ in range(2)]
    scan.use("off")
    assert all(torch.equal(outputs[2 * n], cell(x)[0]) for n, cell in enumerate(cells))
    assert [record.getMessage().partition(" ")[0] for record in caplog.records] == ["FastGRNN", "GRU"]
    return caplog.records[0].getMessage()


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert "no C++ compiler" in _falls_back(caplog)


def test_a_compiler_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script = tmp_path / "broken-cxx"
    script.write_text("#!/bin/sh\necho 'fatal error: no space left' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    assert "fatal error: no space left" in _falls_back(caplog)
    assert not list((tmp_path / "cache").iterdir())


def test_a_cache_folder_that_cannot_be(
    tmp_path: Path, compiler: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RNNBENCH_KERNEL_CACHE", str(tmp_path / "file" / "cache"))
    assert "NotADirectoryError" in _falls_back(caplog)


@pytest.mark.parametrize("harm", ["cut short", "one byte", "empty", "not a library"])
def test_a_damaged_library_is_built_again(harm: str, tmp_path: Path, compiler: str) -> None:
    build.library("Mine", SOURCE)
    (path,) = (tmp_path / "cache").glob("*.so")
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.unlink()  # the loaded one stays as it is
    path.write_bytes(
        {
            "cut short": whole[:middle],
            "one byte": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "empty": b"",
            "not a library": b"text",
        }[harm]
    )
    assert build.library("Mine", SOURCE).rnnbench_lanes() in (4, 8, 16)
    assert build._whole(path)


def test_a_library_is_built_once_and_for_its_flags_and_processor(
    tmp_path: Path, compiler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.library("Mine", SOURCE)
    (path,) = (tmp_path / "cache").glob("*.so")
    made = path.stat().st_mtime_ns
    build.library("Mine", SOURCE)
    assert path.stat().st_mtime_ns == made
    paths = {build._path("Mine", SOURCE, compiler, flags, ".so") for flags in (("-O3",), ("-O2",))}
    paths.add(build._path("Mine", f"{SOURCE}//", compiler, ("-O3",), ".so"))
    paths.add(build._path("Mine", SOURCE, f"{compiler}-13", ("-O3",), ".so"))
    monkeypatch.setattr(build, "_processor", lambda: "another")
    paths.add(build._path("Mine", SOURCE, compiler, ("-O3",), ".so"))
    monkeypatch.setattr(build, "_source_hash", lambda: "another")
    assert len(paths | {build._path("Mine", SOURCE, compiler, ("-O3",), ".so")}) == 6


def test_two_processes_that_build_at_once(tmp_path: Path, compiler: str) -> None:
    (tmp_path / "own.h").write_text(SOURCE)
    text = f"open({str(tmp_path / 'own.h')!r}).read()"
    code = f"from cells.scan.native.build import library; print(library('Mine', {text}).rnnbench_lanes())"
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    assert all(int(each.communicate()[0]) in (4, 8, 16) for each in both)
    assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == [".o", ".so"]


def test_off_by_the_environment() -> None:
    code = "from cells import scan; print(scan.in_use())"
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root, "RNNBENCH_KERNELS": "off"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "off"
