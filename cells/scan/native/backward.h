// A sequence backward.
#pragma once
#include "sequence.h"

template <class Cell>
struct Backward {
    static constexpr int S = Cell::sections;
    static constexpr int LAST = Cell::stages - 1;
    const Call& q;
    const Layout<Cell>& w;
    const Floats* packed;          // by source: the gates of its sections by rows, for products go the other way
    Floats da, dm, input;          // gradients of the gathered sections, of multiplied vectors, of a row of x
    Floats d_states, step_dP;      // of the states; of the constants in one step, [vectors, Hp]
    Floats first;                  // the states before the first step but h, laid as kept values are
    Floats sums[Cell::sources + 1];  // gradients of the matrices of a source, [numbers, wide]
    std::vector<double> dP;        // [vectors, Hp]; double, for a factor's gradient is a sum with much cancellation
    std::vector<const float*> rows_at[Cell::sources + 1];  // of the gathered steps: the rows of each source

    Backward(const Call& q, const Layout<Cell>& w, const Floats* packed)
        : q(q), w(w), packed(packed), da((GATHER + GROUP) * w.wide), dm(Cell::multiplied * GROUP * w.Hp),
          input(q.dx ? GROUP * w.Dp : 0), d_states(Cell::states * GROUP * w.Hp), step_dP(Cell::vectors * w.Hp),
          first(Cell::states > 1 ? GROUP * Cell::kept * w.Hp : 0), dP(Cell::vectors * w.Hp) {
        for (int n = 0; n < Cell::sources; ++n) sums[n].take(w.numbers(n) * w.wide);
    }

    float* d_state(int n) const { return d_states + n * GROUP * w.Hp; }
    const float* kept_of(N t, N b) const { return q.kept + (t * q.B + b) * Cell::kept * w.Hp; }

    // The states but h before a step, laid as kept values: state n has slot n - 1.
    const float* states_before(N t, N begin) const { return t ? kept_of(t - 1, begin) : first.at; }
    const float* h_before(N t, N begin) const {
        return t ? q.out + ((t - 1) * q.B + begin) * w.H : q.state[0] + begin * w.H;
    }

    void group(N begin, N end) {
        const N rows = end - begin, most = GATHER / rows > 0 ? GATHER / rows : 1;
        N gathered = 0;
        start(begin, rows);
        for (N t = q.T - 1; t >= 0; --t) {
            float* now = da + gathered * rows * w.wide;
            std::memset(step_dP, 0, Cell::vectors * w.Hp * sizeof(float));
            back(Stage<LAST>(), t, begin, rows, now);
            for (N n = 0; n < Cell::vectors * w.Hp; ++n) dP[n] += step_dP[n];
            for (int n = 0; n < Cell::sources; ++n) {
                if (Cell::source[n].kind == STATE) through(d_state(Cell::source[n].number), n, -1, now, rows);
                rows_at[n].push_back(rows_of(n, t, begin));
            }
            if (q.dx) to_input(t, begin, now, rows);
            if (++gathered == most || t == 0) {
                add_up(rows, gathered);
                gathered = 0;
            }
        }
        for (int n = 0; n < Cell::states; ++n)
            for (N r = 0; r < rows; ++r)
                std::memcpy(q.d_state[n] + (begin + r) * w.H, d_state(n) + r * w.Hp, w.H * sizeof(float));
    }

    void start(N begin, N rows) {
        std::memset(d_states, 0, Cell::states * GROUP * w.Hp * sizeof(float));
        for (int n = 0; n < Cell::states; ++n)
            for (N r = 0; r < rows; ++r) {
                if (q.d_after[n])
                    std::memcpy(d_state(n) + r * w.Hp, q.d_after[n] + (begin + r) * w.H, w.H * sizeof(float));
                if (n)
                    std::memcpy(first + (r * Cell::kept + n - 1) * w.Hp, q.state[n] + (begin + r) * w.H,
                                w.H * sizeof(float));
            }
    }

    // From the gradients of the new states, then of what a stage has computed, to those of the sections; leaves in
    // d_state what reaches the step before without a matrix.
    template <int n>
    void back(Stage<n> stage, N t, N begin, N rows, float* now) {
        for (N r = 0; r < rows; ++r) elements(stage, t, begin, r, now + r * w.wide);
        if constexpr (n > 0) {
            for (int m = 0; m < Cell::sources; ++m)
                if (Cell::source[m].kind == KEPT) through(dm + multiplied(Cell::source[m].number) * GROUP * w.Hp, m, n, now, rows);
            back(Stage<n - 1>(), t, begin, rows, now);
        }
    }

    static int multiplied(int slot) {
        for (int m = 0; m < Cell::multiplied; ++m)
            if (Cell::computed[m].slot == slot) return m;
        return -1;
    }

