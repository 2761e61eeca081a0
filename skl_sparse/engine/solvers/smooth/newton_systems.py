"""The linear systems of a Newton step when no column can be left out."""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ..linalg.conjugate_gradients import conjugate_gradients

# Up to so many columns, or rows, the Newton systems are factorised.
MOST_FACTORISED = 1000
# Up to so many numbers in all, few rows are held dense for that: 32 MiB.
MOST_NUMBERS = 1 << 22
# Least curvature of the penalty in a system of the size of the rows, where it divides.
LEAST_CURVATURE = 1e-12
# Steps of conjugate gradients for one system.
MOST_STEPS = 500
# Least share of the penalty in a column's curvature, as far as the preconditioner minds.
LEAST_SHARE = 1e-3


def newton_systems(A):
    """What solves the Newton systems: factorised where either side of A is small."""
    every = np.arange(A.n_columns)
    if A.has_gram and A.n_columns <= min(MOST_FACTORISED, 4 * A.n_rows):
        return ColumnSystems(A.gram(every[:0], every))
    if A.n_rows <= MOST_FACTORISED and A.n_rows * A.n_columns <= MOST_NUMBERS:
        return RowSystems(np.ascontiguousarray(A.dense(every)))
    return MatrixFreeSystems(A)


class MatrixFreeSystems:
    """Conjugate gradients, two passes over X a step.

    In v the diagonal is one, which is all that tall data need. With fewer rows than columns most of
    the system is I - P, and that is the better preconditioner.
    """

    def __init__(self, A):
        self.A = A
        self.wide = A.n_columns > A.n_rows

    def product(self, u):
        """A^T A u"""
        return self.A.correlate(self.A.predict(u[:, None]))[:, 0]

    def solve(self, normal, slopes, share):
        """du = P dz, and A^T A du, for the Newton step dz.

        What is iterative ends where the square of the residual has fallen to this share.
        """
        root, diagonal = np.sqrt(slopes), 1.0 - slopes
        inverse = 1.0 / np.maximum(diagonal, LEAST_SHARE) if self.wide else 1.0
        gram_du = np.zeros_like(normal)

        def operator(p):
            nonlocal gram_p
            gram_p = self.product(root * p)
            return root * gram_p + diagonal * p

        gram_p, enough = gram_du, 0.0
        for k, step in enumerate(conjugate_gradients(operator, root * normal, inverse)):
            gram_du += step.length * gram_p
            if k == 0:
                enough = share * step.square
            if step.square <= enough or k == min(2 * len(normal), MOST_STEPS):
                break
        return root * step.x, gram_du


class ColumnSystems(MatrixFreeSystems):
    """Few columns: Cholesky of the whole system."""

    def __init__(self, gram):
        self.gram = gram
        self.wide = False

    def product(self, u):
        return self.gram @ u

    def solve(self, normal, slopes, share):
        # A constant column has neither curvature nor penalty: with it the system is singular.
        live = (slopes > 0) & (self.gram.diagonal() > 0)
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
            return super().solve(normal, slopes, share)
        return du, self.product(du)


class RowSystems(MatrixFreeSystems):
    """Few rows: Cholesky of I + A H^-1 A^T, with H the curvatures of the penalty (Woodbury)."""

    def __init__(self, matrix):
        self.matrix = matrix
        self.wide = True

    def product(self, u):
        return (self.matrix @ u) @ self.matrix

    def solve(self, normal, slopes, share):
        # 1 / h'' = P / (1 - P): zero where the proximal step is flat.
        inverse = slopes / np.maximum(1.0 - slopes, LEAST_CURVATURE)
        small = (self.matrix * inverse) @ self.matrix.T
        small[np.diag_indices(len(small))] += 1.0
        right = inverse * normal
        try:
            factor = cho_factor(small.T, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return super().solve(normal, slopes, share)
        inner = cho_solve(factor, self.matrix @ right)
        du = right - inverse * (inner @ self.matrix)
        if not np.isfinite(du).all():
            return super().solve(normal, slopes, share)
        return du, self.product(du)
