"""A processor as data; ``bench/mcu/targets/`` holds one file for each, found by its folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from bench.mcu import targets as folder

Family = Literal["avr", "thumb", "plain", "dsp", "riscv"]
Rules = Literal["m0plus", "m3", "m33", "esp32c3"]


@dataclass(frozen=True, eq=False)
class Pipeline:
    """How the instructions of a core that unicorn simulates are charged, at zero wait states.

    Attributes:
        unicorn: the model's name in unicorn.
        slow: cycles by mnemonic of the instructions that take more than one; loads, stores and branches apart.
        rules: whose loads, stores and branches it has, for :func:`bench.mcu.timing.timing`.
        source: whose figures these are.
    """

    unicorn: str
    slow: Mapping[str, int]
    rules: Rules = "m3"
    source: str = "Arm's tables"


class Cost(NamedTuple):
    """Cycles of products in one form, at zero wait states.

    Attributes:
        row: of a row.
        weight: of a weight that is stored.
    """

    row: float
    weight: float

    def of(self, rows: int, weights: int) -> float:
        """Cycles of so many rows with so many weights stored."""
        return self.row * rows + self.weight * weights


@dataclass(frozen=True, eq=False)
class Target:
    """A processor: how code for it is compiled, laid out and simulated, and what it cannot beat.

    Attributes:
        name: as boards say it, and the files of costs.
        compiler: the command, such as ``avr-gcc``.
        packages: of Debian, which bring the compiler.
        flags: of the compiler; the first names the processor.
        family: of kernels: in the assembly of AVR, of Cortex-M0+, of Cortex-M3, of cores with a DSP, or of RISC-V.
        dense: what products of integers take, fitted to simulated cycles of 8 to 130 rows.
        sparse: what they take where only weights that are not 0 are stored, by twos but on AVR. There it is of sums of
            32 bits; of others the cycles are counted (:mod:`bench.mcu.products.avr`).
        sparse_float_below: the density below which skipping zeros takes fewer cycles than multiplying by them, in
            float32, where a product costs so much that skipping it nearly always pays.
        limit: cycles of one int8 x int16 multiplication that nothing on the core can beat.
        limit_source: the instructions that it is made of.
        divides: whether the core divides 32 bits in hardware.
        pipeline: of a core that unicorn simulates; ``None`` of an AVR, which simavr does.
    """

    name: str
    compiler: str
    packages: str
    flags: tuple[str, ...]
    family: Family
    dense: Cost
    sparse: Cost
    sparse_float_below: float
    limit: float
    limit_source: str
    divides: bool
    pipeline: Pipeline | None

    @property
    def processor(self) -> tuple[str, ...]:
        """The compiler's flags that name the processor: those of machine, clock and C library."""
        return tuple(flag for flag in self.flags if flag.startswith(("-m", "-D", "--specs")))

    @property
    def varies(self) -> bool:
        """Whether the maker's tables leave open how long the pipeline takes to fill after a branch: 1 to 3 cycles."""
        return self.pipeline is not None and self.pipeline.rules == "m3"


ARM = ("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
"""Compiler and packages."""


def cortex_m(cpu: str, *more: str) -> tuple[str, ...]:
    """The compiler's flags for a Cortex-M, its code and data where the simulator has memory."""
    sections = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
    places = ("-nostartfiles", "-Wl,-e,main", "-Wl,-Ttext=0x8000", "-Wl,-Tdata=0x20000000")
    return (f"-mcpu={cpu}", *more, "-mthumb", *sections, *places)


@cache
def targets() -> Mapping[str, Target]:
    """Every processor by name."""
    names = [module.name for module in pkgutil.iter_modules(folder.__path__)]
    return {name: importlib.import_module(f"{folder.__name__}.{name}").TARGET for name in names}
