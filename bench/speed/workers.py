"""Trains eight short runs of the harness in worker processes; the calling process imports little."""

from __future__ import annotations

import multiprocessing.connection
import multiprocessing.process
import os

from bench.execute.server import fork_server

RUNS = 8
_PACKED_TO = 64


def _share(numbers: list[int], seeds: list[int]) -> None:
    """Trains a share of the runs in a worker."""
    from bench.speed import runs
    from bench.train.settings import setup

    setup()
    T, B, D, H, steps = numbers
    runs.do([runs.spec(B, H, steps, seed) for seed in seeds], runs.dataset(T, B, D), together=len(seeds) > 1)


def workers(numbers: list[int]) -> None:
    """Trains all runs, in as many processes at once as there are cores.

    Args:
        numbers: T, B, D, H and the optimizer steps of a run.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    context, seeds = fork_server(tracked=False), list(range(RUNS))
    packs = [seeds[n::cores] for n in range(cores)] if numbers[3] <= _PACKED_TO else [[seed] for seed in seeds]
    waiting = [context.Process(target=_share, args=(numbers, pack)) for pack in packs if pack]
    running: list[multiprocessing.process.BaseProcess] = []
    while waiting or running:
        while waiting and len(running) < cores:
            running.append(waiting.pop())
            running[-1].start()
        multiprocessing.connection.wait([process.sentinel for process in running])
        for process in [process for process in running if not process.is_alive()]:
            running.remove(process)
            if process.exitcode:
                raise RuntimeError(f"a run ended with exit code {process.exitcode}")
