"""The log of a run."""

import errno
import io
import logging
from pathlib import Path

import pytest

from bench.execute.child import logging_to
from bench.spec import RunSpec, parse
from bench.train import Job


class Full(io.TextIOWrapper):
    """A file on a disk that is full."""

    def write(self, text: str) -> int:
        """Raises as the disk does."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(parse(RunSpec, {"data": "digits-mfcc", "cell": "gru"}, "test"), tmp_path, "g")
    with logging_to([job]):
        files = [one for one in logging.getLogger().handlers if isinstance(one, logging.FileHandler)]
        (handler,) = (one for one in files if Path(one.baseFilename).parent == tmp_path)
        before = handler.setStream(Full(io.BytesIO()))
        assert before is not None
        before.close()
        for _ in range(3):
            logging.getLogger("bench").info("an epoch")
    assert capsys.readouterr().err == f"error: cannot write {tmp_path / 'log.txt'}: No space left on device\n"
