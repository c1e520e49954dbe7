"""Programs in unicorn, which counts the edges taken between blocks; the blocks are charged afterwards."""

from __future__ import annotations

import importlib
import struct
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.errors import RnnbenchError
from bench.mcu.cortex_m import Instruction
from bench.mcu.simulate.cores import core, riscv_const, unicorn
from bench.mcu.target import Pipeline
from bench.mcu.timing import Timing, timing

_MARK, _SAY, _END = 0xF0000000, 0xF0000004, 0xF0000008
_PAGE = 0x1000
_RAM = range(0x20000000, 0x20100000)
_PLAIN = (
    _RAM,
    range(0x10000000, 0x10010000),  # RAM beside the core
    range(0x1FFF0000, 0x20000000),  # RAM below the other, and what makers keep of a chip
    range(0x40000000, 0x60000000),  # peripherals
    range(0xD0000000, 0xD0001000),  # those beside RP2040's cores
    range(0xE0000000, 0xE0100000),  # those of the core
)
"""Where reads and writes find plain memory, whatever a chip has there; code is where a program puts it."""
_TOP = _RAM.start + 0x40000 - 16  # the stack of a program without a vector table
# Optional packages without types: they are looked up when a simulation needs them.
elffile: Any = importlib.import_module("elftools.elf.elffile")
elf_exceptions: Any = importlib.import_module("elftools.common.exceptions")
Edges = Counter[tuple[int, int]]


