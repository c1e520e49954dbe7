// A sequence backward.
#pragma once
#include "sequence.h"

template <class Cell>
struct Backward {
    static constexpr N S = Cell::sections;
    const Call& q;
    const Layout<Cell>& w;
    const float *W, *U;           // packed by rows: the products go the other way
    Floats da, dh, dc, input;     // gradients of the gathered sections, of the states, of a row of x
    Floats gated;                 // and of a gated state
    Floats dW, dU, step_dP;       // sums: [D, wide], [H, wide]; of one step, [vectors, Hp]
    std::vector<double> dP;       // [vectors, Hp]; double, for a factor's gradient is a sum with much cancellation
    std::vector<const float*> xs, hs, gs;  // of the gathered steps: inputs, states, gated states

    Backward(const Call& q, const Layout<Cell>& w, const float* W, const float* U)
        : q(q), w(w), W(W), U(U), da((GATHER + GROUP) * w.wide), dh(GROUP * w.Hp), dc(GROUP * w.Hp),
          input(q.dx && !Cell::given ? GROUP * w.Dp : 0), gated(Cell::gated < 0 ? 0 : GROUP * w.Hp),
          dW(Cell::given ? 0 : w.D * w.wide), dU(w.recurrent() ? w.H * w.wide : 0),
          step_dP(Cell::vectors * w.Hp), dP(Cell::vectors * w.Hp) {}

    void group(N begin, N end) {
        N rows = end - begin, most = GATHER / rows > 0 ? GATHER / rows : 1, gathered = 0;
        start(begin, rows);
        for (N t = q.T - 1; t >= 0; --t) {
            float* now = da + gathered * rows * w.wide;
            gates(t, begin, rows, now);
            if (w.recurrent()) to_state(now, rows);
            if (q.dx) to_input(t, begin, now, rows);
            xs.push_back(q.x + t * q.x_step + begin * q.x_row);
            hs.push_back(t ? q.out + ((t - 1) * q.B + begin) * w.H : q.h0 + begin * w.H);
            if (Cell::gated >= 0) gs.push_back(kept_of(t, begin) + (Cell::kept - 1) * w.Hp);
            if (++gathered == most || t == 0) {
                add_up(rows, gathered);
                gathered = 0;
            }
        }
        for (N r = 0; r < rows; ++r) {
            std::memcpy(q.dh0 + (begin + r) * w.H, dh + r * w.Hp, w.H * sizeof(float));
            if (q.dc0) std::memcpy(q.dc0 + (begin + r) * w.H, dc + r * w.Hp, w.H * sizeof(float));
        }
    }

    void start(N begin, N rows) {
        std::memset(dh, 0, rows * w.Hp * sizeof(float));
        std::memset(dc, 0, rows * w.Hp * sizeof(float));
        if (q.dc_last)
            for (N r = 0; r < rows; ++r)
                std::memcpy(dc + r * w.Hp, q.dc_last + (begin + r) * w.H, w.H * sizeof(float));
    }

    // From dh to the gradients of the sections; leaves in dh what reaches the step before without U.
    void gates(N t, N begin, N rows, float* now) {
        std::memset(step_dP, 0, Cell::vectors * w.Hp * sizeof(float));
        for (N r = 0; r < rows; ++r) gates_of_row(t, begin, r, now + r * w.wide);
        if constexpr (Cell::gated >= 0) {
            through(gated, false, now, rows, [](int s) { return s == Cell::gated; });
            for (N r = 0; r < rows; ++r) gate_of_row(t, begin, r, now + r * w.wide);
        }
        for (N n = 0; n < Cell::vectors * w.Hp; ++n) dP[n] += step_dP[n];
    }

