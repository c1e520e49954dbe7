"""An element of a Slurm array: a worker in a process of its own, which is requeued while it leaves runs undone.

submitit pickles this class and calls it in the job. The results folder is the state: starting the same command again is
all that it takes to go on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.status import UNFINISHED

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

_PATIENCE_S = 25.0
"""Slurm kills what has not ended half a minute after it was told to, by default."""


class SlurmWorker:
    """Runs a worker; submitit calls ``checkpoint`` when Slurm says that the time is nearly up, and requeues the job.

    Args:
        command: of the worker.
        minutes: the job's time limit, for versions of Slurm that do not tell a job when it ends.
    """

    def __init__(self, command: Sequence[str], minutes: int) -> None:
        self.command, self.minutes = list(command), minutes
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> int:
        """Works until nothing is left, or the time is up; then the job is requeued.

        Raises:
            SystemExit: when the job is requeued.
            RuntimeError: when the worker fails, with its exit code.
        """
        end = {"SLURM_JOB_END_TIME": str(int(time.time() + 60 * self.minutes))}
        self._process = subprocess.Popen(self.command, env={**end, **os.environ})
        while self._process.poll() is None:
            time.sleep(0.2)
        code = self._process.returncode
        if code == UNFINISHED:
            subprocess.run(["scontrol", "requeue", os.environ["SLURM_JOB_ID"]], check=True)  # noqa: S607
            sys.exit("requeued")
        if code not in (0, 130):
            raise RuntimeError(f"the worker ended with exit code {code}")
        return code

    def checkpoint(self) -> DelayedSubmission:
        """Ends the worker, whose runs are recorded as interrupted, and returns the same again."""
        from submitit.helpers import DelayedSubmission

        end = time.monotonic() + _PATIENCE_S
        if self._process is not None:
            self._process.terminate()
            while self._process.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
        return DelayedSubmission(SlurmWorker(self.command, self.minutes))
