// The functions of formulas that the gates have no use for.
#pragma once
#include "gates.h"

// x = n ln 2 + rest, ln 2 in two parts of which n times the first is exact; 2^n in two parts, for n reaches 128. Beyond
// the ends of what is clamped lie infinity and 0.
static inline V exp(V x) {
    x = clamp(x, -104.0f, 89.0f);
    V n = nearest(x * LOG2_E), rest = (x - n * 0.693359375f) + n * 2.12194440e-4f, scale, tail;
    split_power(rest, LOG2_E, scale, tail);
    V half = nearest(n * 0.5f);
    return (scale * tail + scale) * power_of_2(half) * power_of_2(n - half);
}

static inline V positive(V x) { return x > 0.0f ? splat(1.0f) : V{}; }
static inline V within(V x, float low, float high) {
    return x >= low ? (x <= high ? splat(1.0f) : V{}) : V{};
}