    template <int n>
    void elements(Stage<n> stage, N t, N begin, N r, float* now) {
        const N b = begin + r, row = t * q.B + b, H = w.H, Hp = w.Hp;
        const float *kept = kept_of(t, b), *h = h_before(t, b), *factors = w.P;
        const float* others = Cell::states > 1 ? t ? kept_of(t - 1, b) : first + r * Cell::kept * Hp : nullptr;
        const float* d_out = q.d_out ? q.d_out + row * H : nullptr;
        const float* d_last = q.d_last && q.ends[b] == t ? q.d_last + b * H : nullptr;
        float *to_states = d_states + r * Hp, *to_dm = dm + r * Hp, *sums_P = step_dP;
        const N kept_back = t ? q.B * Cell::kept * Hp : 0, h_back = t > 1 ? q.B * H : 0;  // asked for now: far away
        vectors(H, [=](N j, auto lanes) {
            constexpr bool last = n == LAST;
            V k[Cell::kept + 1], P[Cell::vectors + 1], s[Cell::states], d[Cell::states + Cell::multiplied];
            V to_a[S + 1], to_P[Cell::vectors + 1], to_s[Cell::states], to_m[Cell::multiplied + 1];
            UNROLLED for (int i = 0; i < Cell::kept; ++i) {
                k[i] = load(kept + i * Hp + j);
                if (n == 0) __builtin_prefetch(kept + i * Hp + j - kept_back);
            }
            UNROLLED for (int i = 0; i < Cell::vectors; ++i) P[i] = load(factors + i * Hp + j);
            s[0] = load(h + j, lanes);
            if (n == 0) __builtin_prefetch(h + j - h_back);
            UNROLLED for (int i = 1; i < Cell::states; ++i) s[i] = load(others + (i - 1) * Hp + j);
            UNROLLED for (int i = 0; i < Cell::states; ++i) d[i] = last ? load(to_states + i * GROUP * Hp + j) : V{};
            if (last && d_out) d[0] += load(d_out + j, lanes);
            if (last && d_last) d[0] += load(d_last + j, lanes);
            UNROLLED for (int i = 0; i < Cell::multiplied; ++i)
                d[Cell::states + i] = Cell::computed[i].stage == n ? load(to_dm + i * GROUP * Hp + j) : V{};
            if (!last) {
                UNROLLED for (int i = 0; i < S; ++i)
                    if (Cell::touches_da(stage, i)) to_a[i] = load(now + i * Hp + j);
                UNROLLED for (int i = 0; i < Cell::states; ++i)
                    if (Cell::touches_ds(stage, i)) to_s[i] = load(to_states + i * GROUP * Hp + j);
                UNROLLED for (int i = 0; i < Cell::multiplied; ++i)
                    if (Cell::touches_dm(stage, i)) to_m[i] = load(to_dm + i * GROUP * Hp + j);
                UNROLLED for (int i = 0; i < Cell::vectors; ++i) to_P[i] = V{};
            }
            Cell::backward(stage, k, P, s, d, to_a, to_P, to_s, to_m);
            UNROLLED for (int i = 0; i < S; ++i)
                if (Cell::touches_da(stage, i)) store(now + i * Hp + j, to_a[i]);
            UNROLLED for (int i = 0; i < Cell::states; ++i)
                if (Cell::touches_ds(stage, i)) store(to_states + i * GROUP * Hp + j, to_s[i]);
            UNROLLED for (int i = 0; i < Cell::multiplied; ++i)
                if (Cell::touches_dm(stage, i)) store(to_dm + i * GROUP * Hp + j, to_m[i]);
            UNROLLED for (int i = 0; i < Cell::vectors; ++i)
                if (Cell::touches_dP(stage, i)) store(sums_P + i * Hp + j, load(sums_P + i * Hp + j) + to_P[i]);
        });
    }

    const float* rows_of(int source, N t, N begin) const {
        const Source& from = Cell::source[source];
        if (from.kind == SAMPLE) return q.x + (t + Cell::window - 1 - from.number) * q.x_step + begin * q.x_row;
        if (from.kind == KEPT) return kept_of(t, begin) + from.number * w.Hp;
        return from.number ? states_before(t, begin) + (from.number - 1) * w.Hp : h_before(t, begin);
    }
    N stride(int source) const {
        const Source& from = Cell::source[source];
        return from.kind == SAMPLE ? q.x_row : from.kind == STATE && !from.number ? w.H : Cell::kept * w.Hp;
    }

    // dst += the gradients of the sections of one stage (-1 for all) through the matrices of a source.
    void through(float* dst, int source, int stage, const float* now, N rows) {
        for (const Panel& panel : w.state_panels)
            for (N r = 0; r < rows; r += ROWS) product(dst + r * w.Hp, w.Hp, true, source, stage, now + r * w.wide, panel, rows - r);
    }

    void product(float* dst, N ld, bool add, int source, int stage, const float* now, const Panel& panel, N rows) {
        const N K = padded(w.numbers(source));
        Term terms[S + 1];
        int count = 0;
        for (int s = 0; s < S; ++s)
            if (Cell::gate[source][s].matrix >= 0 && (stage < 0 || Cell::stage[s] == stage))
                terms[count++] = {now + s * w.Hp, w.wide, packed[source] + s * w.H * K + panel.first * LANES * w.H, w.H};
        if (!count) return;
        multiply_for(rows < ROWS ? rows : ROWS, panel.count)(dst + panel.first * LANES, ld, add, terms, count);
    }

