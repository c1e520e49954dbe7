// Products of small matrices, a tile of ROWS x (COLS vectors) at a time, its sums in registers: tiles.cpp, which no cell
// changes, so it is compiled once.
#pragma once
#include <vector>

#include "lanes.h"

typedef int64_t N;

static inline N padded(N n) { return (n + LANES - 1) / LANES * LANES; }

// Columns of a product that are computed together: `count` vectors from vector `first`.
struct Panel {
    N first;
    int count;
};

// Appends panels over `vectors` vectors from `first`, of sizes as equal as can be.
static inline void cut(std::vector<Panel>& panels, N first, N vectors) {
    for (N left = (vectors + COLS - 1) / COLS; left > 0; --left) {
        int count = (int)((vectors + left - 1) / left);
        panels.push_back({first, count});
        first += count;
        vectors -= count;
    }
}

// dst[k][c] of each panel from source(k, column) = src[k * by_k + column * by_column], columns beyond `columns` 0. The
// panel that begins at vector v lies at dst + v * LANES * K, its rows without gaps.
static inline void pack(float* dst, const float* src, N by_k, N by_column, N K, N columns,
                        const std::vector<Panel>& panels) {
    for (const Panel& panel : panels) {
        N first = panel.first * LANES, width = panel.count * LANES;
        float* at = dst + first * K;
        N real = columns - first < width ? columns - first : width;
        for (N c = 0; c < width; ++c)
            for (N k = 0; k < K; ++k) at[k * width + c] = c < real ? src[k * by_k + (first + c) * by_column] : 0.0f;
    }
}

// One term of a sum of products: rows a[r * row + k], packed columns b.
struct Term {
    const float* a;
    N row;
    const float* b;
    N K;
};

// dst[r][c] (+)= sum over terms and k of a[r][k] b[k][c].
typedef void (*Multiply)(float*, N, bool, const Term*, int);
// dst[i][c] += sum over steps s and rows r of a[s][r * row + i] b[s * step + r * ld + c]: a gradient of a matrix.
typedef void (*Correlate)(float*, N, N, N, const float* const*, N, N, const float*, N);

// For so many rows, at most ROWS, and so many vectors of columns, at most COLS.
#define OURS __attribute__((visibility("hidden")))  // a process holds several of these, for several widths of vectors
OURS Multiply multiply_for(N rows, int count);
OURS Correlate correlate_for(N rows, int count);
