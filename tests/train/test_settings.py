"""The settings of a process: each has a switch, and what was set is returned."""

from collections.abc import Iterator

import pytest
import torch

from bench.errors import RnnbenchError
from bench.train import settings
from bench.train.settings import Settings
from cells import scan


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    yield
    settings.setup(Settings())


def test_everything_is_on_unless_said() -> None:
    said = settings.setup(Settings())
    assert {"threads": 1, "flush_denormal": True, "fused_optimizer": True, "kernels": "auto"}.items() <= said.items()
    assert torch.get_num_threads() == 1
    assert float(torch.tensor(1e-39) * 1.0) == 0.0
    assert torch.are_deterministic_algorithms_enabled()


def test_each_has_a_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FLUSH_DENORMAL", "KEEP_FREED_MEMORY", "FUSED_OPTIMIZER", "KERNELS"):
        monkeypatch.setenv(f"RNNBENCH_{name}", "off")
    said = settings.setup()
    off = {"flush_denormal": False, "keep_freed_memory": False, "fused_optimizer": False, "kernels": "off"}
    assert off.items() <= said.items()
    assert float(torch.tensor(1e-39) * 1.0) > 0.0
    assert scan.in_use() == "off"
    assert not settings.current().fused_optimizer


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("RNNBENCH_THREADS", "0", "a whole number above 0"),
        ("RNNBENCH_THREADS", "two", "a whole number above 0"),
        ("RNNBENCH_FLUSH_DENORMAL", "no", "on or off"),
        ("RNNBENCH_KERNELS", "on", "auto or off"),
    ],
)
def test_a_value_that_cannot_be(variable: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(RnnbenchError, match=f"{variable} must be {words}, not '{value}'"):
        settings.setup()
