"""ATmega328P programs in simavr, whose host program is compiled once a session."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path

from bench.errors import RnnbenchError
from bench.mcu.emit.template import render

VERSION = "1.6"
"""Of Debian 12, whose library does not say."""


@cache
def _host() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rnnbench-simavr-"))
    (folder / "host.c").write_text(render("simavr_host.c.j2", {}), encoding="utf-8")
    command = ["gcc", "-O2", "host.c", "-o", "host", "-lsimavr", "-lelf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RnnbenchError(f"the simavr host does not build: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return folder / "host"


def run(elf: Path, limit: float) -> tuple[list[tuple[int, float]], bytes]:
    """Marks with the cycle at which they were written, and the bytes said.

    Args:
        elf: for the ATmega328P.
        limit: seconds.

    Raises:
        RnnbenchError: when the program crashes or does not end.
    """
    try:
        done = subprocess.run([_host(), elf], capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        raise RnnbenchError(
            f"{elf.name} did not end within {limit:g} s: it ends by writing to GPIOR2; --limit gives more time"
        ) from None
    if done.returncode:
        reason = {2: "is not a program", 4: "crashed or slept before its end"}.get(done.returncode, "cannot be run")
        raise RnnbenchError(f"{elf.name} {reason} on a simulated ATmega328P")
    marks, said = [], bytearray()
    for line in done.stdout.splitlines():
        kind, *numbers = line.split()
        if kind == "m":
            marks.append((int(numbers[0]), float(numbers[1])))
        elif kind == "b":
            said.append(int(numbers[0]))
    return marks, bytes(said)
