"""Columns without a penalty, or with next to none: where the dual point comes from."""

from functools import cached_property

import numpy as np
from scipy.optimize import nnls
from scipy.sparse.linalg import LinearOperator, cg

# Up to so many such columns are projected off through the spectrum of their Gram.
MOST_SPECTRAL = 2000
# Below this strength (in standardised units) the bound that a penalty sets to the correlations
# drowns in their rounding.
WEAK = 1e-9


class UnpenalisedSpan:
    """The span of the unpenalised columns of A; their cone, where coefficients are bounded below.

    A dual point has to be orthogonal to columns without a penalty. It may be to columns with next
    to none, at the price of at most their share of the objective; where rounding makes the residual
    infeasible that is much better.

    Attributes
    ----------
    columns : ndarray of int
        The unpenalised columns and, if they are few, the weakly penalised ones.
    forms_the_dual : bool
        Whether the residual itself, scaled, is a dual point.
    helps_the_dual : bool
        Whether the residual less its projection is one, and worth a look.
    """

    def __init__(self, A, penalty):
        self.A, self.positive = A, penalty.positive
        live = (A.scale > 0) & (penalty.lam < np.inf)
        free = penalty.unpenalised & live
        weak = (penalty.lam + penalty.l2 < WEAK) & live
        few = np.count_nonzero(weak) <= MOST_SPECTRAL
        self.columns = np.flatnonzero(weak if few else free)
        self.none = np.zeros(A.n_columns, dtype=np.uint8)
        self.skip = self.none.copy()
        self.skip[self.columns] = 1
        n_free = np.count_nonzero(free)
        self.forms_the_dual = n_free == 0
        # Least squares has no dual; a bounded problem needs a direct solve, of limited size.
        everything = 0 < n_free == np.count_nonzero(live)
        self.helps_the_dual = (
            len(self.columns) > 0 and not everything and (few or not self.positive)
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
