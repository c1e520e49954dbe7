"""The cells after 2018 and the minimal gated ones, as their papers write them, in NumPy (see ``references.py``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from reference import SMOOTH, Activations, Array, Options, Parameters, Reference, Vectors, grid


def mingru(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    z, c = np.split(p.matrix("W") @ xs[-1] + p["b"], 2)
    return ((1 - f.sigmoid(z)) * state[0] + f.sigmoid(z) * c,)


def indrnn(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    activation = {"tanh": f.tanh, "relu": f.relu}[o.get("activation", "relu")]
    return (activation(p.matrix("W") @ xs[-1] + p["u"] * state[0] + p["b"]),)


def janet(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    (W_s, U_s, b_s), (W_c, U_c, b_c) = p.gates(2)
    s = W_s @ xs[-1] + U_s @ state[0] + b_s
    c = f.tanh(W_c @ xs[-1] + U_c @ state[0] + b_c)
    return (f.sigmoid(s) * state[0] + (1 - f.sigmoid(s - o.get("beta", 1.0))) * c,)


def mgu(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    W_f, W_c = np.split(p.matrix("W"), 2)
    b_f, b_c = np.split(p["b"], 2)
    forget = f.sigmoid(W_f @ xs[-1] + p.matrix("U") @ state[0] + b_f)
    c = f.tanh(W_c @ xs[-1] + p.matrix("U_c") @ (forget * state[0]) + b_c)
    return ((1 - forget) * state[0] + forget * c,)


def cornn(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    (y, z), dt = state, o.get("dt", 0.1)
    force = f.tanh(p.matrix("W") @ xs[-1] + p.matrix("U") @ y + p.matrix("U_z") @ z + p["b"])
    z = z + dt * (force - o.get("gamma", 0.2) * y - o.get("epsilon", 6.4) * z)
    return y + dt * z, z


def lem(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    (y, z), dt = state, o.get("dt", 1.0)
    pre = np.split(p.matrix("W") @ xs[-1] + p["b"], 4)
    d, e, u = (a + b for a, b in zip(pre, np.split(p.matrix("U") @ y, 3), strict=False))
    d, e = dt * f.sigmoid(d), dt * f.sigmoid(e)
    z = (1 - d) * z + d * f.tanh(u)
    return (1 - e) * y + e * f.tanh(pre[3] + p.matrix("U_h") @ z), z


def lru(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    """In complex numbers, as the paper has it."""
    re, im = state[-2:]
    eigenvalue = np.exp(-np.exp(p["nu"]) + 1j * np.exp(p["theta"]))
    b_re, b_im = np.split(p.matrix("B"), 2)
    s = eigenvalue * (re + 1j * im) + np.exp(p["log_gamma"]) * ((b_re + 1j * b_im) @ xs[-1])
    if o.get("readout", "mixed") == "real":
        return s.real, s.imag
    h = ((p.matrix("C_re") + 1j * p.matrix("C_im")) @ s).real + p.matrix("D") @ xs[-1]
    return h, s.real, s.imag


def slstm(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    h, c, n, m = state
    i, forget, z, out = (W @ xs[-1] + U @ h + b for W, U, b in p.gates(4))
    log_forget = forget if o.get("forget", "sigmoid") == "exp" else np.log(SMOOTH.sigmoid(forget))
    now = np.maximum(log_forget + m, i)
    c = np.exp(log_forget + m - now) * c + np.exp(i - now) * f.tanh(z)
    n = np.exp(log_forget + m - now) * n + np.exp(i - now)
    return f.sigmoid(out) * c / n, c, n, now


def legendre(order: int, theta: float) -> tuple[Array, Array]:
    """A = exp(a) by eigenvalues, B = a^-1 (A - I) b."""
    a, b = np.zeros((order, order)), np.zeros(order)
    for i in range(order):
        b[i] = (2 * i + 1) * (-1.0) ** i / theta
        for j in range(order):
            a[i, j] = (2 * i + 1) * (-1.0 if i < j else (-1.0) ** (i - j + 1)) / theta
    values, vectors = np.linalg.eig(a)
    A = (vectors @ np.diag(np.exp(values)) @ np.linalg.inv(vectors)).real
    return A, np.linalg.solve(a, (A - np.eye(order)) @ b)


def lmu(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    h, m = state
    A, B = legendre(len(h), o.get("theta", 128.0))
    u = p["E_x.right"][:, 0] @ xs[-1] + p["E_h.right"][:, 0] @ h + p["M.e"] @ m
    m = A @ m + B * u
    return f.tanh(p.matrix("W") @ xs[-1] + p.matrix("U") @ h + p.matrix("V") @ m), m


def s6(p: Parameters, o: Options, xs: list[Array], state: Vectors, f: Activations) -> Vectors:
    u, d = np.split(p.matrix("W") @ xs[-1] + p["b"], 2)
    d = np.log1p(np.exp(d))
    h, after = p["k"] * u, []
    order = o.get("order", 1)
    for n, a in enumerate(np.split(np.exp(p["log_a"]), order), 1):
        s = np.exp(-d * a) * state[n] + d * (p[f"B_{n}.right"][:, 0] @ xs[-1]) * u
        h = h + (p[f"C_{n}.right"][:, 0] @ xs[-1]) * s
        after.append(s)
    return (h, *after)


def gates(count: int) -> dict[str, Any]:
    """Size and matrices of a cell with so many gates of both input and state."""
    return {
        "parameters": lambda D, H, o: count * (H * D + H * H + H),
        "matrices": lambda D, H, o: {"W": (count * H, D), "U": (count * H, H)},
    }


MORE: dict[str, Reference] = {
    "mingru": Reference(
        step=mingru,
        parameters=lambda D, H, o: 2 * (H * D + H),
        matrices=lambda D, H, o: {"W": (2 * H, D)},
        variants=lambda H: [{}],
    ),
    "indrnn": Reference(
        step=indrnn,
        parameters=lambda D, H, o: H * D + 2 * H,
        matrices=lambda D, H, o: {"W": (H, D)},
        variants=lambda H: [{}, {"activation": "tanh"}],
    ),
    "janet": Reference(step=janet, **gates(2), variants=lambda H: [{}, {"beta": 0.4, "steps": 9}]),
    "mgu": Reference(
        step=mgu,
        parameters=lambda D, H, o: 2 * (H * D + H * H + H),
        matrices=lambda D, H, o: {"W": (2 * H, D), "U": (H, H), "U_c": (H, H)},
        variants=lambda H: [{}],
    ),
    "cornn": Reference(
        step=cornn,
        parameters=lambda D, H, o: H * D + 2 * H * H + H,
        matrices=lambda D, H, o: {"W": (H, D), "U": (H, H), "U_z": (H, H)},
        variants=lambda H: [{}, {"dt": 0.042, "gamma": 2.7, "epsilon": 4.7}],
    ),
    "lem": Reference(
        step=lem,
        parameters=lambda D, H, o: 4 * (H * D + H * H + H),
        matrices=lambda D, H, o: {"W": (4 * H, D), "U": (3 * H, H), "U_h": (H, H)},
        variants=lambda H: [{}, {"dt": 0.5}],
    ),
    "lru": Reference(
        step=lru,
        parameters=lambda D, H, o: 2 * H * D + 3 * H + (0 if o.get("readout") == "real" else 2 * H * H + H * D),
        matrices=lambda D, H, o: (
            {"B": (2 * H, D)}
            if o.get("readout") == "real"
            else {"B": (2 * H, D), "C_re": (H, H), "C_im": (H, H), "D": (H, D)}
        ),
        variants=lambda H: [{}, *grid(readout=["mixed", "real"])],
    ),
    "slstm": Reference(step=slstm, **gates(4), variants=lambda H: [{}, *grid(forget=["sigmoid", "exp"])]),
    "lmu": Reference(
        step=lmu,
        parameters=lambda D, H, o: H * D + 2 * H * H + D + 2 * H,
        matrices=lambda D, H, o: {"W": (H, D), "U": (H, H), "V": (H, H)},
        variants=lambda H: [{}, {"theta": 17.0}],
    ),
    "s6": Reference(
        step=s6,
        parameters=lambda D, H, o: 2 * (H * D + H) + o.get("order", 1) * (H + 2 * D) + H,
        matrices=lambda D, H, o: {"W": (2 * H, D)},
        variants=lambda H: [{}, {"order": 3}],
    ),
}
