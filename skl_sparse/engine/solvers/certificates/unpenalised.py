"""Columns without a penalty, or with next to none: where the dual point comes from."""

from functools import cached_property

import numpy as np
from scipy.linalg import qr
from scipy.optimize import nnls

from ..linalg.conjugate_gradients import conjugate_gradients
from ._duality import DualRay


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

    def __init__(self, A, penalty, tuning):
        self.A, self.positive, self.tuning = A, penalty.positive, tuning
        weak = penalty.weaker(tuning.weak)
        weak = weak[A.scale[weak] > 0]
        free = weak[penalty.restrict(weak).unpenalised]
        self.few = few = len(weak) <= min(tuning.most_columns, tuning.most_numbers // A.n_rows)
        self.columns = weak if few else free
        self.forms_the_dual = len(free) == 0
        # Least squares has no dual; a bounded problem needs a direct solve, of limited size.
        everything = False
        if len(free):
            everything = len(free) == np.count_nonzero((A.scale > 0) & ~penalty.excluded)
        self.helps_the_dual = (
            len(self.columns) > 0 and not everything and (few or not self.positive)
        )

    def rays(self, r, c, square, product, y):
        """The dual candidates: r, and r less the span of some columns.

        Given the correlations c of r, r . r, r . y and the target y.
        """
        if self.forms_the_dual:
            yield DualRay(c, square, product)
        if self.helps_the_dual:
            projected = self.project_off(r)
            if projected is not None:
                theta, c = projected
                yield DualRay(c, float(theta @ theta), float(theta @ y), self.skip)

    def project_off(self, r):
        """r minus its projection on the span (or cone), and the correlations of all columns with it.

        None where rounding stands in the way: a column that is skipped must be orthogonal.
        """
        theta = r
        for _ in range(2):  # the second time removes what rounding left of the first
            theta = theta - self._projection(theta)
        c = self.A.correlate(theta[:, None])[:, 0]
        left = c[self.columns] if self.positive else np.abs(c[self.columns])
        return (theta, c) if left.max() <= self.tuning.left else None

    def _projection(self, r):
        if self.positive:
            if (self._columns.T @ r).max() <= self.tuning.left:
                return np.zeros_like(r)  # nothing to find: from rounding alone nnls goes astray
            return self._columns @ nnls(self._columns, r)[0]
        if self.few:
            return self._basis @ (self._basis.T @ r)
        c = self.A.correlate(r[:, None])[self.columns, 0]
        for k, step in enumerate(conjugate_gradients(self._normal, c, 1.0)):
            if k == 0:
                enough = self.tuning.share_left**2 * step.square
            if step.square <= enough or k == self.tuning.most_steps:
                break
        return self._predict(step.x)

    @cached_property
    def skip(self):
        """A mark for each column of A: whether it is one of those."""
        skip = np.zeros(self.A.n_columns, dtype=np.uint8)
        skip[self.columns] = 1
        return skip

    @cached_property
    def _columns(self):
        return self.A.dense(self.columns)

    @cached_property
    def _basis(self):
        """An orthonormal basis of the span; what rounding cannot tell from zero is left out."""
        basis, triangle, _ = qr(self._columns, mode="economic", pivoting=True, check_finite=False)
        sizes = np.abs(triangle.diagonal())
        return basis[:, sizes > 1e-14 * sizes.max(initial=0.0)]

    def _predict(self, v):
        u = np.zeros((self.A.n_columns, 1))
        u[self.columns, 0] = v
        return self.A.predict(u)[:, 0]

    def _normal(self, v):
        return self.A.correlate(self._predict(v)[:, None])[self.columns, 0]