    void gates_of_row(N t, N begin, N r, float* now) {
        const N b = begin + r, row = t * q.B + b, H = w.H, Hp = w.Hp, kept_row = Cell::kept * Hp;
        const float *kept = q.kept + row * kept_row, *h = t ? q.out + (row - q.B) * H : q.h0 + b * H;
        const float* c = Cell::states < 2 ? nullptr : t ? kept - q.B * kept_row : q.c0 + b * H;
        const float *d_out = q.d_out ? q.d_out + row * H : nullptr, *take = q.take ? q.take + row * H : nullptr;
        const float *d_last = q.d_last && q.ends[b] == t ? q.d_last + b * H : nullptr, *factors = w.P;
        float *to_h = dh + r * Hp, *to_c = dc + r * Hp, *sums = step_dP;
        const N kept_back = t ? q.B * kept_row : 0, h_back = t > 1 ? q.B * H : 0;  // asked for now: it lies far away
        const V let = splat((float)q.let);
        vectors(H, [=](N j, auto n) {
            V keep[MOST], P[MOST], da_j[MOST], dP_j[MOST], grad = load(to_h + j), grad_c = load(to_c + j);
            for (int k = 0; k < Cell::kept; ++k) {
                keep[k] = load(kept + k * Hp + j);
                __builtin_prefetch(kept + k * Hp + j - kept_back);
            }
            __builtin_prefetch(h + j - h_back);
            for (int v = 0; v < Cell::vectors; ++v) P[v] = load(factors + v * Hp + j);
            if (d_out) grad += load(d_out + j, n);
            if (d_last) grad += load(d_last + j, n);
            const V c_before = c ? load(c + j, n) : V{}, part = take ? load(take + j, n) : let;
            store(to_h + j, Cell::backward(keep, P, load(h + j, n), c_before, grad, grad_c, part, da_j, dP_j));
            if (Cell::states > 1) store(to_c + j, grad_c);
            for (int s = 0; s < S; ++s) store(now + s * Hp + j, da_j[s]);
            for (int v = 0; v < Cell::vectors; ++v) store(sums + v * Hp + j, load(sums + v * Hp + j) + dP_j[v]);
        });
    }

    // From the gradient of the gated state to those of what gates it.
    void gate_of_row(N t, N begin, N r, float* now) {
        const N b = begin + r;
        const float *kept = kept_of(t, b), *h = t ? q.out + ((t - 1) * q.B + b) * w.H : q.h0 + b * w.H;
        for (N j = 0; j < w.H; j += LANES) {
            V keep[MOST], P[MOST], da_j[MOST], dP_j[MOST], grad = load(dh + r * w.Hp + j);
            for (int k = 0; k < Cell::kept; ++k) keep[k] = load(kept + k * w.Hp + j);
            for (int s = 0; s < Cell::gated; ++s) da_j[s] = load(now + s * w.Hp + j);
            for (int v = 0; v < Cell::vectors; ++v) P[v] = load(w.P + v * w.Hp + j);
            for (int v = 0; v < Cell::vectors; ++v) dP_j[v] = load(step_dP + v * w.Hp + j);
            Cell::backward_gate(keep, P, load(h + j, w.H - j), load(gated + r * w.Hp + j), grad, da_j, dP_j);
            store(dh + r * w.Hp + j, grad);
            for (int s = 0; s < Cell::gated; ++s) store(now + s * w.Hp + j, da_j[s]);
            for (int v = 0; v < Cell::vectors; ++v) store(step_dP + v * w.Hp + j, dP_j[v]);
        }
    }

    const float* kept_of(N t, N b) const { return q.kept + (t * q.B + b) * Cell::kept * w.Hp; }

    void to_state(const float* now, N rows) {
        through(dh, true, now, rows, [](int s) { return s != Cell::gated; });
    }

    // dst (+)= the gradients of some sections through U.
    template <class Which>
    void through(float* dst, bool add, const float* now, N rows, Which which) {
        for (const Panel& panel : w.state_panels)
            for (N r = 0; r < rows; r += ROWS) {
                Term terms[MOST];
                int count = 0;
                for (int s = 0; s < S; ++s)
                    if (Cell::of_state[s] >= 0 && which(s))
                        terms[count++] = {now + r * w.wide + s * w.Hp, w.wide,
                                          U + Cell::of_state[s] * w.H * w.Hp + panel.first * LANES * w.H, w.H};
                N height = rows - r < ROWS ? rows - r : ROWS;
                multiply_for(height, panel.count)(dst + r * w.Hp + panel.first * LANES, w.Hp, add, terms, count);
            }
    }

    void to_input(N t, N begin, const float* now, N rows) {
        if constexpr (Cell::given) return to_given(t, begin, now, rows);
        for (const Panel& panel : w.input_panels)
            for (N r = 0; r < rows; r += ROWS) {
                Term terms[MOST];
                int count = 0;
                for (int s = 0; s < S; ++s)
                    if (Cell::of_input[s] >= 0)
                        terms[count++] = {now + r * w.wide + s * w.Hp, w.wide,
                                          W + Cell::of_input[s] * w.H * w.Dp + panel.first * LANES * w.H, w.H};
                N height = rows - r < ROWS ? rows - r : ROWS;
                multiply_for(height, panel.count)(input + r * w.Dp + panel.first * LANES, w.Dp, false, terms, count);
            }
        for (N r = 0; r < rows; ++r)
            std::memcpy(q.dx + (t * q.B + begin + r) * w.D, input + r * w.Dp, w.D * sizeof(float));
    }

