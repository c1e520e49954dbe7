"""One run from specification to record."""

from bench.train.network import Network, build, derive_seed
from bench.train.runner import Interrupted, Job, run

__all__ = ["Interrupted", "Job", "Network", "build", "derive_seed", "run"]
