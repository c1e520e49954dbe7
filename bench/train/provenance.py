"""Where and with what a run is made."""

from __future__ import annotations

import os
import platform
import resource
import socket
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("rnnbench", "torch", "lightning", "numpy", "wandb", "pandas")


def provenance() -> dict[str, Any]:
    """Where and with what something is made: versions and machine."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "host": socket.gethostname(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def peak_memory_mb() -> float:
    """The most memory that this process has held at once, in 2^20 bytes."""
    unit = 1024 if platform.system() == "Darwin" else 1  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit / 1024


@cache
def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@cache
def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
