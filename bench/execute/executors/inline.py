"""One worker in this process, run after run, for a debugger or a notebook: a crash of one run ends all."""

from __future__ import annotations

from bench import claims
from bench.execute.child import logging_to, train_here
from bench.execute.executors import refuse_others
from bench.execute.launch import Launch, cores
from bench.execute.pull import Pull
from bench.status import Status


class _Ended:
    def wait(self, timeout_s: float) -> bool:
        return True

    def stop(self) -> None:
        pass


def workers() -> int:
    """As many as ``local`` has, so that packs are the same."""
    return cores()


def start(launch: Launch) -> _Ended:
    """Does all runs before it returns."""
    refuse_others(launch, "inline")
    pull = Pull(launch)
    while runs := pull.claim():
        jobs = [run.job for run in runs]
        with claims.beating([run.claim for run in runs]), logging_to(jobs):
            records = train_here(jobs)
        if any(record.status is Status.INTERRUPTED for record in records):
            raise KeyboardInterrupt
        if launch.fail_fast and any(record.status is Status.FAILED for record in records):
            break
    return _Ended()
