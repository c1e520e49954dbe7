"""Workers as job arrays of Slurm, through submitit. An element is ``rnnbench work``, requeued until all is done.

Options are those of ``sbatch`` by their long names (``partition: cpu``, ``gres: "gpu:1"``) and these: ``cpus``, which
is ``cpus-per-task`` and the number of runs at once in each element; ``time``; ``parallelism``, how many elements run at
once; ``setup``, lines of shell before the worker; ``signal_delay_s``, how long before its end a job is told.
"""

from __future__ import annotations

import math
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.errors import RnnbenchError
from bench.execute.executors import whole_number
from bench.execute.launch import Launch
from bench.execute.slurm_job import SlurmWorker

if TYPE_CHECKING:
    import submitit

OUTLIVES = True
_WORKERS = 8
_LOOK_S = 5.0
_PATIENCE_S = 60.0
_WARNING_S = 30
"""Before the end of its time Slurm tells a job, and may do so half a minute early."""
_TIMES_UP = 100
"""How often an element whose time was up goes on: more would be a run that never gets on."""
_MAX_ARRAY_SIZE = 1001
"""Slurm's default."""
_OURS = ("cpus", "time", "parallelism", "setup", "signal_delay_s")


class _Jobs:
    def __init__(self, jobs: Sequence[str]) -> None:
        self._jobs, self._looked, self._over = jobs, 0.0, False

    def __str__(self) -> str:
        return f"Slurm jobs {', '.join(self._jobs)}: `squeue --jobs {','.join(self._jobs)}`, `scancel` ends them"

    def wait(self, timeout_s: float) -> bool:
        time.sleep(timeout_s)
        if not self._over and time.monotonic() - self._looked >= _LOOK_S:
            self._over = _none_left(self._jobs)
            self._looked = time.monotonic()
        return self._over

    def stop(self) -> None:
        end = time.monotonic() + _PATIENCE_S
        if not self._over:
            _call("scancel", *self._jobs)
        while not self._over and time.monotonic() < end:
            time.sleep(0.5)
            self._over = _none_left(self._jobs)


def workers() -> int:
    """Few, but no less than most clusters give at once."""
    return _WORKERS


def start(launch: Launch) -> _Jobs:
    """Submits the workers, at most as many as there are runs, in arrays of the size that the cluster allows.

    Raises:
        RnnbenchError: when there is no submitit or no Slurm, or Slurm refuses the first array.
    """
    options = {str(key).replace("-", "_"): value for key, value in launch.options.items()}
    if "cpus_per_task" in options:
        options.setdefault("cpus", options.pop("cpus_per_task"))
    cpus = whole_number(options, "cpus", 1)
    launch = replace(launch, workers=max(1, min(launch.workers, math.ceil(len(launch.runs) / cpus))))
    sizes = _sizes(launch.workers, _largest_array())
    minutes = minutes_of(options.get("time", 60))
    parallelism = max(1, whole_number(options, "parallelism", launch.workers) // len(sizes))
    executor, setup = _executor(launch), options.get("setup", ())
    executor.update_parameters(
        job_name=f"rnnbench-{launch.grid}",
        time=minutes,
        cpus_per_task=cpus,
        signal_delay_s=whole_number(options, "signal_delay_s", _WARNING_S),
        array_parallelism=parallelism,
        setup=[setup] if isinstance(setup, str) else list(setup),
        stderr_to_stdout=True,
        additional_parameters={"requeue": True, **{key: options[key] for key in options if key not in _OURS}},
    )
    worker = SlurmWorker(launch.command(cpus), minutes)
    jobs: list[str] = []
    for size in sizes:
        try:
            with executor.batch():
                elements = [executor.submit(worker) for _ in range(size)]
            jobs.append(elements[0].job_id.partition("_")[0])
        except Exception as error:  # submitit's own, whose text is that of sbatch
            if jobs:  # a limit on jobs: fewer workers do the same runs
                break
            raise RnnbenchError(f"Slurm refuses the workers: {_last_line(error)}") from None
    return _Jobs(jobs)


def _executor(launch: Launch) -> submitit.SlurmExecutor:
    try:
        import submitit
    except ImportError:
        raise RnnbenchError("--executor slurm needs submitit: pip install 'rnnbench[slurm]'") from None
    try:
        return submitit.SlurmExecutor(launch.results.resolve() / "workers", max_num_timeout=_TIMES_UP)
    except RuntimeError:
        raise RnnbenchError("there is no Slurm here (no srun on the PATH): submit from a login node") from None


def minutes_of(limit: Any) -> int:
    """Returns a time limit in whole minutes, given as Slurm takes it: ``90``, ``1:30:00``, ``2-12`` (days and hours).

    Raises:
        RnnbenchError: when it is none.
    """
    found = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", str(limit))
    if not found:
        raise RnnbenchError(f"time: {limit!r} is no time limit of Slurm: write 90 (minutes), 1:30:00 or 2-12")
    days, *rest = found.groups()
    fields = [int(field) for field in rest if field is not None]
    if days is not None:  # days-hours:minutes:seconds
        hours, minutes, seconds = [*fields, 0, 0][:3]
    elif len(fields) == 3:
        hours, minutes, seconds = fields
    else:
        hours, (minutes, seconds) = 0, [*fields, 0][:2]
    whole = math.ceil(int(days or 0) * 1440 + hours * 60 + minutes + seconds / 60)
    if not whole:
        raise RnnbenchError("time: 0 is no limit for workers: give them minutes, 1:30:00 or 2-12")
    return whole


def _sizes(workers: int, largest: int) -> list[int]:
    """Deals workers into arrays that are about equally large."""
    count = math.ceil(workers / largest)
    return [workers // count + (number < workers % count) for number in range(count)]


def _largest_array() -> int:
    """How many elements an array of this cluster may have."""
    found = re.search(r"MaxArraySize\s*=\s*(\d+)", _call("scontrol", "show", "config"))
    return max(1, int(found[1]) if found else _MAX_ARRAY_SIZE)


def _none_left(jobs: Sequence[str]) -> bool:
    """Whether no job is in the queue any more; no, while Slurm does not answer."""
    try:
        asked = subprocess.run(
            ["squeue", "--noheader", "--format", "%A", "--jobs", ",".join(jobs)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    return not asked.stdout.strip() and (asked.returncode == 0 or "Invalid job id" in asked.stderr)


def _call(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line] or lines[-1:]
    return told[0].rpartition("error:")[2].strip() if told else type(error).__name__
