"""ATmega328P. Cycles per product, simulated: 14.5 dense, 18 to 24 sparse."""

from bench.mcu.target import Cost, Target

TARGET = Target(
    name="avr",
    compiler="avr-gcc",
    packages="gcc-avr avr-libc",
    flags=("-mmcu=atmega328p", "-DF_CPU=16000000UL"),
    family="avr",
    dense=Cost(row=56, weight=14.6),
    sparse=Cost(row=56, weight=27.5),
    sparse_float_below=0.9,
    limit=13,
    limit_source="LPM 3, MUL and MULSU 2 x 2, 24-bit accumulation 5, load of the factor 4 / R, R large",
    divides=False,
    pipeline=None,
)
