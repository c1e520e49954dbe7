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

// Vanishing gradients are full of numbers below the normal range, each a hundred times slower than another: count them
// as 0 while this stands.
struct FlushDenormals {
#if defined(__SSE2__)
    unsigned before = _mm_getcsr();
    FlushDenormals() { _mm_setcsr(before | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(before); }
#endif
};
