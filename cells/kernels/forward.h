// A sequence forward.
#pragma once
#include "sequence.h"

template <class Cell>
struct Forward {
    const Call& q;
    const Layout<Cell>& w;
    const float *W, *U;
    Floats pre, h, c, gated;

    Forward(const Call& q, const Layout<Cell>& w, const float* W, const float* U)
        : q(q), w(w), W(W), U(U), pre(GROUP * w.wide), h(GROUP * w.Hp), c(GROUP * w.Hp),
          gated(Cell::gated < 0 ? 0 : GROUP * w.Hp) {}

    void group(N begin, N end) {
        N rows = end - begin;
        for (N r = 0; r < rows; ++r) {
            std::memcpy(h + r * w.Hp, q.h0 + (begin + r) * w.H, w.H * sizeof(float));
            if (Cell::states > 1) std::memcpy(c + r * w.Hp, q.c0 + (begin + r) * w.H, w.H * sizeof(float));
        }
        for (N t = 0; t < q.T; ++t) {
            products(t, begin, rows, false, h);
            if constexpr (Cell::gated >= 0) {
                for (N r = 0; r < rows; ++r) gate(r);
                products(t, begin, rows, true, gated);
            }
            for (N r = 0; r < rows; ++r) gates(t, begin, r);
        }
        if (q.c_last)
            for (N r = 0; r < rows; ++r)
                std::memcpy(q.c_last + (begin + r) * w.H, c + r * w.Hp, w.H * sizeof(float));
    }

    // Of the gated section, or of all others.
    void products(N t, N begin, N rows, bool of_gated, const float* state) {
        const float* x = q.x + t * q.x_step + begin * q.x_row;
        if (Cell::given && !of_gated) take_given(x, rows);
        for (const Panel& panel : w.panels) {
            N first = panel.first * LANES;
            int kind = w.kind(w.section_of(panel, w.Hp));
            if ((kind & 4) != 4 * of_gated) continue;
            for (N r = 0; r < rows; r += ROWS) {
                Term terms[2];
                int count = 0;
                if ((kind & 1) && !Cell::given) terms[count++] = {x + r * q.x_row, q.x_row, W + first * w.D, w.D};
                if (kind & 2) terms[count++] = {state + r * w.Hp, w.Hp, U + first * w.H, w.H};
                N height = rows - r < ROWS ? rows - r : ROWS;
                const bool add = Cell::given && (kind & 1);
                if (!Cell::given || count)
                    multiply_for(height, panel.count)(pre + r * w.wide + first, w.wide, add, terms, count);
            }
        }
    }

    void take_given(const float* x, N rows) {
        for (N r = 0; r < rows; ++r)
            for (int s = 0; s < Cell::sections; ++s)
                if (Cell::of_input[s] >= 0)
                    std::memcpy(pre + r * w.wide + s * w.Hp, x + r * q.x_row + Cell::of_input[s] * w.H,
                                w.H * sizeof(float));
    }

    void gate(N r) {
        for (N j = 0; j < w.H; j += LANES) {
            V sections[MOST], P[MOST];
            for (int s = 0; s < Cell::gated; ++s) sections[s] = load(pre + r * w.wide + s * w.Hp + j);
            for (int v = 0; v < Cell::vectors; ++v) P[v] = load(w.P + v * w.Hp + j);
            store(gated + r * w.Hp + j, Cell::gate(sections, P, load(h + r * w.Hp + j)));
        }
    }

    void gates(N t, N begin, N r) {
        const N row = t * q.B + begin + r, H = w.H, Hp = w.Hp;
        const float *a = pre + r * w.wide, *factors = w.P, *take = q.take ? q.take + row * H : nullptr;
        float *to_h = h + r * Hp, *to_c = c + r * Hp, *out = q.out + row * H;
        float* kept = q.kept ? q.kept + row * Cell::kept * Hp : nullptr;
        const N ahead = t + 1 < q.T ? q.B : 0;  // where the next step writes is asked for now: it lies far away
        const V let = splat((float)q.let);
        vectors(H, [=](N j, auto n) {
            V sections[MOST], P[MOST], keep[MOST];
            for (int s = 0; s < Cell::sections; ++s) sections[s] = load(a + s * Hp + j);
            for (int v = 0; v < Cell::vectors; ++v) P[v] = load(factors + v * Hp + j);
            V before = load(to_c + j);
            V now = Cell::forward(sections, P, load(to_h + j), before, take ? load(take + j, n) : let, keep);
            store(to_h + j, now);
            if (Cell::states > 1) store(to_c + j, before);
            store(out + j, now, n);
            __builtin_prefetch(out + ahead * H + j, 1);
            if (!kept) return;
            for (int k = 0; k < Cell::kept; ++k) {
                store(kept + k * Hp + j, keep[k]);
                __builtin_prefetch(kept + (ahead * Cell::kept + k) * Hp + j, 1);
            }
        });
        if (q.ends && q.ends[begin + r] == t) std::memcpy(q.last + (begin + r) * H, to_h, H * sizeof(float));
    }
};

template <class Cell>
static void forward(const Call& q) {
    Layout<Cell> w(q);
    Floats W(Cell::given ? 0 : w.D * w.wide), U(w.recurrent() ? w.H * w.wide : 0);
    if (!Cell::given) w.pack_gates(W, q.W, w.D, Cell::of_input);
    if (w.recurrent()) w.pack_gates(U, q.U, w.H, Cell::of_state);
    share(q, [&](N, N from, N to) {
        Forward<Cell> work(q, w, W, U);
        for (N g = from; g < to; ++g) work.group(first_row(g, q.B), first_row(g + 1, q.B));
    });
}
