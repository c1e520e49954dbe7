"""Workers by a command of the site: ``template`` with ``{worker}`` in place of the command of one worker.

``hq submit {worker}``, ``qsub -b y {worker}``, ``ssh node7 {worker}``: the shell calls a template once for each worker,
with ``{number}`` (from 0) in it, too. It may return at once or stay until its worker has ended. ``cpus`` is the
number of runs at once in each worker.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence

from bench.errors import RnnbenchError
from bench.execute.executors import refuse_others, whole_number
from bench.execute.launch import Launch, asked, is_over

OUTLIVES = True
_PATIENCE_S = 60.0


class _Commands:
    def __init__(self, launch: Launch, started: Sequence[subprocess.Popen[bytes]]) -> None:
        self._launch, self._started = launch, started

    def __str__(self) -> str:
        return f"workers started: {len(self._started)}, each by the template"

    def wait(self, timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        for process in self._started:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                return False
        if failed := [process for process in self._started if process.returncode]:
            codes = sorted({process.returncode for process in failed})
            raise RnnbenchError(
                f"{len(failed)} of {len(self._started)} commands of the template failed (exit code "
                f"{', '.join(map(str, codes))}): {failed[0].args!r}"
            )
        if self._all_over():
            return True
        time.sleep(max(0.0, end - time.monotonic()))  # the template has handed its workers over to a queue
        return False

    def _all_over(self) -> bool:
        since = asked(self._launch.results)
        return all(is_over(job.folder, since) for job in self._launch.jobs())

    def stop(self) -> None:
        """Ends those commands that have not returned; what they handed over to a queue is the queue's."""
        alive = [process for process in self._started if process.poll() is None]
        for process in alive:
            os.killpg(process.pid, signal.SIGTERM)
        for process in alive:
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def workers() -> int:
    """One, for a queue that takes it."""
    return 1


def start(launch: Launch) -> _Commands:
    """Calls the template for each worker.

    Raises:
        RnnbenchError: when there is no template, or it has no ``{worker}``.
    """
    refuse_others(launch, "command", ("template", "cpus"))
    template, cpus = str(launch.options.get("template", "")), whole_number(launch.options, "cpus", 1)
    if "{worker}" not in template:
        raise RnnbenchError("--executor command needs a template, such as --with template='hq submit {worker}'")
    line = template.replace("{worker}", shlex.join(launch.command(cpus)))
    return _Commands(
        launch,
        [
            subprocess.Popen(line.replace("{number}", str(number)), shell=True, start_new_session=True)  # noqa: S602
            for number in range(launch.workers)
        ],
    )
