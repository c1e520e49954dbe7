"""What a call in another process gives back."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import RnnbenchError
from bench.execute.aside import aside

pytestmark = pytest.mark.long


def _fails(text: str) -> None:
    raise RnnbenchError(f"no {text}")


def _dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _is_here(parent: int) -> None:
    assert os.getpid() != parent


def test_a_call_aside_is_in_another_process() -> None:
    aside("looking", _is_here, os.getpid())


def _adds(*numbers: int) -> int:
    return sum(numbers)


def test_its_result_is_ours() -> None:
    assert aside("adding", _adds, 2, 3, 4) == 9


def test_its_fault_is_ours() -> None:
    with pytest.raises(RnnbenchError, match=r"^no tea$"):
        aside("brewing", _fails, "tea")


def test_its_death_is_told() -> None:
    with pytest.raises(RnnbenchError, match=r"^brewing: the process died \(exit code -9\)$"):
        aside("brewing", _dies)


def _waits() -> None:
    while True:
        time.sleep(1)


_WAITING = """
import signal, sys
from bench.cli import working
signal.signal(signal.SIGTERM, working._interrupt)
from bench.execute.aside import aside
sys.path.insert(0, {folder!r})
from test_aside import _waits
print("begun", flush=True)
try:
    aside("looking", _waits)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
def test_nothing_is_left_behind_when_the_command_is_stopped() -> None:
    code = _WAITING.format(folder=str(Path(__file__).parent))
    command = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert command.stdout is not None
    assert command.stdout.readline() == "begun\n"
    command.stdout.close()

    def of_session() -> list[int]:
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == command.pid and fields[0] != "Z":
                    found.append(int(stat.parent.name))
        return found

    _until(lambda: len(of_session()) >= 4)  # itself, the tracker of resources, the server, the call
    command.terminate()
    assert command.wait(30) == 130
    _until(lambda: not of_session())


def _until(condition: Callable[[], bool], patience_s: float = 60) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