    // Gradients of samples: of a window, those that several steps have read add up.
    void to_input(N t, N begin, const float* now, N rows) {
        for (int n = 0; n < Cell::sources; ++n) {
            if (Cell::source[n].kind != SAMPLE) continue;
            for (const Panel& panel : w.input_panels)
                for (N r = 0; r < rows; r += ROWS)
                    product(input + r * w.Dp, w.Dp, false, n, -1, now + r * w.wide, panel, rows - r);
            float* to = q.dx + ((t + Cell::window - 1 - Cell::source[n].number) * q.B + begin) * w.D;
            for (N r = 0; r < rows; ++r)
                for (N j = 0; j < w.D; ++j) to[r * w.D + j] += input[r * w.Dp + j];
        }
        for (int s = 0; s < S; ++s) {
            if (Cell::copied[s].part < 0) continue;
            float* to = q.dx + ((t + Cell::window - 1 - Cell::copied[s].lag) * q.B + begin) * w.D + Cell::copied[s].part * w.H;
            for (N r = 0; r < rows; ++r)
                for (N j = 0; j < w.H; ++j) to[r * w.D + j] += now[r * w.wide + s * w.Hp + j];
        }
    }

    // The gathered steps into the gradients of the matrices.
    void add_up(N rows, N steps) {
        for (size_t p = 0; p < w.panels.size(); ++p) {
            const N at = w.panels[p].first * LANES;
            for (int n = 0; n < Cell::sources; ++n) {
                if (Cell::gate[n][w.section[p]].matrix < 0) continue;
                for (N k = 0, K = w.numbers(n); k < K; k += ROWS)
                    correlate_for(K - k < ROWS ? K - k : ROWS, w.panels[p].count)(
                        sums[n] + k * w.wide + at, w.wide, steps, rows, rows_at[n].data(), stride(n), k, da + at,
                        rows * w.wide);
            }
        }
        for (auto& list : rows_at) list.clear();
    }

    // Adds this thread's sums to the gradients of the call.
    void deliver() const {
        for (int n = 0; n < Cell::sources; ++n)
            for (int s = 0; s < S; ++s) {
                const Gate& gate = Cell::gate[n][s];
                if (gate.matrix < 0) continue;
                const N apart = q.columns[gate.matrix];
                float* to = q.d_matrix[gate.matrix] + gate.gate * w.H * apart + gate.column;
                for (N j = 0; j < w.H; ++j)
                    for (N k = 0, K = w.numbers(n); k < K; ++k) to[j * apart + k] += sums[n][k * w.wide + s * w.Hp + j];
            }
        for (int v = 0; v < Cell::vectors; ++v) {
            const Vector& from = Cell::vector[v];
            float* to = q.d_constant[from.constant];
            double sum = 0;
            for (N j = 0; j < w.H; ++j) {
                if (from.part < 0) sum += dP[v * w.Hp + j];
                else to[from.part * w.H + j] += (float)dP[v * w.Hp + j];
            }
            if (from.part < 0) *to += (float)sum;
        }
    }
};

template <class Cell>
static void backward(const Call& all, N m) {
    const OfModel<Cell> one(all, m);
    const Call& q = one.q;
    Layout<Cell> w(q);
    Floats packed[Cell::sources + 1];
    for (int n = 0; n < Cell::sources; ++n) {
        const bool sample = Cell::source[n].kind == SAMPLE;
        if (sample && !q.dx) continue;
        const N K = w.numbers(n);
        packed[n].take(Cell::sections * w.H * padded(K));
        for (int s = 0; s < Cell::sections; ++s)
            if (Cell::gate[n][s].matrix >= 0)
                pack(packed[n] + s * w.H * padded(K), w.gate_of(q, n, s), q.columns[Cell::gate[n][s].matrix], 1, w.H, K,
                     sample ? w.input_panels : w.state_panels);
    }
    for (N n = 0; n < q.matrices; ++n) std::memset(q.d_matrix[n], 0, q.rows[n] * q.columns[n] * sizeof(float));
    for (N n = 0; n < q.constants; ++n) std::memset(q.d_constant[n], 0, q.sizes[n] * sizeof(float));
    if (q.dx) std::memset(q.dx, 0, (all.T + Cell::window - 1) * q.B * q.D * sizeof(float));

    std::vector<Backward<Cell>*> parts(threads_of(q));
    share(q, [&](N n, N from, N to) {
        parts[n] = new Backward<Cell>(q, w, packed);
        for (N g = from; g < to; ++g) parts[n]->group(first_row(g, q.B), first_row(g + 1, q.B));
    });
    for (Backward<Cell>* part : parts) {  // in the order of the threads, so that the last bits are always the same
        part->deliver();
        delete part;
    }
}
