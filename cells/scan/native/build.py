"""Compiles a kernel on its first use, and keeps it.

One small library for each cell, by the machine's own C++ compiler, in a few seconds. It is kept in the user's cache
folder under a hash of the source, the flags, the compiler and the processor, so another machine that shares the folder
builds its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_NATIVE = ("-O3", "-march=native")
_ANYWHERE = ("-O3",)
_ALWAYS = ("-std=c++17", "-fPIC", "-pthread", "-Wno-psabi")
_PATIENCE_S = 300
_DIGEST = hashlib.sha256().digest_size
_log = logging.getLogger(__name__)


class NoKernelError(Exception):
    """There is no kernel to be had on this machine; says why."""


def cache_folder() -> Path:
    """Where compiled kernels are kept: ``$RNNBENCH_KERNEL_CACHE``, or a folder of the user's cache."""
    chosen = os.environ.get("RNNBENCH_KERNEL_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "rnnbench" / "kernels"


def library(title: str, source: str) -> ctypes.CDLL:
    """The compiled kernel of a cell, built when it is not there or damaged.

    Args:
        title: what the file and the log call it.
        source: C++ that defines the type ``Own``.

    Raises:
        NoKernelError: when it cannot be built or loaded.
    """
    compiler = _compiler()
    chosen = os.environ.get("RNNBENCH_KERNEL_FLAGS")
    tries = [tuple(chosen.split())] if chosen else [_NATIVE, _ANYWHERE]
    reason = ""
    for flags in tries:
        try:
            return _load_or_build(title, source, compiler, flags)
        except NoKernelError as error:
            reason = reason or str(error)
    raise NoKernelError(reason)


def _load_or_build(title: str, source: str, compiler: str, flags: tuple[str, ...]) -> ctypes.CDLL:
    path = _path(title, source, compiler, flags, ".so")
    if _whole(path):
        with contextlib.suppress(OSError):
            return ctypes.CDLL(str(path))
    tiles = _path("tiles", "", compiler, flags, ".o")  # what no cell changes, and most of the work: once for all cells
    if not _whole(tiles):
        _compile([compiler, *flags, *_ALWAYS, "-c", str(_HERE / "tiles.cpp")], tiles, "")
    began = time.monotonic()
    parts = [f"-I{_HERE}", str(_HERE / "sequence.cpp"), str(tiles)]
    _compile([compiler, *flags, *_ALWAYS, "-shared", *parts], path, source)
    _log.info("compiled the %s kernel in %.1f s: %s", title, time.monotonic() - began, path)
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NoKernelError(f"the compiled kernel cannot be loaded: {error}") from None


def _path(title: str, source: str, compiler: str, flags: tuple[str, ...], end: str) -> Path:
    key = "\n".join([_source_hash(), source, compiler, *flags, *_ALWAYS, _processor()])
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in title.lower()).strip("-")
    return cache_folder() / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}{end}"


def _compile(command: list[str], path: Path, source: str) -> None:
    """Compiles beside ``path`` and renames, so that two processes that build at once both find a whole file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="build-") as folder:
            made = Path(folder) / path.name
            (Path(folder) / "own.h").write_text(source, encoding="utf-8")
            command = [*command, f"-I{folder}", "-o", str(made)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
            if done.returncode or not made.exists():
                text = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[:200])
                raise NoKernelError(f"{command[0]} failed: {text or f'exit code {done.returncode}'}")
            body = made.read_bytes()
            made.write_bytes(body + hashlib.sha256(body).digest())
            made.replace(path)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoKernelError(f"{type(error).__name__}: {error}") from None


def _whole(path: Path) -> bool:
    """Whether a file ends with the hash of the rest: loading half a library may kill the process."""
    try:
        body = path.read_bytes()
    except OSError:
        return False
    return len(body) > _DIGEST and hashlib.sha256(body[:-_DIGEST]).digest() == body[-_DIGEST:]


def _compiler() -> str:
    """The path of a C++ compiler: ``$CXX``, else the first of c++, g++ and clang++.

    Raises:
        NoKernelError: when there is none.
    """
    for name in filter(None, (os.environ.get("CXX"), "c++", "g++", "clang++")):
        found = shutil.which(name)
        if found:
            return found
    raise NoKernelError("there is no C++ compiler (c++, g++ or clang++) on the path")


@cache
def _source_hash() -> str:
    hasher = hashlib.sha256()
    for path in sorted(file for file in _HERE.iterdir() if file.suffix in (".h", ".cpp")):
        hasher.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()


@cache
def _processor() -> str:
    """A text that tells one kind of processor from another, for a library compiled for this very one."""
    words = {platform.machine(), platform.system()}
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "flags", "Features", "CPU part")):
                words.add(line)
    return "\n".join(sorted(words)) if len(words) > 2 else platform.processor() + platform.machine()
