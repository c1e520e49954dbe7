// The formula of each cell on one vector of hidden units, forward and backward.
//
// A cell's pre-activations are in `sections` of H units. A section is the product with the input (gate number
// `of_input` of W, or -1), with the state (gate `of_state` of U, or -1), or both. forward() gets them without biases,
// and P: vectors of H the cell adds or multiplies with. It fills `kept`, what backward() needs again; a cell with a
// second state keeps that first. backward() gets dh and dc and gives the gradients of the sections, of P, of the
// second state and of h's direct path; the paths through U are added by who calls.
//
// Section number `gated` multiplies not h but what gate() makes of h and the sections before it; forward() keeps that
// last. What reaches it through U goes through backward_gate(), which adds to the gradients of h, of those sections and of
// P.
//
// Where sections are `given` there is no W: x is what it would have made, `of_input` says which H numbers of a row are
// a section's, and each is at most one section's.
#pragma once
#include "lanes.h"

#ifndef MOST
#define MOST 6  // sections, kept vectors, vectors of P
#endif

struct Plain {  // every product with the state is with h, and W is there
    static constexpr int gated = -1;
    static constexpr bool given = false;
};

struct One : Plain {  // one matrix pair, one state
    static constexpr int sections = 1, states = 1;
    static constexpr int of_input[] = {0}, of_state[] = {0};
};

template <class Act>
struct RNN : One {  // P: b
    static constexpr int kept = 1, vectors = 1;
    static V forward(const V* a, const V* P, V, V&, V, V* k) { return k[0] = Act::of(a[0] + P[0]); }
    static V backward(const V* k, const V*, V, V, V dh, V&, V, V* da, V* dP) {
        da[0] = dP[0] = dh * Act::slope(k[0]);
        return V{};
    }
};

template <class Act>
struct FastRNN : One {  // P: b, alpha, beta
    static constexpr int kept = 1, vectors = 3;
    static V forward(const V* a, const V* P, V h, V&, V, V* k) {
        k[0] = Act::of(a[0] + P[0]);
        return P[1] * k[0] + P[2] * h;
    }
    static V backward(const V* k, const V* P, V h, V, V dh, V&, V, V* da, V* dP) {
        da[0] = dP[0] = dh * P[1] * Act::slope(k[0]);
        dP[1] = dh * k[0];
        dP[2] = dh * h;
        return dh * P[2];
    }
};

template <class Gate>
struct FastGRNN : One {  // P: b_z, b_h, zeta, nu
    static constexpr int kept = 2, vectors = 4;
    static V forward(const V* a, const V* P, V h, V&, V, V* k) {
        V z = k[0] = Gate::of(a[0] + P[0]), c = k[1] = tanh(a[0] + P[1]);
        return (P[2] * (1.0f - z) + P[3]) * c + z * h;
    }
    static V backward(const V* k, const V* P, V h, V, V dh, V&, V, V* da, V* dP) {
        V z = k[0], c = k[1], dhc = dh * c;
        dP[0] = dh * (h - P[2] * c) * Gate::slope(z);
        dP[1] = dh * (P[2] * (1.0f - z) + P[3]) * Tanh::slope(c);
        dP[2] = dhc * (1.0f - z);
        dP[3] = dhc;
        da[0] = dP[0] + dP[1];
        return dh * z;
    }
};

struct UGRNN : Plain {  // P: b_g, b_c
    static constexpr int sections = 2, states = 1, kept = 2, vectors = 2;
    static constexpr int of_input[] = {0, 1}, of_state[] = {0, 1};
    static V forward(const V* a, const V* P, V h, V&, V, V* k) {
        V g = k[0] = sigmoid(a[0] + P[0]), c = k[1] = tanh(a[1] + P[1]);
        return c + g * (h - c);
    }
    static V backward(const V* k, const V*, V h, V, V dh, V&, V, V* da, V* dP) {
        V g = k[0], c = k[1];
        da[0] = dP[0] = dh * (h - c) * Sigmoid::slope(g);
        da[1] = dP[1] = dh * (1.0f - g) * Tanh::slope(c);
        return dh * g;
    }
};

struct GRU : Plain {  // reset after the product; sections r, z, W_n x, U_n h; P: b_r, b_z, b_n
    static constexpr int sections = 4, states = 1, kept = 4, vectors = 3;
    static constexpr int of_input[] = {0, 1, 2, -1}, of_state[] = {0, 1, -1, 2};
    static V forward(const V* a, const V* P, V h, V&, V, V* k) {
        V r = k[0] = sigmoid(a[0] + P[0]), z = k[1] = sigmoid(a[1] + P[1]);
        k[3] = a[3];
        V n = k[2] = tanh(a[2] + P[2] + r * a[3]);
        return n + z * (h - n);
    }
    static V backward(const V* k, const V*, V h, V, V dh, V&, V, V* da, V* dP) {
        V r = k[0], z = k[1], n = k[2];
        V dn = da[2] = dP[2] = dh * (1.0f - z) * Tanh::slope(n);
        da[0] = dP[0] = dn * k[3] * Sigmoid::slope(r);
        da[1] = dP[1] = dh * (h - n) * Sigmoid::slope(z);
        da[3] = dn * r;
        return dh * z;
    }
};

