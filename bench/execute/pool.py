"""Processes: one per run or pack, so that a crash is one failed run, and as many at once as there are cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from bench import record
from bench.errors import RnnbenchError
from bench.record import Record
from bench.startup import fork_server
from bench.status import Status
from bench.train import Job

_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Event:
    """Something that happened to a run.

    Attributes:
        job: the run.
        kind: ``started`` (again, after the process of its pack died), ``epoch``, or ``ended``.
        epoch: epochs finished so far.
        record: what the run left, once it has ended; ``None`` when its process wrote nothing.
        reason: then, why.
    """

    job: Job
    kind: str
    epoch: int = 0
    record: Record | None = None
    reason: str = ""


@dataclass
class _Running:
    jobs: tuple[Job, ...]
    stamps: tuple[int | None, ...]
    process: ForkServerProcess
    pipe: Connection


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_jobs(packs: Sequence[tuple[Job, ...]], workers: int) -> Generator[Event]:
    """Runs jobs, at most ``workers`` processes at once, and tells what happens.

    A process that dies without a word leaves a ``failed`` record with its exit code; the others go on. If it had
    several runs, each that was not over is tried once more, by itself. Closing the generator (or an exception, such as
    the user's interrupt) stops the running ones, which record ``interrupted``.

    Args:
        packs: the runs of each process, in the order to start them.
        workers: at least 1.
    """
    context = fork_server()
    waiting, running = deque(packs), list[_Running]()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_start(context, waiting.popleft()))
                yield from (Event(job, "started") for job in running[-1].jobs)
            sources: list[Any] = [each.process.sentinel for each in running]
            sources += [each.pipe for each in running if not each.pipe.closed]
            wait(sources)
            for each in list(running):
                yield from (Event(each.jobs[number], "epoch", epoch=epoch) for number, epoch in _epochs(each.pipe))
                if not each.process.is_alive():
                    running.remove(each)
                    each.process.join()
                    for job, stamp in zip(each.jobs, each.stamps, strict=True):
                        if len(each.jobs) > 1 and _died(job, stamp, each.process):
                            waiting.append((job,))
                        else:
                            yield _outcome(job, stamp, each.process)
    finally:
        _stop(running)


def _start(context: ForkServerContext, jobs: tuple[Job, ...]) -> _Running:
    for job in jobs:
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RnnbenchError(f"cannot write to {job.folder}: {error.strerror}; choose another with --out") from None
    stamps = tuple(_stamp(job.folder) for job in jobs)
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(jobs, writer), name=jobs[0].spec.id)
    process.start()
    writer.close()
    return _Running(jobs, stamps, process, reader)


def _work(jobs: tuple[Job, ...], writer: Connection) -> None:
    """The body of a process; what it imports is there already, in the server that it was forked from."""
    from bench.execute.worker import work

    work(jobs, writer)


def _epochs(pipe: Connection) -> Iterator[tuple[int, int]]:
    """What has come down the pipe; closes it at its end."""
    try:
        while not pipe.closed and pipe.poll():
            yield pipe.recv()
    except (EOFError, OSError):
        pipe.close()


def _died(job: Job, stamp: int | None, process: ForkServerProcess) -> bool:
    """Whether a process ended before a run of its, and could not say so."""
    if process.exitcode == 0 or record.is_held(job.folder):
        return False
    return _stamp(job.folder) == stamp or record.read(job.folder).status is Status.RUNNING


def _outcome(job: Job, stamp: int | None, process: ForkServerProcess) -> Event:
    """The end of a run: the record that its process left, or that is written for it when it could not."""
    code = process.exitcode
    how = f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    if record.is_held(job.folder):
        return Event(job, "ended", reason="is being worked on by another process")
    if code == 0 and _stamp(job.folder) == stamp:  # another process had it, and may be done
        left = record.read(job.folder) if stamp is not None else None
        done = left is not None and left.status is Status.DONE
        return Event(job, "ended", record=left if done else None, reason="" if done else "another process works on it")
    if _stamp(job.folder) == stamp:
        return Event(job, "ended", reason=f"died before its first record ({how})")
    left = record.read(job.folder)
    if left.status is Status.RUNNING:
        left = left.model_copy(update={"status": Status.FAILED, "reason": f"the process died ({how})"})
        record.write(job.folder, left)
    return Event(job, "ended", record=left)


def _stamp(folder: Path) -> int | None:
    """When the record was last written; ``None`` when there is none."""
    with suppress(OSError):
        return (folder / "record.json").stat().st_mtime_ns
    return None


def _stop(running: list[_Running]) -> None:
    for each in running:
        with suppress(ValueError, OSError):
            each.process.terminate()
    for each in running:
        each.process.join(_PATIENCE_S)
        if each.process.is_alive():
            each.process.kill()
            each.process.join()
