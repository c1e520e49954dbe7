// The functions of the table of operations (cells/formula/ops.py) on vectors of floats. NaN stays NaN.
#pragma once
#include <cmath>

#include "lanes.h"

// 2^y = scale (1 + tail), scale = 2^n, n whole, y = x * factor = n + r, |r| <= 1/2, tail = 2^r - 1: the minimax
// polynomial of (2^r - 1) / r of degree 5 (own Remez iteration; off by at most 7.5e-9), times r. |y| must be below 127.
static inline void split_power(V x, float factor, V& scale, V& tail) {
    V n = nearest(x * factor), r = x * factor - n;  // the second product is not rounded where there is an FMA
    V p = r * 1.54697352e-4f + 1.33908669e-3f;
    p = p * r + 9.61803077e-3f;
    p = p * r + 5.55035711e-2f;
    p = p * r + 2.40226511e-1f;
    p = p * r + 6.93147188e-1f;
    tail = p * r;
    scale = power_of_2(n);
}

constexpr float LOG2_E = 1.44269504f;

static inline V sigmoid(V x) {
    V scale, tail;
    split_power(clamp(x, -87.0f, 87.0f), -LOG2_E, scale, tail);
    return 1.0f / (1.0f + scale * tail + scale);
}

// m / (m + 2) with m = expm1(2 x) has no cancellation near 0. Beyond 10 the nearest float is 1.
static inline V tanh(V x) {
    V scale, tail;
    split_power(clamp(x, -10.0f, 10.0f), 2.0f * LOG2_E, scale, tail);
    V m = scale * tail + (scale - 1.0f);
    return m / (m + 2.0f);
}

// x = n ln 2 + rest, ln 2 in two parts of which n times the first is exact; 2^n in two parts, for n reaches 128. Beyond
// the ends of what is clamped lie infinity and 0.
static inline V exp(V x) {
    x = clamp(x, -104.0f, 89.0f);
    V n = nearest(x * LOG2_E), rest = (x - n * 0.693359375f) + n * 2.12194440e-4f, scale, tail;
    split_power(rest, LOG2_E, scale, tail);
    V half = nearest(n * 0.5f);
    return (scale * tail + scale) * power_of_2(half) * power_of_2(n - half);
}

static inline V relu(V x) { return x <= 0.0f ? V{} : x; }  // NaN stays NaN
static inline V absolute(V x) { return x < 0.0f ? -x : x; }
static inline V maximum(V a, V b) { return a > b ? a : (a == a ? b : a); }
static inline V minimum(V a, V b) { return a < b ? a : (a == a ? b : a); }

static inline V sqrt(V x) {
    V root;
    for (int n = 0; n < LANES; ++n) root[n] = std::sqrt(x[n]);
    return root;
}

// log(1 + u) = 2 artanh(u / (2 + u)) for u in [0, 1]: the series, off by less than 1e-8.
static inline V log1p_to_1(V u) {
    V s = u / (u + 2.0f), q = s * s, p = q * (1.0f / 13) + 1.0f / 11;
    p = p * q + 1.0f / 9;
    p = p * q + 1.0f / 7;
    p = p * q + 1.0f / 5;
    p = p * q + 1.0f / 3;
    return 2.0f * s * (p * q + 1.0f);
}
static inline V softplus(V x) { return log1p_to_1(exp(-absolute(x))) + relu(x); }

// sin of x = r + n pi, |r| <= pi / 2, pi in three parts: the Taylor series of sin r, off by less than 1e-9, and the sign
// of n. Beyond 2^15 the parts do not tell n pi apart any more, and the C library takes over.
static inline V sin_of(V x, float shift) {
    V n = nearest(x * 0.318309886f - shift) + shift, r = ((x - n * 3.140625f) - n * 9.67502593994e-4f) - n * 1.509957990978e-7f;
    V q = r * r, p = q * (1.0f / 6227020800.0f) - 1.0f / 39916800.0f;
    p = p * q + 1.0f / 362880.0f;
    p = p * q - 1.0f / 5040.0f;
    p = p * q + 1.0f / 120.0f;
    p = p * q - 1.0f / 6.0f;
    V y = p * q * r + r;
    I odd = __builtin_convertvector(n - shift, I) & 1;
    return odd != 0 ? -y : y;
}
static inline bool small(V x) {
    for (int n = 0; n < LANES; ++n)
        if (!(x[n] > -32768.0f && x[n] < 32768.0f)) return false;
    return true;
}
static inline V sin(V x) {
    if (small(x)) return sin_of(x, 0.0f);
    for (int n = 0; n < LANES; ++n) x[n] = std::sin(x[n]);
    return x;
}
// cos x = -sin(x - pi/2 - k pi) (-1)^k with n = k + 1/2.
static inline V cos(V x) {
    if (small(x)) return -sin_of(x, 0.5f);
    for (int n = 0; n < LANES; ++n) x[n] = std::cos(x[n]);
    return x;
}
