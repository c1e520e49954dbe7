// What a kernel is called with, the memory it works in, and the shares of its threads.
#pragma once
#include <cstdlib>
#include <thread>

#include "gates.h"
#include "tiles.h"

// One call, forward or backward, for so many models of one shape: every array has them as its first dimension, which
// is not written below. All arrays are of float, dense and in the order of their shape, but x, whose rows are dense and
// whose steps, sequences and models lie x_step, x_row and x_model apart. A pointer that may be null says so.
struct Call {
    N T, B, D, H, threads, models;
    N x_step, x_row, x_model;
    const float *x, *h0, *c0;   // [T, B, D], [B, H], [B, H] or null
    const float *W, *U, *P;     // [gates H, D] or null where sections are given, [gates H, H] or null, [vectors, H]
    const float* take;          // [T, B, H], or null for `let` everywhere
    double let;
    const N* steps;             // for each model how many of the T steps it takes, or null for all of them
    const N* ends;              // [B] or null: the step, from 0, after which h is read into `last`
    float *out, *kept;          // [T, B, H]; [T, B, kept * padded(H)] or null
    float *last, *c_last;       // [B, H] or null
    const float *d_out, *d_last, *dc_last;             // shapes of what they are gradients of, or null
    float *dx, *dh0, *dc0, *dW, *dU, *dP;              // written; dx and dc0 may be null
};

// The part of a call that is one model's.
template <class Cell>
static Call of_model(const Call& all, N m) {
    N inputs = 0, states = 0;
    for (int s = 0; s < Cell::sections; ++s) {
        inputs += Cell::of_input[s] >= 0 && !Cell::given;
        states += Cell::of_state[s] >= 0;
    }
    const N BH = all.B * all.H, TBH = all.T * BH, W = inputs * all.H * all.D, U = states * all.H * all.H;
    Call q = all;
    auto on = [m](auto& at, N size) { at = at ? at + m * size : at; };
    if (all.steps) q.T = all.steps[m];
    on(q.x, all.x_model), on(q.dx, all.T * all.B * all.D), on(q.ends, all.B);
    on(q.W, W), on(q.dW, W), on(q.U, U), on(q.dU, U);
    on(q.P, Cell::vectors * all.H), on(q.dP, Cell::vectors * all.H);
    on(q.take, TBH), on(q.out, TBH), on(q.d_out, TBH), on(q.kept, all.T * all.B * Cell::kept * padded(all.H));
    for (const float** each : {&q.h0, &q.c0, &q.d_last, &q.dc_last}) on(*each, BH);
    for (float** each : {&q.last, &q.c_last, &q.dh0, &q.dc0}) on(*each, BH);
    return q;
}

// Zeroed floats at an address that every vector fits.
struct Floats {
    float* at;
    explicit Floats(N count) {
        N bytes = (count * 4 + 127) / 64 * 64;
        at = static_cast<float*>(std::aligned_alloc(64, bytes));
        std::memset(at, 0, bytes);
    }
    ~Floats() { std::free(at); }
    Floats(const Floats&) = delete;
    Floats& operator=(const Floats&) = delete;
    operator float*() const { return at; }
};

// Sequences that go through time together: their states stay in the nearest cache, and each packed panel is used
// for so many rows at a time.
constexpr N GROUP = 4 * ROWS;
// Rows of pre-activation gradients that are gathered before they are multiplied into the gradients of W and U: what the
// second cache holds, and few enough that a float can sum them.
constexpr N GATHER = 192;

static inline N groups_of(N B) { return (B + GROUP - 1) / GROUP; }

// Whole blocks of ROWS are dealt to the groups as evenly as can be.
static inline N first_row(N group, N B) {
    N blocks = (B + ROWS - 1) / ROWS, row = blocks * group / groups_of(B) * ROWS;
    return row < B ? row : B;
}

static inline N threads_of(const Call& q) {
    N most = groups_of(q.B);
    return q.threads < 1 ? 1 : q.threads < most ? q.threads : most;
}

// work(thread, first group, end) in each thread, on a share of the groups that depends on their number alone.
template <class Work>
static void share(const Call& q, Work work) {
    N threads = threads_of(q), groups = groups_of(q.B);
    auto go = [&](N n) {
        FlushDenormals here;
        work(n, groups * n / threads, groups * (n + 1) / threads);
    };
    std::vector<std::thread> others;
    for (N n = 1; n < threads; ++n) others.emplace_back(go, n);
    go(0);
    for (auto& each : others) each.join();
}

// A cell's packed matrices and biases for a call.
template <class Cell>
struct Layout {
    static constexpr N S = Cell::sections;
    N H, Hp, D, Dp, wide;
    std::vector<Panel> panels, state_panels, input_panels;  // of sections; of h; of x
    Floats P;

    explicit Layout(const Call& q)
        : H(q.H), Hp(padded(q.H)), D(q.D), Dp(padded(q.D)), wide(S * Hp), P(Cell::vectors * Hp) {
        for (int s = 0, end; s < S; s = end) {  // neighbours of one kind share panels
            for (end = s + 1; end < S && kind(end) == kind(s); ++end) {}
            cut(panels, s * Hp / LANES, (end - s) * Hp / LANES);
        }
        cut(state_panels, 0, Hp / LANES);
        cut(input_panels, 0, Dp / LANES);
        for (int v = 0; v < Cell::vectors; ++v) std::memcpy(P + v * Hp, q.P + v * H, H * sizeof(float));
    }
    static int kind(int s) { return (Cell::of_input[s] >= 0) + 2 * (Cell::of_state[s] >= 0) + 4 * (s == Cell::gated); }
    static bool recurrent() {
        for (int each : Cell::of_state)
            if (each >= 0) return true;
        return false;
    }
    static int section_of(const Panel& panel, N Hp) { return (int)(panel.first * LANES / Hp); }

    // Columns of all sections from the rows of W or U; sections that do not use it stay 0.
    void pack_gates(float* dst, const float* M, N K, const int* gate) const {
        for (const Panel& panel : panels) {
            N first = panel.first * LANES, width = panel.count * LANES;
            for (N c = 0; c < width; ++c) {
                N s = (first + c) / Hp, unit = (first + c) % Hp;
                if (gate[s] < 0 || unit >= H) continue;
                const float* from = M + (gate[s] * H + unit) * K;
                float* to = dst + first * K + c;
                for (N k = 0; k < K; ++k) to[k * width] = from[k];
            }
        }
    }
};
