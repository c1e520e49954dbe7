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

// each(j, n) for every vector of a row of H floats: n lanes of it from number j. A whole vector's n is known when this
// is compiled, so that only a last part of one pays for its mask.
struct Whole {
    constexpr operator int64_t() const { return LANES; }
};
static inline V load(const float* p, Whole) { return load(p); }
static inline void store(float* p, V v, Whole) { store(p, v); }
template <class Each>
static inline void vectors(int64_t H, Each each) {
    int64_t j = 0;
    for (; j + LANES <= H; j += LANES) each(j, Whole{});
    if (j < H) each(j, H - j);
}

// NaN stays NaN in all of these.
#if LANES == 16
static inline V clamp(V x, float low, float high) {
    return (V)_mm512_min_ps((__m512)splat(high), _mm512_max_ps((__m512)splat(low), (__m512)x));
}
static inline V nearest(V x) { return (V)_mm512_roundscale_ps((__m512)x, 0); }
static inline V power_of_2(V n) { return (V)_mm512_scalef_ps((__m512)splat(1.0f), (__m512)n); }
#else
static inline V clamp(V x, float low, float high) {
    x = x < low ? splat(low) : x;
    return x > high ? splat(high) : x;
}
static inline V nearest(V x) {
    const V magic = splat(12582912.0f);  // 1.5 * 2^23: adding it leaves no digits below 1
    return (x + magic) - magic;
}
static inline V power_of_2(V n) { return (V)((__builtin_convertvector(n, I) << 23) + 0x3f800000); }
#endif

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
    split_power(clamp(x, -87.0f, 87.0f), -LOG2_E, scale, tail);
    return 1.0f / (1.0f + scale * tail + scale);
}
static inline V sigmoid_slope(V y) { return y * (1.0f - y); }

// m / (m + 2) with m = expm1(2 x) has no cancellation near 0. Beyond 10 the nearest float is 1.
static inline V tanh(V x) {
    V scale, tail;
    split_power(clamp(x, -10.0f, 10.0f), 2.0f * LOG2_E, scale, tail);
    V m = scale * tail + (scale - 1.0f);
    return m / (m + 2.0f);
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
