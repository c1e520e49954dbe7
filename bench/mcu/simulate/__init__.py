"""Exported code on simulated processors: cycles counted, bits compared."""

from bench.mcu.simulate.comparison import Compared, compare
from bench.mcu.simulate.example import example
from bench.mcu.simulate.run import LIMIT, Simulated, Trace, missing, run, run_elf
from bench.mcu.simulate.skipping import Skipped, skipping

__all__ = [
    "LIMIT",
    "Compared",
    "Simulated",
    "Skipped",
    "Trace",
    "compare",
    "example",
    "missing",
    "run",
    "run_elf",
    "skipping",
]
