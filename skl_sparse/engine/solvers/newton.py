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

# Up to so many columns, or rows, the Newton systems are factorised.
MOST_FACTORISED = 1000
# Up to so many numbers in all, few rows are held dense for that: 32 MiB.
MOST_NUMBERS = 1 << 22
# Least curvature of the penalty in a system of the size of the rows, where it divides.
LEAST_CURVATURE = 1e-12


def solve(problem, U, *, tol, max_iter):
    """A `Solution` for each target, from U of shape (n_columns, n_targets)."""
    systems = newton_systems(problem.A)
    return [
        NormalMap(problem, t, U[:, t], systems).solve(tol, max_iter)
        for t in range(problem.n_targets)
    ]


def newton_systems(A):
    """What solves the Newton systems: factorised where either side of A is small."""
    every = np.arange(A.n_columns)
    if A.n_columns <= min(MOST_FACTORISED, 4 * A.n_rows):
        return ColumnSystems(A.gram(every[:0], every))
    if A.n_rows <= MOST_FACTORISED and A.n_rows * A.n_columns <= MOST_NUMBERS:
        return RowSystems(np.ascontiguousarray(A.dense(every)))
    return MatrixFreeSystems(A)


class NormalMap:
    """One target's fit."""

    def __init__(self, problem, target, u, systems):
        self.problem, self.target, self.systems = problem, target, systems
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
        (found,) = self.problem.evaluate(self.u[:, None], [self.target])
        return found.residual, found.correlations, found.certificate

    def advance(self, r, c, certificate, tol):
        """One Newton step; where the line search fails, one proximal gradient step."""
        old = self.problem.objective(self.u, r, self.target)
        normal = c + self.u - self.z
        slopes = self.penalty.prox_slopes(self.z)
        du, gram_du = self.systems.solve(
            normal, slopes, self.accuracy(normal, slopes, certificate, tol)
        )
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

    def accuracy(self, normal, slopes, certificate, tol):
        """Square of the residual at which an iterative solution of the Newton system may stop."""
        square = float(slopes @ (normal * normal))
        if self.penalty.quadratic:
            # One system is the whole fit; what is left of it, over the least eigenvalue, is the gap.
            stop = 0.1 * tol * max(float((1.0 - slopes).min()), 1e-8)
        else:
            stop = square * min(0.01, certificate.optimality**2)
        return max(stop, 1e-28 * square)

    def objective(self, u):
        r = self.problem.Y[:, self.target] - self.A.predict(u[:, None])[:, 0]
        return self.problem.objective(u, r, self.target)


class MatrixFreeSystems:
    """Conjugate gradients, two passes over X a step."""

    def __init__(self, A):
        self.A = A

    def product(self, u):
        """A^T A u"""
        return self.A.correlate(self.A.predict(u[:, None]))[:, 0]

    def solve(self, normal, slopes, stop):
        """du = P dz, and A^T A du, for the Newton step dz."""
        root, diagonal = np.sqrt(slopes), 1.0 - slopes
        r = root * normal
        v, gram_du = np.zeros_like(r), np.zeros_like(r)
        p = r.copy()
        rr = r @ r
        for _ in range(min(2 * len(r), 500)):
            if rr <= stop:
                break
            gram_p = self.product(root * p)
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


class ColumnSystems(MatrixFreeSystems):
    """Few columns: Cholesky of the whole system."""

    def __init__(self, gram):
        self.gram = gram

    def product(self, u):
        return self.gram @ u

    def solve(self, normal, slopes, stop):
        live = slopes > 0
        root = np.sqrt(slopes[live])
        matrix = root[:, None] * self.gram[np.ix_(live, live)] * root
        matrix[np.diag_indices(len(matrix))] += 1.0 - slopes[live]
        du = np.zeros_like(normal)
        try:
            factor = cho_factor(matrix.T, overwrite_a=True, check_finite=False)
            du[live] = root * cho_solve(factor, root * normal[live])
        except LinAlgError:
            du[live] = np.nan
        if not np.isfinite(du).all():
            return super().solve(normal, slopes, stop)
        return du, self.product(du)


class RowSystems(MatrixFreeSystems):
    """Few rows: Cholesky of I + A H^-1 A^T, with H the curvatures of the penalty (Woodbury)."""

    def __init__(self, matrix):
        self.matrix = matrix

    def product(self, u):
        return (self.matrix @ u) @ self.matrix

    def solve(self, normal, slopes, stop):
        # 1 / h'' = P / (1 - P): zero where the proximal step is flat.
        inverse = slopes / np.maximum(1.0 - slopes, LEAST_CURVATURE)
        small = (self.matrix * inverse) @ self.matrix.T
        small[np.diag_indices(len(small))] += 1.0
        right = inverse * normal
        try:
            factor = cho_factor(small.T, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return super().solve(normal, slopes, stop)
        inner = cho_solve(factor, self.matrix @ right)
        du = right - inverse * (inner @ self.matrix)
        if not np.isfinite(du).all():
            return super().solve(normal, slopes, stop)
        return du, self.product(du)
