"""Columns without a penalty: the dual point has to be orthogonal to them."""

from functools import cached_property

import numpy as np
from scipy.optimize import nnls
from scipy.sparse.linalg import LinearOperator, cg

# Up to so many such columns are projected off through the spectrum of their Gram.
MOST_SPECTRAL = 2000


class UnpenalisedSpan:
    """The span of the unpenalised columns of A; their cone, where coefficients are bounded below.

    ``has_dual`` is false where every column is unpenalised: least squares has no dual to scale. It
    is false, too, for a bounded problem with more such columns than a direct solve can take.
    """

    def __init__(self, A, penalty):
        self.A, self.positive = A, penalty.positive
        live = A.scale > 0
        self.columns = np.flatnonzero(penalty.unpenalised & live)
        self.skip = np.zeros(A.n_columns, dtype=np.uint8)
        self.skip[self.columns] = 1
        count = len(self.columns)
        self.has_dual = not (0 < count == np.count_nonzero(live)) and not (
            self.positive and count > MOST_SPECTRAL
        )

    def project_off(self, r):
        """r minus its projection on the span (or cone)."""
        u = np.zeros((self.A.n_columns, 1))
        theta = r
        for _ in range(2):  # the second time removes what rounding left of the first
            c = self.A.correlate(theta[:, None])[self.columns, 0]
            u[self.columns, 0] = self._improve(u[self.columns, 0], c)
            theta = r - self.A.predict(u)[:, 0]
        return theta

    def _improve(self, u, c):
        """Coefficients of the projection, from u with correlations c left."""
        if self.positive:
            root, inverse = self._spectrum
            return nnls(root, inverse.T @ c + root @ u)[0]
        if len(u) <= MOST_SPECTRAL:
            inverse = self._spectrum[1]
            return u + inverse @ (inverse.T @ c)
        operator = LinearOperator((len(c), len(c)), matvec=self._normal, dtype=np.float64)
        return u + cg(operator, c, rtol=1e-12, maxiter=1000)[0]

    @cached_property
    def _spectrum(self):
        """A square root of the Gram of the columns, and its pseudo-inverse."""
        values, vectors = np.linalg.eigh(self.A.gram(self.columns[:0], self.columns))
        keep = values > 1e-12 * values[-1]
        roots = np.sqrt(values[keep])
        return roots[:, None] * vectors[:, keep].T, vectors[:, keep] / roots

    def _normal(self, v):
        u = np.zeros((self.A.n_columns, 1))
        u[self.columns, 0] = v
        return self.A.correlate(self.A.predict(u))[self.columns, 0]
