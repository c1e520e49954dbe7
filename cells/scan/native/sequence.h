// What a kernel is called with, the memory it works in, and the shares of its threads.
#pragma once
#include <cstdlib>
#include <thread>

#include "lanes.h"
#include "tiles.h"
#include "types.h"

#define UNROLLED _Pragma("GCC unroll 96")

// One call, forward or backward, for so many models of one shape: every array has them as its first dimension, which
// is not written below. All arrays are of float, dense and in the order of their shape, but x, whose rows are dense and
// whose steps, sequences and models lie x_step, x_row and x_model apart. A pointer that may be null says so. Arrays of
// pointers follow the numbers of states, matrices and constants in the type Own.
struct Call {
    N T, B, D, H, threads, models;
    N x_step, x_row, x_model;
    N matrices, constants;
    const N *rows, *columns, *sizes;  // of each matrix; of each constant
    const float* x;                   // [window - 1 + T, B, D]
    const float *const *state, *const *matrix, *const *constant;  // [B, H], [rows, columns], [size]
    const N* steps;                   // for each model how many of the T steps it takes, or null for all of them
    const N* ends;                    // [B] or null: the step, from 0, after which h is read into `last`
    float *out, *kept;                // [T, B, H]; [T, B, kept * padded(H)] or null
    float* last;                      // [B, H] or null
    float* const* after;              // [B, H]: states after the last step; the first may be null
    const float *d_out, *d_last;      // gradients of these, or null
    const float* const* d_after;      // each may be null
    float* dx;                        // [window - 1 + T, B, D], written, or null
    float *const *d_state, *const *d_matrix, *const *d_constant;  // written
};

// The part of a call that is one model's.
template <class Cell>
struct OfModel {
    Call q;
    std::vector<const float*> in[4];
    std::vector<float*> out[4];

    OfModel(const Call& all, N m) : q(all) {
        const N BH = all.B * all.H, TBH = all.T * BH;
        auto on = [m](auto& at, N size) { at = at ? at + m * size : at; };
        if (all.steps) q.T = all.steps[m];
        on(q.x, all.x_model), on(q.dx, (all.T + Cell::window - 1) * all.B * all.D), on(q.ends, all.B);
        on(q.out, TBH), on(q.d_out, TBH), on(q.kept, all.T * all.B * Cell::kept * padded(all.H));
        on(q.last, BH), on(q.d_last, BH);
        auto each = [m](auto& list, auto*& at, N count, auto size) {
            if (!at) return;
            for (N n = 0; n < count; ++n) list.push_back(at[n] ? at[n] + m * size(n) : nullptr);
            at = list.data();
        };
        auto of_state = [BH](N) { return BH; };
        auto of_matrix = [&all](N n) { return all.rows[n] * all.columns[n]; };
        auto of_constant = [&all](N n) { return all.sizes[n]; };
        each(in[0], q.state, Cell::states, of_state), each(in[1], q.matrix, all.matrices, of_matrix);
        each(in[2], q.constant, all.constants, of_constant), each(in[3], q.d_after, Cell::states, of_state);
        each(out[0], q.after, Cell::states, of_state), each(out[1], q.d_state, Cell::states, of_state);
        each(out[2], q.d_matrix, all.matrices, of_matrix), each(out[3], q.d_constant, all.constants, of_constant);
    }
};

// Zeroed floats at an address that every vector fits.
struct Floats {
    float* at;
    explicit Floats(N count = 0) : at(nullptr) {
        if (count) take(count);
    }
    void take(N count) {
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
// Rows of pre-activation gradients that are gathered before they are multiplied into the gradients of matrices: what the
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
    for (auto& other : others) other.join();
}

// Where the sections, the sources and the constants of a cell lie in a call.
template <class Cell>
struct Layout {
    static constexpr int S = Cell::sections;
    N H, Hp, D, Dp, wide;
    std::vector<Panel> panels, state_panels, input_panels;  // of sections; of H units; of a sample
    std::vector<int> section;                               // the first one of each panel
    Floats P;

    explicit Layout(const Call& q)
        : H(q.H), Hp(padded(q.H)), D(q.D), Dp(padded(q.D)), wide(S * Hp), P(Cell::vectors * Hp) {
        for (int s = 0, end; s < S; s = end) {  // neighbours of one kind share panels
            for (end = s + 1; end < S && alike(s, end); ++end) {}
            cut(panels, s * Hp / LANES, (end - s) * Hp / LANES);
        }
        for (const Panel& panel : panels) section.push_back((int)(panel.first * LANES / Hp));
        cut(state_panels, 0, Hp / LANES);
        cut(input_panels, 0, Dp / LANES);
        for (int v = 0; v < Cell::vectors; ++v) {
            const Vector& from = Cell::vector[v];
            const float* constant = q.constant[from.constant];
            for (N j = 0; j < H; ++j) P[v * Hp + j] = from.part < 0 ? *constant : constant[from.part * H + j];
        }
    }

    static bool alike(int s, int other) {
        if (Cell::stage[s] != Cell::stage[other] || (Cell::copied[s].part < 0) != (Cell::copied[other].part < 0)) return false;
        for (int n = 0; n < Cell::sources; ++n)
            if ((Cell::gate[n][s].matrix < 0) != (Cell::gate[n][other].matrix < 0)) return false;
        return true;
    }

    N numbers(int source) const { return Cell::source[source].kind == SAMPLE ? D : H; }

    // The rows of a gate's matrix for one section, and how far apart they lie.
    static const float* gate_of(const Call& q, int source, int s) {
        const Gate& gate = Cell::gate[source][s];
        return q.matrix[gate.matrix] + gate.gate * q.H * q.columns[gate.matrix] + gate.column;
    }

    // Columns of all sections, panel by panel, from the matrices of a source; sections that do not use it stay 0.
    void pack_gates(float* dst, const Call& q, int source) const {
        const N K = numbers(source);
        for (const Panel& panel : panels) {
            N first = panel.first * LANES, width = panel.count * LANES;
            for (N c = 0; c < width; ++c) {
                const int s = (int)((first + c) / Hp);
                const N unit = (first + c) % Hp;
                if (Cell::gate[source][s].matrix < 0 || unit >= H) continue;
                const float* from = gate_of(q, source, s) + unit * q.columns[Cell::gate[source][s].matrix];
                float* to = dst + first * K + c;
                for (N k = 0; k < K; ++k) to[k * width] = from[k];
            }
        }
    }
};
