// Vectors of floats as wide as the processor's, and the functions of the gates on them.
//
// The width is chosen when this is compiled (for the machine it runs on): AVX-512, AVX2, or 128 bits anywhere else
// by the vector extensions that GCC and Clang share.
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define LANES 16
constexpr int ROWS = 6, COLS = 4;  // a tile: 24 of the 32 registers hold sums
#elif defined(__AVX2__) && defined(__FMA__)
#define LANES 8
constexpr int ROWS = 6, COLS = 2;  // 12 of 16
#else
#define LANES 4
constexpr int ROWS = 6, COLS = 2;
#endif

typedef float V __attribute__((vector_size(LANES * 4)));
typedef int32_t I __attribute__((vector_size(LANES * 4)));
typedef float Loose __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

static inline V splat(float x) { return x - V{}; }
static inline V load(const float* p) { return *reinterpret_cast<const Loose*>(p); }
static inline void store(float* p, V v) { *reinterpret_cast<Loose*>(p) = v; }

// The first n lanes, n in 1..LANES; the others are 0, and nothing is read or written there.
static inline V load(const float* p, int64_t n) {
    if (n >= LANES) return load(p);
#if LANES == 16
    return (V)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#else
    float part[LANES] = {};
    std::memcpy(part, p, n * sizeof(float));
    return load(part);
#endif
}

static inline void store(float* p, V v, int64_t n) {
    if (n >= LANES) return store(p, v);
#if LANES == 16
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
    float part[LANES];
    store(part, v);
    std::memcpy(p, part, n * sizeof(float));
#endif
}

static inline V clamp(V x, float low, float high) {  // NaN stays NaN
    x = x < low ? splat(low) : x;
    return x > high ? splat(high) : x;
}

// exp(x) = scale (1 + tail) with scale = 2^n: x = n ln 2 + r, |r| <= ln 2 / 2, tail = expm1(r) by its series to r^7,
// whose remainder is below 6e-9. x must lie in -87..88.
static inline void split_exp(V x, V& scale, V& tail) {
    const V magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
    V n = x * 1.44269504f + magic;
    I bits = (I)n;
    n -= magic;
    V r = x - n * 0.693359375f;  // ln 2 in two parts, the first with few digits so that n times it is exact
    r -= n * -2.12194440e-4f;
    V p = r * (1.0f / 5040) + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    tail = p * r * r + r;
    scale = (V)((bits << 23) + 0x3f800000);
}

#ifdef PIECEWISE

// The lines of cells/gates.py, and their derivatives as functions of their values: flat where a value is at an end.
static inline V inside(V y, float low, float high, float slope) {
    return y > low ? (y < high ? splat(slope) : V{}) : V{};
}
static inline V sigmoid(V x) { return clamp(x * 0.5f + 0.5f, 0.0f, 1.0f); }
static inline V sigmoid_slope(V y) { return inside(y, 0.0f, 1.0f, 0.5f); }
static inline V tanh(V x) { return clamp(x, -1.0f, 1.0f); }
static inline V tanh_slope(V y) { return inside(y, -1.0f, 1.0f, 1.0f); }

#else

static inline V sigmoid(V x) {
    V scale, tail;
    split_exp(clamp(-x, -87.0f, 88.0f), scale, tail);
    return 1.0f / (1.0f + scale * tail + scale);
}
static inline V sigmoid_slope(V y) { return y * (1.0f - y); }

// m / (m + 2) with m = expm1(2 |x|) has no cancellation near 0.
static inline V tanh(V x) {
    const I sign = (I)splat(-0.0f);
    V scale, tail;
    split_exp(clamp(2.0f * (V)((I)x & ~sign), 0.0f, 40.0f), scale, tail);
    V m = scale * tail + (scale - 1.0f);
    return (V)((I)(m / (m + 2.0f)) | ((I)x & sign));
}
static inline V tanh_slope(V y) { return 1.0f - y * y; }

#endif

static inline V relu(V x) { return x <= 0.0f ? V{} : x; }  // NaN stays NaN

// A non-linearity and its derivative as a function of its value.
struct Sigmoid {
    static V of(V x) { return sigmoid(x); }
    static V slope(V y) { return sigmoid_slope(y); }
};
struct Tanh {
    static V of(V x) { return tanh(x); }
    static V slope(V y) { return tanh_slope(y); }
};
struct Relu {
    static V of(V x) { return relu(x); }
    static V slope(V y) { return y > 0.0f ? splat(1.0f) : V{}; }
};

// Vanishing gradients are full of numbers below the normal range, each a hundred times slower than another: count them
// as 0 while this stands.
struct FlushDenormals {
#if defined(__SSE2__)
    unsigned before = _mm_getcsr();
    FlushDenormals() { _mm_setcsr(before | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(before); }
#endif
};
