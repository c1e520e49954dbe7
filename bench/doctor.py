"""Checks of this machine, each with the command that mends what does not work: ``rnnbench doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

State = Literal["works", "absent", "broken"]
_LEAST_MB, _ROOM_MB = 200, 2000
_WHERE = ("prepared", "files are here", "fetched at first use", "yours to bring")
_TEX = ("booktabs.sty", "siunitx.sty")
_TEX_PACKAGES = "texlive-latex-base texlive-latex-recommended texlive-science"


class Finding(NamedTuple):
    """The finding on one item.

    Attributes:
        item: what was looked at.
        state: ``works``; ``absent``, for what rnnbench can do without; ``broken``, for what it cannot.
        what: in a few words.
        mend: the command, or what to do; empty where there is nothing to mend.
    """

    item: str
    state: State
    what: str
    mend: str = ""


def findings() -> Iterator[Finding]:
    """Looks at one thing after another; a check that fails itself is a finding, too. Waits some seconds at most."""
    for name, check in CHECKS.items():
        try:
            yield from check()
        except Exception as error:  # a broken installation breaks in its own ways
            line = str(error).strip().partition("\n")[0]
            yield Finding(name, "broken", f"{type(error).__name__}: {line}", "install rnnbench anew")


def _packages() -> Iterator[Finding]:
    from packaging.requirements import Requirement

    python = f"Python {platform.python_version()}"
    needs = [Requirement(text) for text in metadata.requires("rnnbench") or ()]
    faults = []
    for need in (need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})):
        try:
            version = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            faults.append(f"{need.name} is not installed")
            continue
        if not need.specifier.contains(version, prereleases=True):
            faults.append(f"{need.name} {version} is not {need.specifier}")
    if faults:
        yield Finding("packages", "broken", "; ".join(faults), "pip install rnnbench, or make setup")
    else:
        yield Finding("packages", "works", f"{python}, rnnbench {metadata.version('rnnbench')} and what it needs")


def _torch() -> Iterator[Finding]:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = f"{cores} cores, one thread for every run"
    yield Finding("torch", "works", f"{torch.__version__}, {threads}")
    if torch.cuda.is_available():
        yield Finding("CUDA", "works", f"{torch.cuda.get_device_name()}: used with RNNBENCH_DEVICE=auto")
    else:
        yield Finding("CUDA", "absent", "no GPU that torch can use: runs train on the CPU")


def _kernels() -> Iterator[Finding]:
    from cells import scan
    from cells.fastrnn import FastRNN

    if why := scan.why_not(FastRNN(2, 4)):
        turned_off = "turned off" in why
        mend = "unset RNNBENCH_KERNELS" if turned_off else "apt-get install g++, or on macOS xcode-select --install"
        yield Finding("kernels", "absent", f"{why}: cells run step by step, several times slower", mend)
    else:
        yield Finding("kernels", "works", f"compiled by a C++ compiler, kept in {scan.cache_folder()}")


def _toolchains() -> Iterator[Finding]:
    from bench.mcu.simulate import missing
    from bench.mcu.target import targets

    for name, target in targets().items():
        lack, _, mend = missing(target).partition(" (")
        if lack:
            yield Finding(f"simulator {name}", "absent", f"no {lack}: `rnnbench simulate` needs it", mend.rstrip(")"))
        else:
            yield Finding(f"simulator {name}", "works", f"{target.compiler} and a simulated processor")


def _tex() -> Iterator[Finding]:
    mend = f"apt-get install {_TEX_PACKAGES}"
    if shutil.which("pdflatex") is None:
        yield Finding("TeX", "absent", "no pdflatex; tables are written all the same", mend)
        return
    lacking = [name for name in _TEX if not _kpsewhich(name)]
    if lacking:
        yield Finding("TeX", "absent", f"no {' and no '.join(lacking)}, which the tables need", mend)
    else:
        yield Finding("TeX", "works", "pdflatex, booktabs, siunitx")


def _kpsewhich(name: str) -> bool:
    try:
        found = subprocess.run(["kpsewhich", name], capture_output=True, timeout=20, check=False)  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return False
    return found.returncode == 0


def _wandb() -> Iterator[Finding]:
    from bench.errors import RnnbenchError
    from bench.track import NoServerError, check_login, reach

    mode = os.environ.get("WANDB_MODE")
    set_to = f"; WANDB_MODE={mode} is set, and --wandb decides" if mode else ""
    try:
        check_login()
    except RnnbenchError:
        what = f"offline files need no login{set_to}"
        yield Finding("W&B", "absent", f"no login: {what}", "wandb login, for --wandb online and rnnbench sync")
        return
    try:
        entity = reach()
    except NoServerError as error:
        what = f"{error}: runs keep offline files{set_to}"
        yield Finding("W&B", "absent", what, "wandb login --relogin, or rnnbench sync RESULTS when it is back")
    else:
        yield Finding("W&B", "works", f"logged in{f' as {entity}' if entity else ''}{set_to}")


def _data() -> Iterator[Finding]:
    from bench.data import absent, available, data_folder, infos, prepared

    names: dict[str, list[str]] = {where: [] for where in _WHERE}
    for name in infos():
        here = prepared(name), available(name), not absent(name)
        names[_WHERE[here.index(True) if any(here) else -1]].append(name)
    what = "; ".join(f"{where}: {' '.join(found)}" for where, found in names.items() if found)
    missing = names[_WHERE[-1]]
    mend = f"rnnbench data prepare {missing[0]} says what to put where" if missing else ""
    yield Finding("data", "works" if not missing else "absent", f"in {data_folder()}; {what}", mend)


def _disk() -> Iterator[Finding]:
    from bench.data import data_folder
    from cells.scan import cache_folder

    places = {"results": Path.cwd(), "data": data_folder(), "kernels": cache_folder()}
    for name, folder in places.items():
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free / 2**20
        if not os.access(there, os.W_OK):
            yield Finding(f"disk, {name}", "broken", f"{there} cannot be written", "choose another folder")
        elif free < _LEAST_MB:
            yield Finding(f"disk, {name}", "broken", f"{free:,.0f} MB free in {there}", "make room, or choose another")
        else:
            little = " are little: data sets take up to some GB" if free < _ROOM_MB else ""
            yield Finding(f"disk, {name}", "works", f"{free / 1024:,.1f} GB free in {there}{little}")


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "packages": _packages,
    "torch": _torch,
    "kernels": _kernels,
    "simulators": _toolchains,
    "TeX": _tex,
    "W&B": _wandb,
    "data": _data,
    "disk": _disk,
}
"""The checks by name, in the order to make them."""
