"""Cortex-M4 with its floating-point unit. Cycles per product, simulated: 1.3 dense, 7.5 sparse."""

from bench.mcu.target import ARM, Cost, Pipeline, Target, cortex_m

TARGET = Target(
    name="m4f",
    compiler=ARM[0],
    packages=ARM[1],
    flags=cortex_m("cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    family="dsp",
    dense=Cost(row=5.3, weight=1.2),
    sparse=Cost(row=34, weight=7.9),
    sparse_float_below=0.77,
    limit=1.125,
    limit_source="for four, of two rows: LDR 1, SXTB16 1, SMLAD 2, LDR 2 / 4 rows",
    divides=True,
    pipeline=Pipeline(
        unicorn="M4",
        slow={"sdiv": 7, "udiv": 7, "vdiv": 14, "vsqrt": 14}
        | dict.fromkeys(("vmla", "vmls", "vfma", "vfms", "vnmls"), 3),
    ),
)
