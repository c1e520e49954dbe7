"""One run from specification to record."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.train.cell import derive_seed
    from bench.train.classification.network import Network, build
    from bench.train.job import Job
    from bench.train.pack import run_pack
    from bench.train.runner import run
    from bench.train.signals import Interrupted
    from bench.train.task import shape_of

__all__ = ["Interrupted", "Job", "Network", "build", "derive_seed", "run", "run_pack", "shape_of"]

_MODULES = {
    "Job": "job",
    **dict.fromkeys(("Network", "build"), "classification.network"),
    "derive_seed": "cell",
    "run_pack": "pack",
    "run": "runner",
    "shape_of": "task",
    "Interrupted": "signals",
}


def __getattr__(name: str) -> Any:
    """Imports the module of a name when it is wanted: who plans runs needs no Lightning, which takes a second."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
