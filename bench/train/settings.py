"""Settings of a worker process: few, and recorded with every run."""

from __future__ import annotations

import ctypes
import os
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
import torch.utils.deterministic

from bench.errors import RnnbenchError
from cells import Cell, scan

_WORDS = {"kernels": ("auto", "off"), "device": ("cpu", "auto")}


@dataclass(frozen=True)
class Settings:
    """The settings of training, each chosen by an environment variable; docs/speed.md says what each costs and gains.

    Attributes:
        threads: ``RNNBENCH_THREADS``. Two are slower for these sizes, and another number gives other last bits.
        flush_denormal: ``RNNBENCH_FLUSH_DENORMAL``. Numbers below the normal range of floats become 0: vanishing
            gradients are full of them, and a processor takes many times longer for each.
        keep_freed_memory: ``RNNBENCH_KEEP_FREED_MEMORY``. The buffers of a sequence otherwise page-fault at every step
            (glibc only).
        fused_optimizer: ``RNNBENCH_FUSED_OPTIMIZER``. One pass over the parameters instead of several.
        kernels: ``RNNBENCH_KERNELS``, ``auto`` or ``off``: compiled sequence kernels.
        device: ``RNNBENCH_DEVICE``, ``cpu`` or ``auto``: where to train; ``auto`` is CUDA where there is one. Kernels
            are for the CPU, so a single small run is slower there.
    """

    threads: int = 1
    flush_denormal: bool = True
    keep_freed_memory: bool = True
    fused_optimizer: bool = True
    kernels: str = "auto"
    device: str = "cpu"

    @classmethod
    def chosen(cls) -> Settings:
        """The settings of the environment.

        Raises:
            RnnbenchError: when a variable has a value that it cannot have.
        """
        return cls(**{field.name: choice(field.name, field.default) for field in fields(cls)})


def choice(name: str, default: Any) -> Any:
    """The value of a variable of the environment, ``RNNBENCH_NAME``; the default where there is none.

    Raises:
        RnnbenchError: when it is not of the default's kind.
    """
    variable = f"RNNBENCH_{name.upper()}"
    text = os.environ.get(variable, "").strip().lower()
    if not text:
        return default
    if isinstance(default, bool) and text in ("on", "off"):
        return text == "on"
    words = _WORDS.get(name, ())
    if text in words:
        return text
    if not isinstance(default, (bool, str)) and text.isdecimal() and int(text) > 0:
        return int(text)
    kinds = {bool: "on or off", str: " or ".join(words)}
    raise RnnbenchError(f"{variable} must be {kinds.get(type(default), 'a whole number above 0')}, not {text!r}")


_current = Settings()


def current() -> Settings:
    """The settings of this process: the defaults until :func:`setup`."""
    return _current


def device() -> torch.device:
    """Where this process trains."""
    wanted = _current.device == "auto" and torch.cuda.is_available()
    return torch.device("cuda" if wanted else "cpu")


def engine(cells: Iterable[Cell]) -> str:
    """The engine that has run cells in this process, whatever was asked for: see :func:`cells.scan.engine`."""
    found = {scan.engine(cell) if device().type == "cpu" else "step by step" for cell in cells}
    return "; ".join(sorted(found))


def setup(settings: Settings | None = None) -> dict[str, Any]:
    """Sets the process up for small recurrent networks; call before any tensor is made.

    Kernels must be deterministic. New tensors are left as they are all the same: torch otherwise fills each with NaN.

    Args:
        settings: those of the environment when ``None``.

    Returns:
        What was set, for the record.
    """
    global _current
    _current = Settings.chosen() if settings is None else settings
    torch.set_flush_denormal(_current.flush_denormal)
    torch.set_num_threads(_current.threads)
    if (scan.in_use(), scan.threads()) != (_current.kernels, _current.threads):  # else a warm worker keeps its kernels
        scan.use(_current.kernels, threads=_current.threads)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    warnings.filterwarnings("ignore", message=".*LeafSpec.*")  # lightning on torch 2.13
    warnings.filterwarnings("ignore", message="You defined a `validation_step` but")  # all data may be trained on
    keeps = _current.keep_freed_memory and _keep_freed_memory()
    where = device().type
    if where == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else its products are not deterministic
        where = f"cuda ({torch.cuda.get_device_name()})"
    return {**asdict(_current), "deterministic": True, "keep_freed_memory": keeps, "device": where}


def _keep_freed_memory() -> bool:
    """Tells glibc to serve large blocks from the heap and to give nothing back; whether it obeyed."""
    m_trim_threshold, m_top_pad, m_mmap_max = -1, -2, -4  # malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    settings = ((m_mmap_max, 0), (m_trim_threshold, 2**31 - 1), (m_top_pad, 64 * 2**20))
    return all(mallopt(option, value) == 1 for option, value in settings)
