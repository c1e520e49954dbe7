"""Cortex-M programs in unicorn, which counts the edges taken between blocks; the blocks are charged afterwards."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from typing import Any

from bench.errors import RnnbenchError
from bench.mcu.simulate.cortex_m import Instruction, Timing
from bench.mcu.target import Pipeline

_MARK, _SAY, _END = 0x40000000, 0x40000004, 0x40000008
_RAM, _RAM_SIZE, _FLASH_SIZE = 0x20000000, 0x40000, 0x200000
_CONDITIONS = ["eq", "ne", "hs", "lo", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"]
# Optional packages without types: they are looked up when a simulation needs them.
unicorn: Any = importlib.import_module("unicorn")
arm_const: Any = importlib.import_module("unicorn.arm_const")
capstone: Any = importlib.import_module("capstone")
elffile: Any = importlib.import_module("elftools.elf.elffile")
Edges = Counter[tuple[int, int]]


class _Machine:
    """A program in memory, the edges between its blocks, and what it said."""

    def __init__(self, elf: Path, pipeline: Pipeline) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(getattr(arm_const, f"UC_CPU_ARM_CORTEX_{pipeline.unicorn}"))
        self.uc.mem_map(0, _FLASH_SIZE)
        self.uc.mem_map(_RAM, _RAM_SIZE)
        self.uc.mem_map(_MARK & ~0xFFF, 0x1000)
        with elf.open("rb") as file:
            image = elffile.ELFFile(file)
            for segment in image.iter_segments("PT_LOAD"):
                if segment["p_filesz"]:
                    self.uc.mem_write(segment["p_vaddr"], segment.data())
            self.entry = image["e_entry"]
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

    def run(self) -> None:
        self.uc.reg_write(arm_const.UC_ARM_REG_SP, _RAM + _RAM_SIZE - 16)
        try:
            self.uc.emu_start(self.entry | 1, 0, count=0)
        except unicorn.UcError as error:
            at = self.uc.reg_read(arm_const.UC_ARM_REG_PC)
            raise RnnbenchError(f"the program crashed in the simulator at {at:#x}: {error}") from None
        if not self.ended:
            raise RnnbenchError("the program stopped in the simulator before its end")

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


def run(elf: Path, pipeline: Pipeline, refill: int) -> tuple[list[tuple[int, float]], bytes]:
    """Marks with the cycle at which they were written, and the bytes said.

    Args:
        elf: its entry is the first function.
        pipeline: of the core.
        refill: P, of :class:`bench.mcu.simulate.cortex_m.Timing`.

    Raises:
        RnnbenchError: when the program crashes or does not end.
    """
    machine = _Machine(elf, pipeline)
    machine.run()
    timing = Timing(pipeline, refill)
    marks, now = [], 0.0
    for mark, edges in machine.segments:
        marks.append((mark, now))
        now += machine.cycles(edges, timing)
    return marks, bytes(machine.said)
