"""One run from specification to record."""

from bench.train.network import Network, build, derive_seed
from bench.train.pack import run_pack, shape_of
from bench.train.runner import Job, run
from bench.train.signals import Interrupted

__all__ = ["Interrupted", "Job", "Network", "build", "derive_seed", "run", "run_pack", "shape_of"]
