"""What unicorn and capstone need to know of an architecture: its registers, and how its instructions are told apart."""

from __future__ import annotations

import importlib
from typing import Any

from bench.mcu.cortex_m import Instruction
from bench.mcu.risc_v import BRANCHES
from bench.mcu.target import Pipeline

# Optional packages without types: they are looked up when a simulation needs them.
unicorn: Any = importlib.import_module("unicorn")
arm_const: Any = importlib.import_module("unicorn.arm_const")
riscv_const: Any = importlib.import_module("unicorn.riscv_const")
capstone: Any = importlib.import_module("capstone")
_CONDITIONS = ["eq", "ne", "hs", "lo", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"]


class Arm:
    """A Cortex-M.

    Attributes:
        elf: how ELF files name the architecture.
        title: how people do.
        thumb: 1 where addresses of functions are odd.
    """

    elf, title, thumb = "EM_ARM", "Arm", 1
    pc, sp = arm_const.UC_ARM_REG_PC, arm_const.UC_ARM_REG_SP

    def __init__(self, pipeline: Pipeline) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(getattr(arm_const, f"UC_CPU_ARM_CORTEX_{pipeline.unicorn}"))
        self.disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)

    @staticmethod
    def instruction(decoded: Any) -> Instruction:
        """An instruction without its width and condition."""
        name: str = decoded.mnemonic.removesuffix(".w").removesuffix(".n").split(".")[0]
        if name in ("cbz", "cbnz"):
            return Instruction(name, decoded.op_str, True)
        if name.startswith("b") and name[1:] in _CONDITIONS:
            return Instruction("b", decoded.op_str, True)
        memory = ("ldr", "ldrh", "ldrsh", "ldrb", "ldrsb", "str", "strh", "strb", "bx")
        if name[-2:] in _CONDITIONS and name[:-2] in memory:
            name = name[:-2]
        return Instruction(name, decoded.op_str)


class RiscV:
    """A core of 32 bits with compressed instructions; attributes as :class:`Arm`'s."""

    elf, title, thumb = "EM_RISCV", "RISC-V", 0
    pc, sp = riscv_const.UC_RISCV_REG_PC, riscv_const.UC_RISCV_REG_SP

    def __init__(self, _: Pipeline) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        mode = capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC
        self.disassembler = capstone.Cs(capstone.CS_ARCH_RISCV, mode)

    @staticmethod
    def instruction(decoded: Any) -> Instruction:
        """An instruction as it is."""
        return Instruction(decoded.mnemonic, decoded.op_str, decoded.mnemonic.removeprefix("c.") in BRANCHES)


def core(pipeline: Pipeline) -> Arm | RiscV:
    """A core with empty memory."""
    return RiscV(pipeline) if pipeline.unicorn.startswith("RISCV") else Arm(pipeline)
