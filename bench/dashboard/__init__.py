"""A grid as a whole in W&B: a summary run with its table and figures, and a workspace, as code."""

from bench.dashboard.push import push

__all__ = ["push"]
