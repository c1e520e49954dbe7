"""Eight short runs from nothing to their end: start of the interpreter, imports, training.

Ours: worker processes forked from one that has imported everything, as many as cores, one thread each. The usual way:
a new process for each run, one after another, with all of torch's threads.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.errors import RnnbenchError
from bench.speed import peer
from bench.speed.report import Comparison, Row

RUNS = 8
_TARGET = 10.0
GRIDS = {"small": ((28, 64, 28, 32), 400), "kws": ((99, 100, 32, 100), 60)}
"""T, B, D, H and optimizer steps of a run."""
_WORKERS = "import sys; from bench.speed.grid import workers; workers([int(each) for each in sys.argv[1:]])"


def short_run(T: int, B: int, D: int, H: int, steps: int) -> None:
    """One run of FastGRNN by the harness, in a worker."""
    import torch

    from bench import zoo
    from bench.data import Split
    from bench.spec import TrainPart
    from bench.train import runtime
    from bench.train.callbacks import EpochEnd
    from bench.train.module import Batches, Chunks, Classification
    from bench.train.network import Network
    from bench.train.trainer import trainer as _trainer

    runtime.setup()
    x, lengths = torch.randn(B * 20, T, D), torch.full((B * 20,), T)
    split = Split(x=x, lengths=lengths, y=torch.randint(0, 12, (B * 20,)), group=torch.arange(B * 20))
    some = Split(x=x[:B], lengths=lengths[:B], y=split.y[:B], group=split.group[:B])
    network = Network(zoo.cell_class("fastgrnn")(D, H), 12)
    with tempfile.TemporaryDirectory() as folder:
        end = EpochEnd(Path(folder) / "metrics.csv", None, [])
        module = Classification(network, TrainPart(), 12, steps=steps)
        _trainer(max_epochs=steps // 20, callbacks=[end]).fit(module, Chunks(Batches(split, B, 0)), Batches(some, B))


def workers(numbers: list[int]) -> None:
    """All runs, as many at once as there are cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.execute.worker"])
    waiting = [context.Process(target=short_run, args=tuple(numbers)) for _ in range(RUNS)]
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
    found = Comparison(f"{RUNS} runs, start-up included (s in place of ms; ratio: how many times the runs an hour)")
    for name in shapes:
        shape, steps = GRIDS[name]
        numbers = [str(each) for each in (*shape, steps)]
        ours = _seconds([sys.executable, "-c", _WORKERS, *numbers])
        other, interpreter = ("EdgeML", str(python)) if python else ("nn.LSTM", sys.executable)
        theirs = _seconds(*([[interpreter, peer.__file__, other, *numbers]] * RUNS))
        target = _TARGET if python else None
        title = f"{other}, a process per run"
        where = f"{name}, {steps} steps"
        row = Row(where, "FastGRNN, workers", title, theirs / ours, target, ours, theirs, at_least=True)
        found.rows.append(row)
    return found
