#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fits the coefficients of lib/Frontend/EmitMath*.cpp and of
lib/Target/NVPTX/RelaxedMath.cpp and prints their errors.

Minimax fits by Lawson's iteration: least squares whose weights grow where the
error is largest. Coefficients are rounded to f32 from the lowest degree up,
those that remain being fitted again after each. Run it with:

    pip install mpmath numpy
    tools/coefficients/fit.py [NAME ...]
"""

import sys

import mpmath as mp
import numpy as np

mp.mp.dps = 40
LN2 = mp.log(2)


def chebyshev(lo, hi, n):
    nodes = np.cos(np.pi * (np.arange(n) + 0.5) / n)
    return (lo + hi) / 2 + (hi - lo) / 2 * nodes


def tabulate(function, x):
    return np.array([float(function(mp.mpf(t))) for t in x])


def round_f32(value):
    return float(np.float32(value))


def solve(columns, target, weight):
    """Coefficients that minimise the weighted squares, columns scaled to 1."""
    matrix = columns * weight[:, None]
    scale = np.abs(matrix).max(0)
    return np.linalg.lstsq(matrix / scale, target * weight, rcond=None)[0] / scale


def lawson(fit, error, n, iterations):
    """The best of fit(weights), by its largest |error|."""
    weights, best, smallest = np.ones(n), None, np.inf
    for _ in range(iterations):
        candidate = fit(np.sqrt(weights))
        e = np.abs(error(candidate))
        if e.max() < smallest:
            smallest, best = e.max(), candidate
        weights *= e / e.max() + 1e-3
        weights /= weights.sum()
    return best


def polynomial(g, lo, hi, degree, weight, fixed=(), rounding=round_f32, n=1500):
    """Coefficients of g; those of the lowest degrees may be given."""
    x = chebyshev(lo, hi, n)
    values, w = tabulate(g, x), tabulate(weight, x)
    powers = np.stack([x**d for d in range(degree + 1)], 1)
    c = list(fixed)
    while len(c) <= degree:
        rest = values - powers[:, :len(c)] @ np.array(c)
        free = powers[:, len(c):]
        best = lawson(lambda s: solve(free, rest, s * w),
                      lambda b: w * (free @ b - rest), n, 400)
        if rounding is None:
            c += list(best)
        else:
            c.append(rounding(best[0]))
    return [c], np.abs(w * (powers @ np.array(c) - values)).max()


def rational(g, hi, p_degree, q_degree, p0, q0, n=3000):
    """P and Q with P / Q = g on [0, hi], relative error; P(0), Q(0) given."""
    x = np.sort(chebyshev(0, hi, n))
    values = tabulate(g, x)
    powers = np.stack([(x / hi)**d for d in range(max(p_degree, q_degree) + 1)], 1)
    scale = hi ** np.arange(powers.shape[1])

    def fit(p, q):
        """The coefficients after those given, linear where Q is the last one."""
        num = powers[:, len(p):p_degree + 1]
        den = powers[:, len(q):q_degree + 1]
        columns = np.concatenate([num, -values[:, None] * den], 1)
        target = values * (powers[:, :len(q)] @ q) - powers[:, :len(p)] @ p
        last = [np.ones(n)]

        def once(s):
            b = solve(columns, target, s / (values * last[0]))
            full_p = np.concatenate([p, b[:num.shape[1]]])
            full_q = np.concatenate([q, b[num.shape[1]:]])
            last[0] = np.maximum(powers[:, :q_degree + 1] @ full_q, 1e-3)
            return full_p, full_q

        return lawson(once, lambda b: error(*b), n, 300)

    def error(p, q):
        return powers[:, :len(p)] @ p / (powers[:, :len(q)] @ q) / values - 1

    p, q = np.array([p0]), np.array([q0])
    while len(p) <= p_degree or len(q) <= q_degree:
        for i in (0, 1):
            part, degree = (p, p_degree) if i == 0 else (q, q_degree)
            k = len(part)
            if k > degree:
                continue
            value = round_f32(fit(p, q)[i][k] / scale[k]) * scale[k]
            part = np.append(part, value)
            p, q = (part, q) if i == 0 else (p, part)
    return ([list(p / scale[:len(p)]), list(q / scale[:len(q)])],
            np.abs(error(p, q)).max())


def log1p_tail(f):
    return (mp.log1p(f) - f) / f**2


ERF_HI = round_f32(2 / mp.sqrt(mp.pi))


def erf_log(t):
    """-log(1 - erf t) / t, from whichever form keeps its digits."""
    log = mp.log1p(-mp.erf(t)) if t < 1 else mp.log(mp.erfc(t))
    return -log / t


def erf_weight(t):
    v = erf_log(t) * t
    return v * mp.exp(-v) / (1 - mp.exp(-v)) / erf_log(t)


def mills(t):
    return mp.erfc(t / mp.sqrt(2)) / 2 * mp.exp(t * t / 2)


def log2_ratio(u):
    s = mp.sqrt(u)
    return (2 / LN2 * mp.atanh(s) / s - 2 / LN2) / u


def tanh_tail(u):
    t = mp.sqrt(u)
    return (mp.tanh(t) / t - 1) / u


def sin_tail(u):
    r = mp.sqrt(u)
    return (mp.sin(r) / r - 1) / u


HALF_LN2 = float(LN2 / 2) * 1.0001
EIGHTH = (float(mp.pi / 4) * 1.0001)**2  # of r^2

FITS = {
    "exp": lambda: polynomial(mp.exp, -HALF_LN2, HALF_LN2, 6,
                              lambda r: mp.exp(-r), [1, 1]),
    "exp2": lambda: polynomial(lambda f: 2**f, -0.5, 0.5, 6,
                               lambda f: 2**-f, [1]),
    "softmax-exp2": lambda: polynomial(lambda f: 2**f, -0.5, 0.5, 5,
                                       lambda f: 2**-f, [1]),
    # (e^r - 1) / r; the table leaves out its first coefficient, 1.
    "expm1": lambda: polynomial(lambda r: mp.expm1(r) / r, -HALF_LN2, HALF_LN2,
                                5, lambda r: r / mp.expm1(r), [1]),
    # The table has the other sign.
    "erf": lambda: polynomial(lambda t: erf_log(t) - ERF_HI, 1e-4, 3.95, 8,
                              erf_weight),
    "mills": lambda: rational(mills, 14.4, 4, 5, 1.0, 2.0),
    "log": lambda: polynomial(log1p_tail, -1 / 3, 1 / 3, 8,
                              lambda f: f**2 / abs(mp.log1p(f))),
    "log2-f64": lambda: polynomial(log2_ratio, 1e-4, 0.0401, 5,
                                   lambda u: u / 3, rounding=None),
    "exp2-f64": lambda: polynomial(lambda f: 2**f, -0.5, 0.5, 7,
                                   lambda f: 2**-f, [1], rounding=None),
    "tanh-small": lambda: polynomial(tanh_tail, 1e-6, 0.36, 3,
                                     lambda u: u / (1 + u * tanh_tail(u))),
    "sin": lambda: polynomial(sin_tail, 1e-9, EIGHTH, 2,
                              lambda u: u / (1 + u * sin_tail(u))),
    # (cos r - 1 + u/2) / u^2; the table begins with 1, -1/2.
    "cos": lambda: polynomial(
        lambda u: (mp.cos(mp.sqrt(u)) - 1 + u / 2) / u**2, 1e-6, EIGHTH, 2,
        lambda u: u**2 / mp.cos(mp.sqrt(u))),
}


def main():
    for name in sys.argv[1:] or FITS:
        if name not in FITS:
            sys.exit(f"unknown fit `{name}`; known: {', '.join(FITS)}")
        tables, error = FITS[name]()
        digits = ".17g" if name.endswith("f64") else ".9g"
        print(f"{name}: error {error:.2g}")
        for table in tables:
            print("  " + ", ".join(format(c, digits) for c in table))


if __name__ == "__main__":
    main()
