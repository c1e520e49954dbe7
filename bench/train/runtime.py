"""Settings of a worker process: few, and recorded with every run."""

from __future__ import annotations

import ctypes
import logging
import os
import platform
import resource
import socket
import subprocess
import warnings
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

_PACKAGES = ("rnnbench", "torch", "lightning", "numpy", "wandb", "pandas")


def setup(threads: int = 1) -> dict[str, Any]:
    """Sets the process up for small recurrent networks; call before any tensor is made.

    One thread, because two are slower for these sizes and another number of threads gives other last bits. Numbers
    below the normal range of floats become 0, because vanishing gradients are full of them and a processor takes
    many times longer for each. Freed memory is kept, because the buffers of a sequence otherwise page-fault at every
    step (glibc only). Kernels must be deterministic.

    Returns:
        What was set, for the record.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*LeafSpec.*")  # lightning on torch 2.13
    return {
        "threads": threads,
        "flush_denormal": True,
        "deterministic": True,
        "keep_freed_memory": _keep_freed_memory(),
    }


def _keep_freed_memory() -> bool:
    """Tells glibc to serve large blocks from the heap and to give nothing back; whether it obeyed."""
    m_trim_threshold, m_top_pad, m_mmap_max = -1, -2, -4  # malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    settings = ((m_mmap_max, 0), (m_trim_threshold, 2**31 - 1), (m_top_pad, 64 * 2**20))
    return all(mallopt(option, value) == 1 for option, value in settings)


def provenance() -> dict[str, Any]:
    """Where and with what a run was made: versions, commit, machine."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "host": socket.gethostname(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "git": git_state(),
    }


def peak_memory_mb() -> float:
    """The most memory that this process has held at once, in 2^20 bytes."""
    unit = 1024 if platform.system() == "Darwin" else 1  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit / 1024


@cache
def git_state() -> dict[str, Any]:
    """The commit of the running code and whether the tree had changes; empty outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None or not (root / ".git").exists():
        return {}
    return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain"))}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
