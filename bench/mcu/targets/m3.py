"""Cortex-M3. Cycles per product, simulated: 3.6 dense, 9 sparse."""

from bench.mcu.target import ARM, Cost, Pipeline, Target, cortex_m

TARGET = Target(
    name="m3",
    compiler=ARM[0],
    packages=ARM[1],
    flags=cortex_m("cortex-m3"),
    family="plain",
    dense=Cost(row=5, weight=3.44),
    sparse=Cost(row=34, weight=8.9),
    sparse_float_below=0.9,
    limit=3,
    limit_source="LDRSB 1, or LDRSH 1 and SXTB 1 for two, MLA 2; load of the factor 1 / R, R large",
    divides=True,
    pipeline=Pipeline(
        unicorn="M3",
        slow={"mla": 2, "mls": 2, "smull": 4, "umull": 4, "smlal": 6, "umlal": 6, "sdiv": 7, "udiv": 7},
    ),
)
