"""What a call in another process gives back."""

import os
import signal

import pytest

from bench.errors import RnnbenchError
from bench.execute import aside


def _fails(text: str) -> None:
    raise RnnbenchError(f"no {text}")


def _dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _is_here(parent: int) -> None:
    assert os.getpid() != parent


def test_a_call_aside_is_in_another_process() -> None:
    aside("looking", _is_here, os.getpid())


def test_its_fault_is_ours() -> None:
    with pytest.raises(RnnbenchError, match=r"^no tea$"):
        aside("brewing", _fails, "tea")


def test_its_death_is_told() -> None:
    with pytest.raises(RnnbenchError, match=r"^brewing: the process died \(exit code -9\)$"):
        aside("brewing", _dies)
