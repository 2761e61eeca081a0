"""The linear systems of a Newton step when no column can be left out.

(I + A W A^T) d = -g in the rows is (W^-1 + A^T A) dw = -A^T g with d = -(g + A dw) in the columns. W
changes with every step. Three ways to solve: conjugate gradients, a Cholesky factor of the size of
the columns, one of the size of the rows.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ..linalg.conjugate_gradients import conjugate_gradients
from ..linalg.ridge_cholesky import ridge_cholesky


def newton_systems(A, tuning):
    """What solves the Newton systems: factorised where either side of A is small."""
    every = np.arange(A.n_columns)
    if A.has_gram and A.n_columns <= min(tuning.most_factorised, 4 * A.n_rows):
        return FactorOfColumns(A, A.gram(every[:0], every), tuning)
    if A.n_rows <= tuning.most_factorised and A.n_rows * A.n_columns <= tuning.most_numbers:
        return FactorOfRows(np.ascontiguousarray(A.dense(every)))
    return MatrixFree(A, tuning)


class MatrixFree:
    """Conjugate gradients, two passes over X a step.

    They are prepared by the diagonal. With fewer rows than columns most of the system is W^-1, and
    that is the better preconditioner.
    """

    #: Whether the work for one system is open-ended.
    iterates = True

    def __init__(self, A, tuning):
        self.A, self.tuning = A, tuning
        self.wide = A.n_columns > A.n_rows

    def direction(self, g, weights, enough):
        """d with (I + A W A^T) d = -g for W = diag(weights), none negative, and A^T d.

        What is iterative leaves about as much of g as ``enough``.
        """
        s = self.A.correlate(g[:, None])[:, 0]
        dw, gram_dw = self.solve(-s, weights, enough)
        d, along = -(g + self.A.predict(dw[:, None])[:, 0]), -(s + gram_dw)
        if np.abs(along).max() < self.tuning.cancelled * np.abs(s).max():
            along = self.A.correlate(d[:, None])[:, 0]
        return d, along

    def product(self, u):
        """A^T A u"""
        return self.A.correlate(self.A.predict(u[:, None]))[:, 0]

    def solve(self, s, weights, enough):
        """dw with (W^-1 + A^T A) dw = s, and A^T A dw."""
        # In v = dw / root the matrix is of the size of one, however unequal the curvatures are.
        diagonal = 1.0 / (1.0 + weights)
        root = np.sqrt(weights * diagonal)
        # W times what is left of s is about what d leaves of g.
        to_rows = np.sqrt(weights / diagonal)
        share = self.tuning.least_share
        precondition = 1.0 / np.maximum(diagonal, share) if self.wide else 1.0
        gram_dw = np.zeros_like(s)

        def operator(p):
            nonlocal gram_p
            gram_p = self.product(root * p)
            return root * gram_p + diagonal * p

        gram_p = gram_dw
        most = min(2 * len(s), self.tuning.most_conjugate)
        for k, step in enumerate(conjugate_gradients(operator, root * s, precondition)):
            gram_dw += step.length * gram_p
            if k == most or np.linalg.norm(to_rows * step.residual) <= enough:
                break
        return root * step.x, gram_dw


class FactorOfColumns(MatrixFree):
    """Few columns: Cholesky of the whole system."""

    iterates = False

    def __init__(self, A, gram, tuning):
        super().__init__(A, tuning)
        self.gram = gram

    def product(self, u):
        return self.gram @ u

    def solve(self, s, weights, enough):
        live = weights > np.finfo(np.float64).tiny  # else 1 / weights may overflow
        dw = np.zeros_like(s)
        try:
            factor = ridge_cholesky(self.gram[np.ix_(live, live)], 1.0 / weights[live])
            dw[live] = factor(s[live])
        except LinAlgError:
            dw[live] = np.nan
        if not np.isfinite(dw).all():
            return super().solve(s, weights, enough)
        return dw, self.product(dw)


class FactorOfRows:
    """Few rows: Cholesky of I + A W A^T."""

    iterates = False

    def __init__(self, matrix):
        self.matrix = matrix

    def direction(self, g, weights, enough):
        system = (self.matrix * weights) @ self.matrix.T
        system[np.diag_indices(len(system))] += 1.0
        try:
            factor = cho_factor(system.T, overwrite_a=True, check_finite=False)
            d = -cho_solve(factor, g, check_finite=False)
        except LinAlgError:  # from rounding: the weights span too many orders of magnitude
            d = -g
        return d, d @ self.matrix
