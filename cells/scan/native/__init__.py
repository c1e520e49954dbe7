"""Compiled kernels: written from a cell's formula, built by the machine's C++ compiler, kept in a cache folder."""

from cells.scan.native.build import NoKernelError, cache_folder
from cells.scan.native.call import Operands, multiply_adds, run
from cells.scan.native.kernel import Constants, Kernel

__all__ = ["Constants", "Kernel", "NoKernelError", "Operands", "cache_folder", "multiply_adds", "run"]
