"""The cells as their papers write them: one step in NumPy, on vectors, and what they must count.

Nothing here looks at our torch code except for the names and the row order of its parameters. ``REFERENCES`` holds,
for each registered cell, the formula of one step, the number of parameters, the dense matrices, the options to test.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from reference import SMOOTH, Activations, Array, Options, Parameters, Reference, Vectors, grid
from references_2026 import MORE


def rnn(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    return (f.tanh(p.matrix("W") @ xs[-1] + p.matrix("U") @ state[0] + p["b"]),)


def fastrnn(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    alpha = SMOOTH.sigmoid(p["raw_alpha"])
    beta = 1 - alpha if o.get("residual") == "tied" else SMOOTH.sigmoid(p["raw_beta"])
    activation = {"tanh": f.tanh, "relu": f.relu}[o.get("activation", "tanh")]
    update = activation(p.matrix("W") @ xs[-1] + p.matrix("U") @ state[0] + p["b"])
    return (alpha * update + beta * state[0],)


def fastgrnn(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    zeta, nu = SMOOTH.sigmoid(p["raw_zeta"]), SMOOTH.sigmoid(p["raw_nu"])
    gate = {"sigmoid": f.sigmoid, "tanh": f.tanh, "relu": f.relu}[o.get("gate", "sigmoid")]
    z = gate(p.matrix("W") @ xs[-1] + p.matrix("U") @ state[0] + p["b_z"])
    update = f.tanh(p.matrix("W") @ xs[-1] + p.matrix("U") @ state[0] + p["b_h"])
    return ((zeta * (1 - z) + nu) * update + z * state[0],)


def ugrnn(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    x, (h,) = xs[-1], state
    (W_g, U_g, b_g), (W_c, U_c, b_c) = p.gates(2)
    g = f.sigmoid(W_g @ x + U_g @ h + b_g)
    return (g * h + (1 - g) * f.tanh(W_c @ x + U_c @ h + b_c),)


def lstm(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    x, (h, c) = xs[-1], state
    i, forget, g, out = (W @ x + U @ h + b for W, U, b in p.gates(4))
    c = f.sigmoid(forget) * c + f.sigmoid(i) * f.tanh(g)
    return f.sigmoid(out) * f.tanh(c), c


def gru(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    x, (h,) = xs[-1], state
    W_r, W_z, W_n = np.split(p.matrix("W"), 3)
    b_r, b_z, b_n = np.split(p["b"], 3)
    if o.get("reset", "after") == "after":
        U_r, U_z, U_n = np.split(p.matrix("U"), 3)
    else:
        (U_r, U_z), U_n = np.split(p.matrix("U"), 2), p.matrix("U_n")
    r = f.sigmoid(W_r @ x + U_r @ h + b_r)
    z = f.sigmoid(W_z @ x + U_z @ h + b_z)
    recurrent = r * (U_n @ h) if o.get("reset", "after") == "after" else U_n @ (r * h)
    return ((1 - z) * f.tanh(W_n @ x + recurrent + b_n) + z * h,)


def householder_product(stored: Array, reflectors: int, size: int) -> Array:
    """H_0 H_1 ... H_{R-1}, each as a matrix; reflector i acts on the last N - i coordinates."""
    out, start = np.eye(size), 0
    for i in range(reflectors):
        v = np.zeros(size)
        v[i:] = stored[start : start + size - i]
        start += size - i
        out = out @ (np.eye(size) - 2 * np.outer(v, v) / (v @ v))
    return out


def reflector_count(o: Options, hidden: int) -> int:
    given = o.get("reflectors")
    return max(1, hidden // 4) if given is None else int(given)


def spectral_matrix(p: Parameters, o: Options, hidden: int) -> Array:
    """P diag(s) Q^T."""
    reflectors = reflector_count(o, hidden)
    left = householder_product(p["U.p_reflectors"], reflectors, hidden)
    right = householder_product(p["U.q_reflectors"], reflectors, hidden)
    s = 2 * o.get("radius", 0.01) * (SMOOTH.sigmoid(p["U.p_singular"]) - 0.5) + 1
    return left @ np.diag(s) @ right.T


def spectralrnn(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    activation = {"tanh": f.tanh, "relu": f.relu}[o.get("activation", "relu")]
    U = spectral_matrix(p, o, len(state[0]))
    return (activation(p.matrix("W") @ xs[-1] + U @ state[0] + p["b"]),)


def qrnn(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    """In evaluation: zoneout mixes the old and the new state in their expected proportion."""
    pooling, keep, c = o.get("pooling", "fo"), o.get("zoneout", 0.0), state[-1]
    W, D = p.matrix("W"), len(xs[-1])
    pre = p["b"].copy()
    for k, x in enumerate(xs):
        pre += W[:, k * D : (k + 1) * D] @ x
    z, forget, *rest = np.split(pre, {"f": 2, "fo": 3, "ifo": 4}[pooling])
    z, forget = f.tanh(z), f.sigmoid(forget)
    take = f.sigmoid(rest[1]) if pooling == "ifo" else 1 - forget
    c = keep * c + (1 - keep) * (forget * c + take * z)
    return (c,) if pooling == "f" else (f.sigmoid(rest[0]) * c, c)


def spectral_count(D: int, H: int, o: Options) -> int:
    R = reflector_count(o, H)
    return H * D + 2 * (R * H - R * (R - 1) // 2) + H + H


def spectral_variants(H: int) -> list[dict[str, Any]]:
    counts = sorted({1, -(-H // 2), H})
    return [{}, *({"reflectors": R} for R in counts), {"activation": "tanh", "radius": 0.3, "reflectors": counts[-1]}]


REFERENCES: dict[str, Reference] = {
    "rnn": Reference(
        step=rnn,
        parameters=lambda D, H, o: H * D + H * H + H,
        matrices=lambda D, H, o: {"W": (H, D), "U": (H, H)},
        variants=lambda H: [{}],
    ),
    "fastrnn": Reference(
        step=fastrnn,
        parameters=lambda D, H, o: H * D + H * H + H + {"vector": 2 * H, "tied": 1}.get(o.get("residual", ""), 2),
        matrices=lambda D, H, o: {"W": (H, D), "U": (H, H)},
        variants=lambda H: [{}, *grid(activation=["tanh", "relu"], residual=["scalar", "vector", "tied"])],
    ),
    "fastgrnn": Reference(
        step=fastgrnn,
        parameters=lambda D, H, o: H * D + H * H + 2 * H + 2,
        matrices=lambda D, H, o: {"W": (H, D), "U": (H, H)},
        variants=lambda H: [{}, *grid(gate=["sigmoid", "tanh", "relu"])],
    ),
    "ugrnn": Reference(
        step=ugrnn,
        parameters=lambda D, H, o: 2 * (H * D + H * H + H),
        matrices=lambda D, H, o: {"W": (2 * H, D), "U": (2 * H, H)},
        variants=lambda H: [{}],
    ),
    "gru": Reference(
        step=gru,
        parameters=lambda D, H, o: 3 * (H * D + H * H + H),
        matrices=lambda D, H, o: (
            {"W": (3 * H, D), "U": (2 * H, H), "U_n": (H, H)}
            if o.get("reset") == "before"
            else {"W": (3 * H, D), "U": (3 * H, H)}
        ),
        variants=lambda H: [{}, *grid(reset=["after", "before"])],
    ),
    "lstm": Reference(
        step=lstm,
        parameters=lambda D, H, o: 4 * (H * D + H * H + H),
        matrices=lambda D, H, o: {"W": (4 * H, D), "U": (4 * H, H)},
        variants=lambda H: [{}],
    ),
    "spectralrnn": Reference(
        step=spectralrnn,
        parameters=spectral_count,
        matrices=lambda D, H, o: {"W": (H, D)},
        variants=spectral_variants,
    ),
    "qrnn": Reference(
        step=qrnn,
        parameters=lambda D, H, o: (
            {"f": 2, "fo": 3, "ifo": 4}[o.get("pooling", "fo")] * H * (o.get("window", 1) * D + 1)
        ),
        matrices=lambda D, H, o: {
            "W": ({"f": 2, "fo": 3, "ifo": 4}[o.get("pooling", "fo")] * H, o.get("window", 1) * D)
        },
        variants=lambda H: [
            {},
            *grid(pooling=["f", "fo", "ifo"], window=[1, 2, 3]),
            *grid(pooling=["f", "fo", "ifo"], window=[2], zoneout=[0.3]),
        ],
    ),
    **MORE,
}
