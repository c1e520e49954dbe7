"""What a user's YAML may not hold is one line that says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import RnnbenchError
from bench.spec import read_grid, read_yaml


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ("train: {epochs: 2026-13-45}", "train.epochs: input should be a valid integer"),
        ("train: {epochs: 2026-10-11}", "train.epochs: input should be a valid integer"),
        ("train: {epochs: !!float abc}", "line 2: 'abc' cannot be read"),
        ("train: {epochs: !!int abc}", "line 2: 'abc' cannot be read"),
        ("train: {epochs: !!bool abc}", "line 2: 'abc' cannot be read"),
        ("train: {epochs: !!timestamp [a]}", "line 2: expected a scalar"),
        (f"train: {{epochs: {'9' * 5000}}}", "line 2: '9999999999999999999999999999999999999999...' cannot be read"),
        ("1: 2", "line 2: key 1 is not a text"),
        ("yes: 2", "line 2: key True is not a text"),
        ("[a]: 3", "line 2: key ['a'] is not a text"),
        ("{a: b}: 3", "line 2: key {'a': 'b'} is not a text"),
        ("train: " + "[" * 5000, "nested too deeply to be read"),
    ],
)
def test_it_is_one_line(tmp_path: Path, base: str, says: str) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(f"name: g\nbase: {{{base}}}\ngrid: {{data: [digits-mfcc], cell: [gru]}}\n", encoding="utf-8")
    with pytest.raises(RnnbenchError) as caught:
        read_grid(path).runs()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_dates_and_times_are_texts() -> None:
    assert read_yaml("[2026-10-11, 2:00:00, 2026-10-11T12:13:14Z]") == ["2026-10-11", "2:00:00", "2026-10-11T12:13:14Z"]