    void to_given(N t, N begin, const float* now, N rows) {
        for (N r = 0; r < rows; ++r)
            for (int s = 0; s < S; ++s)
                if (Cell::of_input[s] >= 0)
                    std::memcpy(q.dx + (t * q.B + begin + r) * w.D + Cell::of_input[s] * w.H, now + r * w.wide + s * w.Hp,
                                w.H * sizeof(float));
    }

    // The gathered steps into the gradients of W and U.
    void add_up(N rows, N steps) {
        for (const Panel& panel : w.panels) {
            N first = panel.first * LANES;
            int kind = w.kind(w.section_of(panel, w.Hp));
            if ((kind & 1) && !Cell::given) correlate_all(dW, w.D, xs.data(), q.x_row, first, panel.count, rows, steps);
            if (kind & 4) correlate_all(dU, w.H, gs.data(), Cell::kept * w.Hp, first, panel.count, rows, steps);
            else if (kind & 2) correlate_all(dU, w.H, hs.data(), w.H, first, panel.count, rows, steps);
        }
        for (auto* each : {&xs, &hs, &gs}) each->clear();
    }

    void correlate_all(float* sums, N K, const float* const* a, N row, N first, int count, N rows, N steps) {
        for (N k = 0; k < K; k += ROWS) {
            N height = K - k < ROWS ? K - k : ROWS;
            correlate_for(height, count)(sums + k * w.wide + first, w.wide, steps, rows, a, row, k, da + first,
                                         rows * w.wide);
        }
    }

    // Adds this thread's sums to the gradients of the call.
    void deliver() const {
        for (int s = 0; s < S; ++s) {
            if (Cell::of_input[s] >= 0 && !Cell::given) unpack(q.dW + Cell::of_input[s] * w.H * w.D, dW + s * w.Hp, w.D);
            if (Cell::of_state[s] >= 0) unpack(q.dU + Cell::of_state[s] * w.H * w.H, dU + s * w.Hp, w.H);
        }
        for (int v = 0; v < Cell::vectors; ++v)
            for (N j = 0; j < w.H; ++j) q.dP[v * w.H + j] += (float)dP[v * w.Hp + j];
    }
    void unpack(float* dst, const float* sums, N K) const {
        for (N j = 0; j < w.H; ++j)
            for (N k = 0; k < K; ++k) dst[j * K + k] += sums[k * w.wide + j];
    }
};

template <class Cell>
static void backward(const Call& q) {
    Layout<Cell> w(q);
    int inputs = 0, states = 0;
    for (int s = 0; s < Cell::sections; ++s) {
        inputs += Cell::of_input[s] >= 0 && !Cell::given;
        states += Cell::of_state[s] >= 0;
    }
    Floats W(q.dx ? inputs * w.H * w.Dp : 0), U(states * w.H * w.Hp);
    for (int g = 0; q.dx && g < inputs; ++g)
        pack(W + g * w.H * w.Dp, q.W + g * w.H * w.D, w.D, 1, w.H, w.D, w.input_panels);
    for (int g = 0; g < states; ++g) pack(U + g * w.H * w.Hp, q.U + g * w.H * w.H, w.H, 1, w.H, w.H, w.state_panels);
    if (inputs) std::memset(q.dW, 0, inputs * w.H * w.D * sizeof(float));
    if (states) std::memset(q.dU, 0, states * w.H * w.H * sizeof(float));
    if (Cell::vectors) std::memset(q.dP, 0, Cell::vectors * w.H * sizeof(float));

    std::vector<Backward<Cell>*> parts(threads_of(q));
    share(q, [&](N n, N from, N to) {
        parts[n] = new Backward<Cell>(q, w, W, U);
        for (N g = from; g < to; ++g) parts[n]->group(first_row(g, q.B), first_row(g + 1, q.B));
    });
    for (Backward<Cell>* part : parts) {  // in the order of the threads, so that the last bits are always the same
        part->deliver();
        delete part;
    }
}
