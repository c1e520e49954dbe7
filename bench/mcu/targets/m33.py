"""Cortex-M33 with DSP and floating-point unit. Cycles per product, simulated: 1.2 dense, 6 sparse."""

from bench.mcu.target import ARM, Cost, Pipeline, Target, cortex_m

TARGET = Target(
    name="m33",
    compiler=ARM[0],
    packages=ARM[1],
    flags=cortex_m("cortex-m33", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    family="dsp",
    dense=Cost(row=5, weight=1.2),
    sparse=Cost(row=28.5, weight=5.9),
    sparse_float_below=0.77,
    limit=1.125,
    limit_source="for four, of two rows: LDR 1, SXTB16 1, SMLAD 2, LDR 2 / 4 rows",
    divides=True,
    pipeline=Pipeline(
        unicorn="M33",
        slow={"muls": 2, "sdiv": 7, "udiv": 7, "vdiv": 14, "vsqrt": 14}
        | dict.fromkeys(("vmla", "vmls", "vfma", "vfms", "vnmls"), 3),
        rules="m33",
        source="what others measured on chips",
    ),
)