class _Machine:
    """A program in memory, the edges between its blocks, and what it said."""

    def __init__(self, elf: Path, pipeline: Pipeline) -> None:
        self.elf = elf
        self.core = core(pipeline)
        self.uc = self.core.uc
        self.mapped: set[int] = set()
        self.fault: int | None = None
        self.functions: list[tuple[int, int, str]] = []
        self._map(_MARK, 12)
        self._map(_TOP, 1)
        self._load(elf)
        self.edges: Edges = Counter()
        self.segments: list[tuple[int, Edges]] = []
        self.sizes: dict[int, int] = {}
        self.previous = 0
        self.said = bytearray()
        self.ended = False
        self.blocks: dict[int, list[Instruction]] = {}
        self.uc.hook_add(unicorn.UC_HOOK_BLOCK, self._block)
        self.uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, self._write, begin=_MARK, end=_END + 3)
        self.uc.hook_add(unicorn.UC_HOOK_MEM_READ_UNMAPPED | unicorn.UC_HOOK_MEM_WRITE_UNMAPPED, self._unmapped)
        self.uc.hook_add(unicorn.UC_HOOK_MEM_FETCH_UNMAPPED, self._fetch)

    def _map(self, address: int, size: int) -> None:
        """Memory of zeros at every page that has none."""
        pages = range(address // _PAGE, (address + max(size, 1) - 1) // _PAGE + 1)
        missing = [page for page in pages if page not in self.mapped]
        for _, run in groupby(enumerate(missing), lambda pair: pair[1] - pair[0]):
            numbers = [page for _, page in run]
            self.uc.mem_map(numbers[0] * _PAGE, len(numbers) * _PAGE)
        self.mapped.update(missing)

    def _load(self, elf: Path) -> None:
        """Segments where they run and where they lie in flash, from where a start-up copies them."""
        with elf.open("rb") as file:
            try:
                image = elffile.ELFFile(file)
                if (machine := image["e_machine"]) != self.core.elf:
                    raise RnnbenchError(
                        f"{elf} is no program for {self.core.title}, but {machine}: name its own --board"
                    )
                segments = [segment for segment in image.iter_segments("PT_LOAD") if segment["p_memsz"]]
                for segment in segments:
                    for address in {segment["p_vaddr"], segment["p_paddr"]}:
                        self._map(address, segment["p_memsz"])
                        self.uc.mem_write(address, segment.data())
                symbols = image.get_section_by_name(".symtab")
                for symbol in symbols.iter_symbols() if symbols else ():
                    if symbol["st_info"]["type"] == "STT_FUNC":
                        self.functions.append((symbol["st_value"] & ~1, symbol["st_size"], symbol.name))
                    if symbol.name == "__global_pointer$":  # which RISC-V's start-up puts there
                        self.uc.reg_write(riscv_const.UC_RISCV_REG_GP, symbol["st_value"])
            except elf_exceptions.ELFError as error:
                raise RnnbenchError(f"{elf} is a damaged ELF program: {error}") from None
            self.entry = image["e_entry"]
        self.stack = next(filter(None, (self._stack(segment["p_paddr"]) for segment in segments)), _TOP)

    def _stack(self, at: int) -> int | None:
        """The stack that a vector table says, when one is there: its second word is the entry."""
        stack, reset = struct.unpack("<II", bytes(self.uc.mem_read(at, 8)))
        return int(stack) if reset | 1 == self.entry | 1 and stack - 4 in _RAM else None

    def _unmapped(self, uc: Any, _: int, address: int, size: int, __: int, ___: Any) -> bool:
        if any(address in part for part in _PLAIN):
            self._map(address, size)
            return True
        self.fault = address
        return False

    def _fetch(self, uc: Any, _: int, address: int, size: int, __: int, ___: Any) -> bool:
        self.fault = address
        return False

    def _block(self, _: Any, address: int, size: int, __: Any) -> None:
        self.edges[(self.previous, address)] += 1
        self.previous = address
        self.sizes[address] = size

    def _write(self, uc: Any, _: int, address: int, __: int, value: int, ___: Any) -> None:
        if address == _MARK:
            self.edges = Counter()
            self.segments.append((value, self.edges))
        elif address == _SAY:
            self.said.append(value & 255)
        else:
            self.ended = True
            uc.emu_stop()

    def run(self, limit: float) -> None:
        self.uc.reg_write(self.core.sp, self.stack)
        try:
            self.uc.emu_start(self.entry | self.core.thumb, 0xFFFFFFFE, timeout=round(limit * 1e6))
        except unicorn.UcError as error:
            of = "" if self.fault is None else f" of address {self.fault:#x}"
            raise RnnbenchError(f"{self.elf.name} crashed {self._place()}: {error}{of}") from None
        if not self.ended:
            raise RnnbenchError(
                f"{self.elf.name} did not end within {limit:g} s and stands {self._place()}: it ends by writing to "
                f"{_END:#x}, and peripherals are plain memory, so a wait for one never ends; --limit gives more time"
            )

    def _place(self) -> str:
        at = self.uc.reg_read(self.core.pc) & ~1
        names = [name for first, size, name in self.functions if first <= at < first + max(size, 1)]
        return f"at {at:#x}" + (f" in {names[0]}" if names else "")

    def decoded(self, address: int) -> list[Instruction]:
        if address not in self.blocks:
            code = bytes(self.uc.mem_read(address, self.sizes[address]))
            self.blocks[address] = [self.core.instruction(one) for one in self.core.disassembler.disasm(code, address)]
        return self.blocks[address]

    def cycles(self, edges: Edges, timing: Timing) -> float:
        total = 0
        for (before, address), times in edges.items():
            total += times * timing.block(self.decoded(address))
            earlier = self.decoded(before) if before in self.sizes else []
            if earlier and address == before + self.sizes[before]:
                total -= times * timing.saved(earlier[-1], self.decoded(address)[0])
            elif earlier and earlier[-1].conditional:
                total += times * timing.taken
        return float(total)


def run(elf: Path, pipeline: Pipeline, refill: int, limit: float) -> tuple[list[tuple[int, float]], bytes]:
    """Marks with the cycle at which they were written, and the bytes said.

    Args:
        elf: its entry is the first function, or what its vector table calls first.
        pipeline: of the core.
        refill: P, of :func:`bench.mcu.timing.timing`.
        limit: seconds.

    Raises:
        RnnbenchError: when the program is for another processor, crashes or does not end.
    """
    machine = _Machine(elf, pipeline)
    machine.run(limit)
    costs = timing(pipeline, refill)
    marks, now = [], 0.0
    for mark, edges in machine.segments:
        marks.append((mark, now))
        now += machine.cycles(edges, costs)
    return marks, bytes(machine.said)
