"""Semismooth Newton on the normal map: for penalties that leave no exact zeros (p > 1).

With z = u + grad h(u), that is u = prox(z), the optimality condition A^T (y - A u) = grad h(u) is

    N(z) = A^T (y - A prox(z)) + prox(z) - z = 0.

Its generalised Jacobian is -(I - P + A^T A P) with P = diag(prox'(z)), entries in [0, 1]. In
v = P^(-1/2) dprox the Newton system is symmetric with unit diagonal and eigenvalues between 0 and
1 + |A|^2, however unequal the curvatures of the penalty are:

    (I - P + P^(1/2) A^T A P^(1/2)) v = P^(1/2) N.

The step is taken in z, where the path prox(z + t dz) bends with the penalty; du = P dz is a descent
direction of the objective, which a line search watches.
"""

import math

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .working_set import PATIENCE, Solution

# Up to so many columns the Gram is formed once and the Newton systems are factorised.
MOST_FACTORISED = 1000


def solve(problem, U, *, tol, max_iter):
    """A `Solution` for each target, from U of shape (n_columns, n_targets)."""
    gram = None
    if problem.n_columns <= min(MOST_FACTORISED, 4 * problem.A.n_rows):
        gram = problem.A.gram(np.empty(0, dtype=np.intp), np.arange(problem.n_columns))
    return [
        NormalMap(problem, t, U[:, t], gram).solve(tol, max_iter) for t in range(problem.n_targets)
    ]


class NormalMap:
    """One target's fit."""

    def __init__(self, problem, target, u, gram):
        self.problem, self.target, self.gram = problem, target, gram
        self.A, self.penalty = problem.A, problem.penalties[target]
        self.u = np.array(u)
        self.z = self.u + self.penalty.slope(self.u)

    def solve(self, tol, max_iter):
        best, idle = math.inf, 0
        for n_iter in range(1, max_iter + 2):
            r, c, certificate = self.evaluate()
            idle = 0 if certificate.deciding[1] < 0.9 * best else idle + 1
            best = min(best, certificate.deciding[1])
            if certificate.reached(tol) or n_iter > max_iter or idle >= 10 * PATIENCE:
                break
            self.advance(r, c, certificate, tol * 0.01**idle)
        objective = self.problem.objective(self.u, r, self.target)
        return Solution(self.u, objective, certificate, min(n_iter, max_iter))

    def evaluate(self):
        U = np.zeros((self.problem.n_columns, self.problem.n_targets))
        U[:, self.target] = self.u
        R, C, certificates = self.problem.evaluate(U, [self.target])
        return R[:, 0], C[0], certificates[0]

    def advance(self, r, c, certificate, tol):
        """One Newton step; where the line search fails, one proximal gradient step."""
        old = self.problem.objective(self.u, r, self.target)
        normal = c + self.u - self.z
        slopes = self.penalty.prox_slopes(self.z)
        du, gram_du = self.newton_direction(normal, slopes, certificate, tol)
        dz = normal - gram_du + du
        gain = normal @ du
        t = 1.0
        for _ in range(15):
            z = self.z + t * dz
            u = self.penalty.prox_at(z)
            new = self.objective(u)
            if new <= old - 1e-4 * t * gain + 1e-15 * old:
                self.z, self.u = z, u
                return
            t *= 0.5
        step = 1.0
        for _ in range(60):
            u = self.penalty.prox_at(self.u + step * c, step)
            if self.objective(u) < old:
                self.u, self.z = u, u + self.penalty.slope(u)
                return
            step *= 0.5

    def newton_direction(self, normal, slopes, certificate, tol):
        """du = P dz and A^T A du."""
        root = np.sqrt(slopes)
        if self.gram is not None:
            live = slopes > 0
            matrix = root[live, None] * self.gram[np.ix_(live, live)] * root[live]
            matrix[np.diag_indices(len(matrix))] += 1.0 - slopes[live]
            try:
                factor = cho_factor(matrix.T, overwrite_a=True, check_finite=False)
                du = np.zeros_like(normal)
                du[live] = root[live] * cho_solve(factor, root[live] * normal[live])
                if np.isfinite(du).all():
                    return du, self.gram @ du
            except LinAlgError:
                pass
        b = root * normal
        square = b @ b
        if self.penalty.quadratic:
            # One system is the whole fit; what is left of it, over the least eigenvalue, is the gap.
            stop = 0.1 * tol * max(float((1.0 - slopes).min()), 1e-8)
        else:
            stop = square * min(0.01, certificate.optimality**2)
        return self.conjugate_gradients(root, 1.0 - slopes, b, max(stop, 1e-28 * square))

    def conjugate_gradients(self, root, diagonal, b, stop):
        v, gram_du = np.zeros_like(b), np.zeros_like(b)
        r = b.copy()
        p = r.copy()
        rr = r @ r
        for _ in range(min(2 * len(b), 500)):
            if rr <= stop:
                break
            gram_p = self.gram_product(root * p)
            q = root * gram_p + diagonal * p
            bend = p @ q
            if bend <= 0.0:
                break
            v += (rr / bend) * p
            gram_du += (rr / bend) * gram_p
            r -= (rr / bend) * q
            rr, old = r @ r, rr
            p = r + (rr / old) * p
        return root * v, gram_du

    def gram_product(self, u):
        if self.gram is not None:
            return self.gram @ u
        return self.A.correlate(self.A.predict(u[:, None]))[:, 0]

    def objective(self, u):
        r = self.problem.Y[:, self.target] - self.A.predict(u[:, None])[:, 0]
        return self.problem.objective(u, r, self.target)
