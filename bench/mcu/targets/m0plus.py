"""Cortex-M0+ with the multiplier of one cycle. Cycles per product, simulated: 7.75 dense, 10 sparse."""

from bench.mcu.target import ARM, Pipeline, Target, cortex_m

TARGET = Target(
    name="m0plus",
    compiler=ARM[0],
    packages=ARM[1],
    flags=cortex_m("cortex-m0plus"),
    family="plain",
    sparse_below=0.78,
    sparse_float_below=0.9,
    limit=5,
    limit_source="LDRSB 2, LDRSH 2 / 2, MUL 1, ADD 1; two rows a tile, eight low registers",
    divides=False,
    pipeline=Pipeline(unicorn="M0", slow={}, small=True),
)
