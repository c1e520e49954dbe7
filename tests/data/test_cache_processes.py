"""Prepared data on disk when several processes want them at once, or one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_cache import toy

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_cache
from bench.data import cache
log, place = Path(sys.argv[1]), Path(sys.argv[2])
def make():
    with log.open("a") as file: file.write("made\\n")
    time.sleep(float(sys.argv[3]))
    return test_cache.toy()
cache.store(place, make)
print(cache.load(place, test_cache.INFO).fingerprint)
"""


def start(tmp_path: Path, seconds: float) -> subprocess.Popen[str]:
    code = SCRIPT.format(tests=str(Path(__file__).parent))
    return subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log"), str(tmp_path / "prepared" / "toy-1"), str(seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_two_at_once_make_once(tmp_path: Path) -> None:
    running = [start(tmp_path, 1.0) for _ in range(3)]
    said = {process.communicate(timeout=120)[0].strip() for process in running}
    assert said == {toy().fingerprint}
    assert (tmp_path / "log").read_text().splitlines() == ["made"]


def test_a_killed_making_is_swept_and_made_again(tmp_path: Path) -> None:
    first = start(tmp_path, 60.0)
    while not (tmp_path / "log").exists():
        assert first.poll() is None
        time.sleep(0.05)
    part = tmp_path / "prepared" / ".toy-1.part"
    first.send_signal(signal.SIGKILL)
    first.communicate()
    part.mkdir()  # as one leaves it that is killed while it writes
    (part / "train.x.npy").write_bytes(b"half")
    assert not (tmp_path / "prepared" / "toy-1").exists()
    second = start(tmp_path, 0.0)
    assert second.communicate(timeout=120)[0].strip() == toy().fingerprint
    assert not part.exists()
