"""Building a kernel: every width of vectors, no compiler, a broken one, a damaged library, two builders at once."""

from __future__ import annotations

import copy
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
from kernel_cases import VARIANTS, agree, results

from bench.zoo import all_cells
from cells import kernels
from cells.kernels import build, native

SHAPE = (4, 8, 3, 21)


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty cache folder, nothing loaded, nothing said."""
    monkeypatch.setenv("RNNBENCH_KERNEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RNNBENCH_KERNEL_FLAGS", "-O0")  # quicker to build
    native.load.cache_clear()
    before = kernels.in_use()
    kernels.use("auto")
    kernels._said.clear()
    yield
    native.load.cache_clear()
    kernels.use(before)


@pytest.fixture
def compiler() -> str:
    found = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if found is None:
        pytest.skip("there is no C++ compiler")
    return found


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
    assert kernels.lanes() == lanes
    for name, options in [VARIANTS[0], ("gru", {}), ("lstm", {}), ("qrnn", {"pooling": "f", "window": 2})]:
        torch.manual_seed(0)
        cell = all_cells()[name](*SHAPE[2:], **options)
        assert kernels.ready(cell)
        reference = copy.deepcopy(cell).double()
        agree(results(cell, SHAPE, True, torch.float32), results(reference, SHAPE, True, torch.float64))


def _falls_back(caplog: pytest.LogCaptureFixture) -> str:
    """Checks that the scan gives its numbers and that the log says why, once; returns what it says."""
    cells = [all_cells()[name](3, 5) for name in ("fastgrnn", "gru")]
    x = torch.randn(4, 2, 3)
    with caplog.at_level(logging.WARNING, "cells.kernels"):
        outputs = [cell(x)[0] for cell in cells for _ in range(2)]
    kernels.use("off")
    assert all(torch.equal(outputs[2 * n], cell(x)[0]) for n, cell in enumerate(cells))
    (record,) = caplog.records
    return record.getMessage()


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
    build.library("UGRNN")
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
    assert build.library("UGRNN").rnnbench_lanes() in (4, 8, 16)
    assert build._whole(path)


def test_a_library_is_built_once_and_for_its_flags_and_processor(
    tmp_path: Path, compiler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.library("UGRNN")
    (path,) = (tmp_path / "cache").glob("*.so")
    made = path.stat().st_mtime_ns
    build.library("UGRNN")
    assert path.stat().st_mtime_ns == made
    paths = {build._path("UGRNN", compiler, flags) for flags in (("-O3",), ("-O2",))}
    monkeypatch.setattr(build, "_processor", lambda: "another")
    paths |= {build._path("UGRNN", compiler, ("-O3",)), build._path("GRU", compiler, ("-O3",))}
    monkeypatch.setattr(build, "_source_hash", lambda: "another")
    assert len(paths | {build._path("UGRNN", compiler, ("-O3",))}) == 5


def test_two_processes_that_build_at_once(tmp_path: Path, compiler: str) -> None:
    code = "from cells.kernels.build import library; print(library('UGRNN').rnnbench_lanes())"
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    assert all(int(each.communicate()[0]) in (4, 8, 16) for each in both)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".so"]


def test_off_by_the_environment() -> None:
    code = "from cells import kernels; print(kernels.in_use())"
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "RNNBENCH_KERNELS": "off"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "off"
