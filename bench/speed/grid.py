"""Eight short runs from nothing to their end: start of the interpreter, imports, training, records.

Ours: worker processes forked from one that has imported everything, as many as cores, one thread each, runs of small
cells trained together. The usual way: a new process for each run, one after another, with all of torch's threads.
"""

from __future__ import annotations

import multiprocessing.connection
import multiprocessing.process
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.errors import RnnbenchError
from bench.speed import peer
from bench.speed.report import Comparison, Row
from bench.startup import fork_server

RUNS = 8
_PEER_RUNS = 2
"""They come one after another, so two tell how long eight take."""
_TARGET = 10.0
GRIDS = {"small": ((28, 64, 28, 32), 400), "kws": ((99, 100, 32, 100), 60)}
"""T, B, D, H and optimizer steps of a run."""
_PACKED_TO = 64
_WORKERS = """
import sys
from bench.startup import fork_server
fork_server(tracked=False)
from bench.speed.grid import workers
workers([int(each) for each in sys.argv[1:]])
"""


def share(numbers: list[int], seeds: list[int]) -> None:
    """Some of the runs by the harness, in a worker."""
    from bench.speed import runs
    from bench.train import runtime

    runtime.setup()
    T, B, D, H, steps = numbers
    runs.do([runs.spec(B, H, steps, seed) for seed in seeds], runs.dataset(T, B, D), together=len(seeds) > 1)


def workers(numbers: list[int]) -> None:
    """All runs, as many processes at once as there are cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    context, seeds = fork_server(), list(range(RUNS))
    packs = [seeds[n::cores] for n in range(cores)] if numbers[3] <= _PACKED_TO else [[seed] for seed in seeds]
    waiting = [context.Process(target=share, args=(numbers, pack)) for pack in packs if pack]
    running: list[multiprocessing.process.BaseProcess] = []
    while waiting or running:
        while waiting and len(running) < cores:
            running.append(waiting.pop())
            running[-1].start()
        multiprocessing.connection.wait([each.sentinel for each in running])
        for each in [each for each in running if not each.is_alive()]:
            running.remove(each)
            if each.exitcode:
                raise RuntimeError(f"a run ended with exit code {each.exitcode}")


def _seconds(*commands: list[str]) -> float:
    """Wall seconds of commands, one after another."""
    began = time.monotonic()
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RnnbenchError(f"{command[0]} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return time.monotonic() - began


def compare_grid(shapes: Sequence[str], python: Path | None) -> Comparison:
    """Times eight short runs, ours and the usual way, by the clock: nothing else should run.

    Args:
        shapes: names of :data:`GRIDS`.
        python: the interpreter of an environment with ``edgeml-pytorch``.

    Raises:
        RnnbenchError: when a run fails.
    """
    found = Comparison(f"{RUNS} runs, start-up included (seconds of a run in place of ms; ratio: of runs an hour)")
    for name in shapes:
        shape, steps = GRIDS[name]
        numbers = [str(each) for each in (*shape, steps)]
        ours = _seconds([sys.executable, "-c", _WORKERS, *numbers]) / RUNS
        other, interpreter = ("EdgeML", str(python)) if python else ("nn.LSTM", sys.executable)
        theirs = _seconds(*([[interpreter, peer.__file__, other, *numbers]] * _PEER_RUNS)) / _PEER_RUNS
        row = Row(
            f"{name}, {steps} steps",
            f"FastGRNN, {RUNS} runs",
            f"{other}, a process per run",
            theirs / ours,
            _TARGET if python else None,
            ours,
            theirs,
            at_least=True,
        )
        found.rows.append(row)
    if python is None:
        found.notes.append("EdgeML's cell was not measured: name an environment that has it with --peer-python")
    return found
