"""Log-mel energies of audio in integers: a NumPy mirror of the C code, bit for bit, and the cycles of that code."""

from bench.mcu.features.cycles import frame_cycles
from bench.mcu.features.front_end import FrontEnd, front_end

__all__ = ["FrontEnd", "frame_cycles", "front_end"]