struct GRUBefore {  // reset before the product; sections r, z, n; P: their biases; keeps r h last
    static constexpr int sections = 3, states = 1, kept = 4, vectors = 3, gated = 2;
    static constexpr bool given = false;
    static constexpr int of_input[] = {0, 1, 2}, of_state[] = {0, 1, 2};
    static V gate(const V* a, const V* P, V h) { return sigmoid(a[0] + P[0]) * h; }
    static V forward(const V* a, const V* P, V h, V&, V, V* k) {
        k[0] = sigmoid(a[0] + P[0]);
        V z = k[1] = sigmoid(a[1] + P[1]), n = k[2] = tanh(a[2] + P[2]);
        k[3] = k[0] * h;
        return n + z * (h - n);
    }
    static V backward(const V* k, const V*, V h, V, V dh, V&, V, V* da, V* dP) {
        V z = k[1], n = k[2];
        da[0] = dP[0] = V{};
        da[1] = dP[1] = dh * (h - n) * Sigmoid::slope(z);
        da[2] = dP[2] = dh * (1.0f - z) * Tanh::slope(n);
        return dh * z;
    }
    static void backward_gate(const V* k, const V*, V h, V d_gated, V& dh, V* da, V* dP) {
        dh += d_gated * k[0];
        V d = d_gated * h * Sigmoid::slope(k[0]);
        da[0] += d;
        dP[0] += d;
    }
};

struct LSTM : Plain {  // sections i, f, g, o; P: their biases; keeps c first
    static constexpr int sections = 4, states = 2, kept = 5, vectors = 4;
    static constexpr int of_input[] = {0, 1, 2, 3}, of_state[] = {0, 1, 2, 3};
    static V forward(const V* a, const V* P, V, V& c, V, V* k) {
        V i = k[1] = sigmoid(a[0] + P[0]), f = k[2] = sigmoid(a[1] + P[1]);
        V g = k[3] = tanh(a[2] + P[2]), o = k[4] = sigmoid(a[3] + P[3]);
        c = k[0] = f * c + i * g;
        return o * tanh(c);
    }
    static V backward(const V* k, const V*, V, V c_before, V dh, V& dc, V, V* da, V* dP) {
        V i = k[1], f = k[2], g = k[3], o = k[4], t = tanh(k[0]);
        dc += dh * o * Tanh::slope(t);
        da[0] = dP[0] = dc * g * Sigmoid::slope(i);
        da[1] = dP[1] = dc * c_before * Sigmoid::slope(f);
        da[2] = dP[2] = dc * i * Tanh::slope(g);
        da[3] = dP[3] = dh * t * Sigmoid::slope(o);
        dc *= f;
        return V{};
    }
};

// The pooling of a QRNN and the gates before it; no section depends on the state. `take` is the part of a step that
// zoneout lets through. P: the biases.
struct PoolF : Plain {
    static constexpr int sections = 2, states = 1, kept = 2, vectors = 2;
    static constexpr int of_input[] = {0, 1}, of_state[] = {-1, -1};
    static V forward(const V* a, const V* P, V h, V&, V take, V* k) {
        V z = k[0] = tanh(a[0] + P[0]), f = k[1] = sigmoid(a[1] + P[1]);
        return h + take * (1.0f - f) * (z - h);
    }
    static V backward(const V* k, const V*, V h, V, V dh, V&, V take, V* da, V* dP) {
        V z = k[0], f = k[1], open = take * (1.0f - f);
        da[0] = dP[0] = dh * open * Tanh::slope(z);
        da[1] = dP[1] = dh * take * (h - z) * Sigmoid::slope(f);
        return dh * (1.0f - open);
    }
};

struct PoolFO : Plain {  // keeps c first
    static constexpr int sections = 3, states = 2, kept = 4, vectors = 3;
    static constexpr int of_input[] = {0, 1, 2}, of_state[] = {-1, -1, -1};
    static V forward(const V* a, const V* P, V, V& c, V take, V* k) {
        V z = k[1] = tanh(a[0] + P[0]), f = k[2] = sigmoid(a[1] + P[1]), o = k[3] = sigmoid(a[2] + P[2]);
        c = k[0] = c + take * (1.0f - f) * (z - c);
        return o * c;
    }
    static V backward(const V* k, const V*, V, V c_before, V dh, V& dc, V take, V* da, V* dP) {
        V z = k[1], f = k[2], o = k[3], open = take * (1.0f - f);
        dc += dh * o;
        da[0] = dP[0] = dc * open * Tanh::slope(z);
        da[1] = dP[1] = dc * take * (c_before - z) * Sigmoid::slope(f);
        da[2] = dP[2] = dh * k[0] * Sigmoid::slope(o);
        dc *= 1.0f - open;
        return V{};
    }
};

struct PoolIFO : Plain {  // keeps c first; sections z, f, o, i
    static constexpr int sections = 4, states = 2, kept = 5, vectors = 4;
    static constexpr int of_input[] = {0, 1, 2, 3}, of_state[] = {-1, -1, -1, -1};
    static V forward(const V* a, const V* P, V, V& c, V take, V* k) {
        V z = k[1] = tanh(a[0] + P[0]), f = k[2] = sigmoid(a[1] + P[1]);
        V o = k[3] = sigmoid(a[2] + P[2]), i = k[4] = sigmoid(a[3] + P[3]);
        c = k[0] = (1.0f - take * (1.0f - f)) * c + take * i * z;
        return o * c;
    }
    static V backward(const V* k, const V*, V, V c_before, V dh, V& dc, V take, V* da, V* dP) {
        V z = k[1], f = k[2], o = k[3], i = k[4];
        dc += dh * o;
        da[0] = dP[0] = dc * take * i * Tanh::slope(z);
        da[1] = dP[1] = dc * take * c_before * Sigmoid::slope(f);
        da[2] = dP[2] = dh * k[0] * Sigmoid::slope(o);
        da[3] = dP[3] = dc * take * z * Sigmoid::slope(i);
        dc *= 1.0f - take * (1.0f - f);
        return V{};
    }
};
