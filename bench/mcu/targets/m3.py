"""Cortex-M3. Cycles per product, simulated: 6 dense, 9 sparse."""

from bench.mcu.target import ARM, Pipeline, Target, cortex_m

TARGET = Target(
    name="m3",
    compiler=ARM[0],
    packages=ARM[1],
    flags=cortex_m("cortex-m3"),
    family="plain",
    sparse_below=0.67,
    sparse_float_below=0.9,
    limit=3.5,
    limit_source="LDRSB 1, LDRSH 1 / 2, MLA 2",
    divides=True,
    pipeline=Pipeline(
        unicorn="M3",
        slow={"mla": 2, "mls": 2, "smull": 4, "umull": 4, "smlal": 6, "umlal": 6, "sdiv": 7, "udiv": 7},
    ),
)
