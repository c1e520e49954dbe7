"""Times eight short runs as a whole: start of the interpreter, imports, training, records.

Ours: as many worker processes as cores, forked from a process that has imported everything, with a thread each; small
runs are trained together. The usual way: a new process per run, one after another, with all of torch's threads.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.errors import RnnbenchError
from bench.speed import peer
from bench.speed.report import Comparison, Row
from bench.speed.workers import RUNS

_PEER_RUNS = 2
"""The peer's runs follow one another, so two tell how long eight take."""
_TARGET = 10.0
GRIDS = {"small": ((28, 64, 28, 32), 400), "kws": ((99, 100, 32, 100), 60)}
"""The T, B, D, H and optimizer steps of a run."""
_WORKERS = "import sys; from bench.speed.workers import workers; workers([int(word) for word in sys.argv[1:]])"


def _seconds(*commands: list[str]) -> float:
    """The wall seconds of commands, run one after another."""
    began = time.monotonic()
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RnnbenchError(f"{command[0]} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return time.monotonic() - began


def compare_grid(shapes: Sequence[str], python: Path | None) -> Comparison:
    """Times eight short runs, ours and the usual way, by the wall clock; nothing else should run meanwhile.

    Args:
        shapes: the names of :data:`GRIDS` to run.
        python: the interpreter of an environment with ``edgeml-pytorch``.

    Raises:
        RnnbenchError: when a run fails.
    """
    comparison = Comparison(f"{RUNS} runs, start-up included (seconds of a run in place of ms; ratio: of runs an hour)")
    for name in shapes:
        shape, steps = GRIDS[name]
        numbers = [str(number) for number in (*shape, steps)]
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
        comparison.rows.append(row)
    if python is None:
        comparison.notes.append("EdgeML's cell was not measured: name an environment that has it with --peer-python")
    return comparison
