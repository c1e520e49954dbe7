"""Exported code on simulated processors: cycles counted, bits compared."""

from bench.mcu.simulate.comparison import Compared, compare
from bench.mcu.simulate.example import example
from bench.mcu.simulate.run import LIMIT, Simulated, Trace, missing, run, run_elf

__all__ = ["LIMIT", "Compared", "Simulated", "Trace", "compare", "example", "missing", "run", "run_elf"]
