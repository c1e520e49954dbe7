"""Exported code on simulated processors: cycles counted, bits compared."""

from bench.mcu.simulate.comparison import Compared, compare
from bench.mcu.simulate.run import Simulated, Trace, missing, run, run_elf

__all__ = ["Compared", "Simulated", "Trace", "compare", "missing", "run", "run_elf"]
