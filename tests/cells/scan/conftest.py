"""Kernels that are quick to build, and what ran."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from cells import scan


@pytest.fixture(autouse=True, scope="module")
def _quickly_built() -> Iterator[None]:
    """Compiled with little optimisation, once for all tests: they differ from a user's by nothing but time."""
    before = scan.in_use()
    with pytest.MonkeyPatch.context() as patch:
        if not any(map(shutil.which, ("c++", "g++", "clang++"))):
            pytest.skip("there is no C++ compiler")
        native = " -march=native" if platform.machine() in ("x86_64", "AMD64") else ""
        patch.setenv("RNNBENCH_KERNEL_FLAGS", f"-O1{native}")
        scan.use("auto", threads=1)
        yield
    scan.use(before, threads=1)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each sequence was run, in order: ``kernel`` or ``loop``."""
    words: list[str] = []
    run, loop = scan.native.run, scan._step_by_step

    def by_kernel(*arguments: Any) -> Any:
        words.append("kernel")
        return run(*arguments)

    def by_loop(*arguments: Any) -> Any:
        words.append("loop")
        return loop(*arguments)

    monkeypatch.setattr(scan.native, "run", by_kernel)
    monkeypatch.setattr(scan, "_step_by_step", by_loop)
    return words
