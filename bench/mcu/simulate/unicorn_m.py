"""Cortex-M programs in unicorn, which counts the edges taken between blocks; the blocks are charged afterwards."""

from __future__ import annotations

import importlib
import struct
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.errors import RnnbenchError
from bench.mcu.cortex_m import Instruction, Timing
from bench.mcu.target import Pipeline

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
_CONDITIONS = ["eq", "ne", "hs", "lo", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"]
# Optional packages without types: they are looked up when a simulation needs them.
unicorn: Any = importlib.import_module("unicorn")
arm_const: Any = importlib.import_module("unicorn.arm_const")
capstone: Any = importlib.import_module("capstone")
elffile: Any = importlib.import_module("elftools.elf.elffile")
elf_exceptions: Any = importlib.import_module("elftools.common.exceptions")
Edges = Counter[tuple[int, int]]


class _Machine:
    """A program in memory, the edges between its blocks, and what it said."""

    def __init__(self, elf: Path, pipeline: Pipeline) -> None:
        self.elf = elf
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(getattr(arm_const, f"UC_CPU_ARM_CORTEX_{pipeline.unicorn}"))
        self.mapped: set[int] = set()
        self.fault: int | None = None
        self.functions: list[tuple[int, int, str]] = []
        self._map(_MARK, 12)
        self._map(_TOP, 1)
        self._load(elf)
        self.disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
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
                if image["e_machine"] != "EM_ARM":
                    raise RnnbenchError(f"{elf} is no program for Arm, but {image['e_machine']}: name its own --board")
                segments = [segment for segment in image.iter_segments("PT_LOAD") if segment["p_memsz"]]
                for segment in segments:
                    for address in {segment["p_vaddr"], segment["p_paddr"]}:
                        self._map(address, segment["p_memsz"])
                        self.uc.mem_write(address, segment.data())
                symbols = image.get_section_by_name(".symtab")
                for symbol in symbols.iter_symbols() if symbols else ():
                    if symbol["st_info"]["type"] == "STT_FUNC":
                        self.functions.append((symbol["st_value"] & ~1, symbol["st_size"], symbol.name))
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
        self.uc.reg_write(arm_const.UC_ARM_REG_SP, self.stack)
        try:
            self.uc.emu_start(self.entry | 1, 0xFFFFFFFE, timeout=round(limit * 1e6))
        except unicorn.UcError as error:
            of = "" if self.fault is None else f" of address {self.fault:#x}"
            raise RnnbenchError(f"{self.elf.name} crashed {self._place()}: {error}{of}") from None
        if not self.ended:
            raise RnnbenchError(
                f"{self.elf.name} did not end within {limit:g} s and stands {self._place()}: it ends by writing to "
                f"{_END:#x}, and peripherals are plain memory, so a wait for one never ends; --limit gives more time"
            )

    def _place(self) -> str:
        at = self.uc.reg_read(arm_const.UC_ARM_REG_PC) & ~1
        names = [name for first, size, name in self.functions if first <= at < first + max(size, 1)]
        return f"at {at:#x}" + (f" in {names[0]}" if names else "")

    def decoded(self, address: int) -> list[Instruction]:
        if address not in self.blocks:
            code = bytes(self.uc.mem_read(address, self.sizes[address]))
            self.blocks[address] = [_instruction(one) for one in self.disassembler.disasm(code, address)]
        return self.blocks[address]

    def cycles(self, edges: Edges, timing: Timing) -> float:
        total = 0
        for (before, address), times in edges.items():
            total += times * timing.block(self.decoded(address))
            if before in self.sizes and address != before + self.sizes[before]:
                earlier = self.decoded(before)
                if earlier and earlier[-1].conditional:
                    total += times * timing.taken
        return float(total)


def _instruction(decoded: Any) -> Instruction:
    name: str = decoded.mnemonic.removesuffix(".w").removesuffix(".n").split(".")[0]
    if name in ("cbz", "cbnz"):
        return Instruction(name, decoded.op_str, True)
    if name.startswith("b") and name[1:] in _CONDITIONS:
        return Instruction("b", decoded.op_str, True)
    if name[-2:] in _CONDITIONS and name[:-2] in ("ldr", "ldrh", "ldrsh", "ldrb", "ldrsb", "str", "strh", "strb", "bx"):
        name = name[:-2]
    return Instruction(name, decoded.op_str)


def run(elf: Path, pipeline: Pipeline, refill: int, limit: float) -> tuple[list[tuple[int, float]], bytes]:
    """Marks with the cycle at which they were written, and the bytes said.

    Args:
        elf: its entry is the first function, or what its vector table calls first.
        pipeline: of the core.
        refill: P, of :class:`bench.mcu.cortex_m.Timing`.
        limit: seconds.

    Raises:
        RnnbenchError: when the program is for another processor, crashes or does not end.
    """
    machine = _Machine(elf, pipeline)
    machine.run(limit)
    timing = Timing(pipeline, refill)
    marks, now = [], 0.0
    for mark, edges in machine.segments:
        marks.append((mark, now))
        now += machine.cycles(edges, timing)
    return marks, bytes(machine.said)
