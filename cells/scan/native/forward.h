// A sequence forward.
#pragma once
#include "sequence.h"

template <class Cell>
struct Forward {
    static constexpr int S = Cell::sections;
    static constexpr int LAST = Cell::stages - 1;
    const Call& q;
    const Layout<Cell>& w;
    const Floats* packed;  // by source
    Floats pre, states, scratch;

    Forward(const Call& q, const Layout<Cell>& w, const Floats* packed)
        : q(q), w(w), packed(packed), pre(GROUP * w.wide), states(Cell::states * GROUP * w.Hp),
          scratch(q.kept ? 0 : GROUP * Cell::kept * w.Hp) {}

    float* state(int n) const { return states + n * GROUP * w.Hp; }

    void group(N begin, N end) {
        const N rows = end - begin;
        for (int n = 0; n < Cell::states; ++n)
            for (N r = 0; r < rows; ++r)
                std::memcpy(state(n) + r * w.Hp, q.state[n] + (begin + r) * w.H, w.H * sizeof(float));
        for (N t = 0; t < q.T; ++t) step(Stage<0>(), t, begin, rows);
        for (int n = 0; n < Cell::states; ++n)
            for (N r = 0; q.after[n] && r < rows; ++r)
                std::memcpy(q.after[n] + (begin + r) * w.H, state(n) + r * w.Hp, w.H * sizeof(float));
    }

    template <int n>
    void step(Stage<n> stage, N t, N begin, N rows) {
        float* kept = q.kept ? q.kept + (t * q.B + begin) * Cell::kept * w.Hp : scratch.at;
        products(n, t, begin, rows, kept);
        for (N r = 0; r < rows; ++r) elements(stage, t, begin, r, kept + r * Cell::kept * w.Hp);
        if constexpr (n < LAST) step(Stage<n + 1>(), t, begin, rows);
    }

    void products(int stage, N t, N begin, N rows, const float* kept) {
        for (size_t p = 0; p < w.panels.size(); ++p) {
            const Panel& panel = w.panels[p];
            const int s = w.section[p];
            if (Cell::stage[s] != stage) continue;
            const N first = panel.first * LANES;
            const bool add = Cell::copied[s].part >= 0;
            if (add) copy(panel, t, begin, rows);
            Term sum[Cell::sources + 1];
            int count = 0;
            for (int n = 0; n < Cell::sources; ++n)
                if (Cell::gate[n][s].matrix >= 0)
                    sum[count++] = {rows_of(n, t, begin, kept), stride(n), packed[n] + first * w.numbers(n), w.numbers(n)};
            for (N r = 0; count && r < rows; r += ROWS) {
                Term terms[Cell::sources + 1];
                for (int n = 0; n < count; ++n) terms[n] = {sum[n].a + r * sum[n].row, sum[n].row, sum[n].b, sum[n].K};
                const N height = rows - r < ROWS ? rows - r : ROWS;
                multiply_for(height, panel.count)(pre + r * w.wide + first, w.wide, add, terms, count);
            }
        }
    }

    const float* rows_of(int source, N t, N begin, const float* kept) const {
        const Source& from = Cell::source[source];
        if (from.kind == SAMPLE) return q.x + (t + Cell::window - 1 - from.number) * q.x_step + begin * q.x_row;
        return from.kind == STATE ? state(from.number) : kept + from.number * w.Hp;
    }
    N stride(int source) const {
        const int kind = Cell::source[source].kind;
        return kind == SAMPLE ? q.x_row : kind == STATE ? w.Hp : Cell::kept * w.Hp;
    }

    // Numbers of samples as they are, into the sections of a panel, which are whole ones.
    void copy(const Panel& panel, N t, N begin, N rows) {
        const N end = (panel.first + panel.count) * LANES;
        for (N at = panel.first * LANES; at < end;) {
            const N s = at / w.Hp, unit = at % w.Hp, stop = (s + 1) * w.Hp < end ? (s + 1) * w.Hp : end;
            const N real = w.H - unit < stop - at ? w.H - unit : stop - at;
            const float* x = q.x + (t + Cell::window - 1 - Cell::copied[s].lag) * q.x_step + begin * q.x_row;
            for (N r = 0; real > 0 && r < rows; ++r)
                std::memcpy(pre + r * w.wide + at, x + r * q.x_row + Cell::copied[s].part * w.H + unit, real * sizeof(float));
            at = stop;
        }
    }

    template <int n>
    void elements(Stage<n> stage, N t, N begin, N r, float* kept) {
        const N row = t * q.B + begin + r, H = w.H, Hp = w.Hp;
        const float *a = pre + r * w.wide, *constants = w.P;
        float *before = states + r * Hp, *out = q.out + row * H;
        const N ahead = t + 1 < q.T ? q.B : 0;  // where the next step writes is asked for now: it lies far away
        const bool far = q.kept;
        vectors(H, [=](N j, auto lanes) {
            V sections[S + 1], P[Cell::vectors + 1], s[Cell::states], k[Cell::kept + 1], after[Cell::states];
            UNROLLED for (int i = 0; i < S; ++i)
                if (Cell::stage[i] <= n) sections[i] = load(a + i * Hp + j);
            UNROLLED for (int i = 0; i < Cell::vectors; ++i) P[i] = load(constants + i * Hp + j);
            UNROLLED for (int i = 0; i < Cell::states; ++i) s[i] = load(before + i * GROUP * Hp + j);
            UNROLLED for (int i = 0; i < Cell::kept; ++i)
                if (Cell::written[i] < n) k[i] = load(kept + i * Hp + j);
            Cell::forward(stage, sections, P, s, k, after);
            UNROLLED for (int i = 0; i < Cell::kept; ++i)
                if (Cell::written[i] == n) {
                    store(kept + i * Hp + j, k[i]);
                    if (far) __builtin_prefetch(kept + (ahead * Cell::kept + i) * Hp + j, 1);
                }
            if constexpr (n == LAST) {
                UNROLLED for (int i = 0; i < Cell::states; ++i) store(before + i * GROUP * Hp + j, after[i]);
                store(out + j, after[0], lanes);
                __builtin_prefetch(out + ahead * H + j, 1);
            }
        });
        if (n == LAST && q.ends && q.ends[begin + r] == t)
            std::memcpy(q.last + (begin + r) * H, before, H * sizeof(float));
    }
};

template <class Cell>
static void forward(const Call& all, N m) {
    const OfModel<Cell> one(all, m);
    const Call& q = one.q;
    Layout<Cell> w(q);
    Floats packed[Cell::sources + 1];
    for (int n = 0; n < Cell::sources; ++n) {
        packed[n].take(w.numbers(n) * w.wide);
        w.pack_gates(packed[n], q, n);
    }
    share(q, [&](N, N from, N to) {
        Forward<Cell> work(q, w, packed);
        for (N g = from; g < to; ++g) work.group(first_row(g, q.B), first_row(g + 1, q.B));
    });
}
