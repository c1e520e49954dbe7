"""Cortex-M0+ with the multiplier of one cycle. Cycles per product, simulated: 4.1 dense, 10 sparse."""

from bench.mcu.target import ARM, Cost, Pipeline, Target, cortex_m

TARGET = Target(
    name="m0plus",
    compiler=ARM[0],
    packages=ARM[1],
    flags=cortex_m("cortex-m0plus"),
    family="thumb",
    dense=Cost(row=13, weight=3.94),
    sparse=Cost(row=58, weight=11),
    sparse_float_below=0.9,
    limit=3.25,
    limit_source="LDM of four weights 1 / 4, taking them apart 4 / 4, MUL 1, ADD 1; load of the factor 2 / R, R large",
    divides=False,
    pipeline=Pipeline(unicorn="M0", slow={}, rules="m0plus"),
)
