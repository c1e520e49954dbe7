"""Who works for a grid, what of it can be killed, and a grid run to its end meanwhile; for ``tools/faults.py``."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.claims import Holder

from loopback import Slurm  # isort: skip

_PATIENCE_S = 300
_STARTS = 100
"""Times that a round's command is given, at most."""


@dataclass
class Fleet:
    """A command that runs the grid, and who works for it.

    Attributes:
        command: of the launcher.
        results: the results folder.
        environment: of the processes.
        slurm: what starts the workers; ``None`` when the launcher does.
    """

    command: list[str]
    results: Path
    environment: dict[str, str]
    slurm: Slurm | None = None
    launcher: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def up(self) -> bool:
        """Whether the launcher is alive."""
        return self.launcher is not None and self.launcher.poll() is None

    @property
    def over(self) -> bool:
        """Whether the launcher has said that all runs are done."""
        return self.launcher is not None and self.launcher.poll() == 0

    def start(self) -> None:
        """Gives the command, once more."""
        self.starts += 1
        command = self.slurm.inside(*self.command) if self.slurm else self.command
        with (self.results.parent / f"{self.results.name}.log").open("ab") as log:
            self.launcher = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def end(self) -> None:
        """Kills whoever is still there."""
        if self.launcher is not None and self.up:
            os.killpg(self.launcher.pid, signal.SIGKILL)
        if self.slurm:
            self.slurm.clear()

    def trainers(self) -> list[int]:
        """The processes that have claimed runs, without the launcher itself."""
        names = [path.name for path in self.results.glob("runs/*/claim/*")]
        own = None if self.launcher is None else self.launcher.pid
        return sorted({Holder.parse(name).pid for name in names} - {own})


Strike = Callable[[Fleet, random.Random], bool]
"""Kills something of a fleet; whether there was something to be killed."""


def _trainer(number: signal.Signals) -> Strike:
    def strike(fleet: Fleet, draw: random.Random) -> bool:
        pids = fleet.trainers()
        return bool(pids) and _kill(os.kill, draw.choice(pids), number)

    return strike


def _launcher(number: signal.Signals, everybody: bool = False) -> Strike:
    def strike(fleet: Fleet, draw: random.Random) -> bool:
        return fleet.launcher is not None and _kill(os.killpg if everybody else os.kill, fleet.launcher.pid, number)

    return strike


def _kill(how: Callable[[int, int], None], pid: int, number: signal.Signals) -> bool:
    try:
        how(pid, number)
    except ProcessLookupError:
        return False
    return True


def _element(*command: str) -> Strike:
    def strike(fleet: Fleet, draw: random.Random) -> bool:
        running = fleet.slurm.running() if fleet.slurm else []
        if running and fleet.slurm:
            fleet.slurm.ask(*command, draw.choice(running))
        return bool(running)

    return strike


def _node(fleet: Fleet, draw: random.Random) -> bool:
    if fleet.slurm:
        fleet.slurm.lose_the_node()
        time.sleep(draw.uniform(1, 4))
        fleet.slurm.find_the_node()
    return fleet.slurm is not None


_COMMON: dict[str, Strike] = {
    "the process of a run, SIGKILL": _trainer(signal.SIGKILL),
    "the process of a run, SIGTERM": _trainer(signal.SIGTERM),
    "the launcher, SIGKILL": _launcher(signal.SIGKILL),
    "the launcher, SIGTERM": _launcher(signal.SIGTERM),
}
STRIKES: dict[str, dict[str, Strike]] = {
    "local": {**_COMMON, "launcher, server and runs at once, SIGKILL": _launcher(signal.SIGKILL, everybody=True)},
    "slurm": {
        **_COMMON,
        "`scancel` of a worker": _element("scancel"),
        "`scontrol requeue` of a worker": _element("scontrol", "requeue"),
        "`scancel --signal USR2` of a worker, as when its time ends": _element("scancel", "--signal", "USR2"),
        "the node's slurmd, SIGKILL, started again": _node,
    },
}
"""By executor."""
ANY = "any of these"


class Watch:
    """Remembers the records that are done, and counts those that were written again."""

    def __init__(self, results: Path) -> None:
        self._results, self._seen = results, dict[Path, bytes]()
        self.twice = 0

    def look(self) -> None:
        """Looks at every record."""
        for path in self._results.glob("runs/*/record.json"):
            text = path.read_bytes()
            if path not in self._seen and b'"status": "done"' in text:
                self._seen[path] = text
            elif self._seen.get(path, text) != text:
                self.twice += 1
                self._seen[path] = text


def play(fleet: Fleet, strike: Strike | None, kills: int, mean_s: float, draw: random.Random) -> tuple[int, int]:
    """Runs the grid to its end and kills now and then; returns how many kills hit, and records written again.

    Args:
        fleet: with an empty results folder.
        strike: ``None`` leaves the grid in peace.
        kills: at most.
        mean_s: the mean time between two, exponentially distributed; it begins when a run is claimed.
        draw: draws moments and victims.
    """
    watch, hits, end = Watch(fleet.results), 0, time.monotonic() + _PATIENCE_S + 30 * kills
    try:
        while not fleet.over:
            if not fleet.up:
                if fleet.starts == _STARTS or time.monotonic() > end:
                    break
                fleet.start()
            _until(lambda: not fleet.up or bool(fleet.trainers()), _PATIENCE_S, watch)
            wait_s = draw.expovariate(1 / mean_s) if strike and hits < kills else _PATIENCE_S
            _until(lambda: not fleet.up, wait_s, watch)
            if strike and hits < kills and fleet.up:
                hits += strike(fleet, draw)
                _until(lambda: not fleet.up, 0.3, watch)
    finally:
        fleet.end()
    watch.look()
    return hits, watch.twice


def _until(condition: Callable[[], bool], patience_s: float, watch: Watch) -> None:
    end = time.monotonic() + patience_s
    while not condition() and time.monotonic() < end:
        watch.look()
        time.sleep(0.05)
