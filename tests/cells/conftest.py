"""Kernels that are quick to build. Helper modules of this folder can be imported from the folders below it."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator

import pytest

from cells import scan


@pytest.fixture(scope="module")
def quick_kernels() -> Iterator[None]:
    """Kernels compiled with little optimisation, which differ from a user's by nothing but their time."""
    before = scan.in_use()
    with pytest.MonkeyPatch.context() as patch:
        if not any(map(shutil.which, ("c++", "g++", "clang++"))):
            pytest.skip("there is no C++ compiler")
        native = " -march=native" if platform.machine() in ("x86_64", "AMD64") else ""
        patch.setenv("RNNBENCH_KERNEL_FLAGS", f"-O1{native}")
        scan.use("auto", threads=1)
        yield
    scan.use(before, threads=1)
