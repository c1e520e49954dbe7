"""Runs the plan: checks it first, then one process per run."""

from bench.execute.aside import aside
from bench.execute.packing import limit, packs
from bench.execute.pool import Event, run_jobs
from bench.execute.preflight import check, out_of_reach, prepare_data, prepare_results, try_out

__all__ = [
    "Event",
    "aside",
    "check",
    "limit",
    "out_of_reach",
    "packs",
    "prepare_data",
    "prepare_results",
    "run_jobs",
    "try_out",
]
