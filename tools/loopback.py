"""A Slurm of one node on this machine, for tests and for ``tools/faults.py``: ``tools/slurm.sh``, from Python."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

SCRIPT = Path(__file__).with_name("slurm.sh")
_PATIENCE_S = 60


def absent() -> str:
    """Says why there can be no Slurm here; empty when there can be one."""
    if missing := [name for name in ("slurmctld", "slurmd", "munged", "ip", "nsenter") if not shutil.which(name)]:
        return f"{missing[0]} is not installed: apt-get install slurm-wlm munge iproute2"
    if os.geteuid() != 0:
        return "only root may start Slurm's daemons"
    alone = subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True)  # noqa: S607
    return "there are no network namespaces here" if alone.returncode else ""


class Slurm:
    """A Slurm in a network namespace of its own.

    Args:
        folder: keeps all its files.
        lines: that are added to its configuration.
    """

    def __init__(self, folder: Path, *lines: str) -> None:
        self._folder = folder
        subprocess.run(["/bin/sh", SCRIPT, "start", folder, *lines], check=True, timeout=_PATIENCE_S)

    def inside(self, *command: object) -> list[str]:
        """The words of a command that is to be given where this Slurm is."""
        return ["/bin/sh", str(SCRIPT), "in", str(self._folder), *map(str, command)]

    def ask(self, *command: object) -> str:
        """Returns what a command of Slurm prints, whether or not it succeeds."""
        return subprocess.run(self.inside(*command), capture_output=True, text=True, check=False, timeout=300).stdout

    def elements(self, *options: str) -> list[str]:
        """Ids of the elements of arrays in the queue, or of those that options of ``squeue`` choose."""
        return self.ask("squeue", "--noheader", "--array", "--format", "%i", *options).split()

    def running(self) -> list[str]:
        """Ids of the elements that run."""
        return self.elements("--states", "RUNNING")

    def lose_the_node(self) -> None:
        """Kills the node's daemon; what it has started goes on."""
        os.kill(int((self._folder / "slurmd.pid").read_text()), signal.SIGKILL)

    def find_the_node(self) -> None:
        """Starts the node's daemon again."""
        subprocess.run(["/bin/sh", SCRIPT, "node", self._folder], check=True)

    def clear(self) -> None:
        """Cancels all jobs, and waits until they are gone."""
        self.ask("scancel", "--user", "root")
        end = time.monotonic() + _PATIENCE_S
        while self.elements() and time.monotonic() < end:
            time.sleep(0.5)

    def stop(self) -> None:
        """Ends its jobs and daemons."""
        self.clear()
        subprocess.run(["/bin/sh", SCRIPT, "stop", self._folder], check=False)
