"""Which test sequences a run got right: read as written, or not at all."""

import random
from pathlib import Path

import numpy as np

from bench.record import Items, items


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    items.write(tmp_path, Items(np.array([True, False, True]), np.array([4, 4, 7])))
    found = items.read(tmp_path)
    assert found is not None
    assert (found.correct.tolist(), found.group.tolist()) == ([True, False, True], [4, 4, 7])


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    """Cut anywhere, and with any bytes changed: of 300 such files none may end a report in a traceback."""
    assert items.read(tmp_path) is None
    draw = random.Random(0)
    items.write(tmp_path, Items(np.random.default_rng(0).random(3000) < 0.7, np.arange(3000) // 10))
    whole = (tmp_path / items.FILE).read_bytes()
    for number in range(300):
        damaged = bytearray(whole[: draw.randrange(len(whole))] if number % 3 == 0 else whole)
        for _ in range(draw.choice((1, 5, 50)) if damaged else 0):
            damaged[draw.randrange(len(damaged))] ^= draw.randrange(1, 256)
        (tmp_path / items.FILE).write_bytes(damaged)
        found = items.read(tmp_path)
        assert found is None or len(found.correct) == len(found.group) == 3000
