"""ESP32-C3, RISC-V RV32IMC. Cycles per product, simulated: 3.8 dense, 11.5 sparse; bench/mcu/risc_v.py says by what."""

from bench.mcu.target import Cost, Pipeline, Target

TARGET = Target(
    name="esp32c3",
    compiler="riscv64-unknown-elf-gcc",
    packages="gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    flags=(
        "-march=rv32imc",
        "-mabi=ilp32",
        *("-ffunction-sections", "-fdata-sections", "--specs=picolibc.specs", "-nostartfiles", "-Wl,-e,main"),
        *("-Wl,--defsym=__flash=0x8000", "-Wl,--defsym=__flash_size=0x400000"),
        *("-Wl,--defsym=__ram=0x20000000", "-Wl,--defsym=__ram_size=0x100000"),
    ),
    family="riscv",
    dense=Cost(row=13, weight=3.6),
    sparse=Cost(row=25, weight=11.5),
    sparse_float_below=0.9,
    limit=3,
    limit_source="LB 1, MUL 1, ADD 1; load of the factor 1 / R, R large",
    divides=True,
    pipeline=Pipeline(
        unicorn="RISCV32",
        slow=dict.fromkeys(("mulh", "mulhu", "mulhsu"), 2) | dict.fromkeys(("div", "divu", "rem", "remu"), 10),
        rules="esp32c3",
        source="what others measured on chips",
    ),
)
