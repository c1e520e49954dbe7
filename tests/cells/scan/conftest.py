"""What ran."""

from __future__ import annotations

from typing import Any

import pytest

from cells import scan


@pytest.fixture(autouse=True, scope="module")
def _quick(quick_kernels: None) -> None:
    pass


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
