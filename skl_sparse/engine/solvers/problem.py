"""The problem in standardised units, and the evaluation of a candidate."""

import numpy as np

from .certificate import DualRay, certify
from .unpenalised import UnpenalisedSpan


class Problem:
    """minimise loss(y_t, A u) + penalty_t(u) for every target t.

    Parameters
    ----------
    A : standardised design
        Columns of unit norm (or zero).
    Y : ndarray of shape (n_rows, n_targets)
        Targets of unit norm (or zero).
    loss : loss
        Told by inner products of residual and target.
    penalties : list of Penalty
        One for each target.
    """

    def __init__(self, A, Y, loss, penalties):
        self.A, self.Y, self.loss, self.penalties = A, Y, loss, penalties
        self.n_columns, self.n_targets = A.n_columns, Y.shape[1]
        self.spans = [UnpenalisedSpan(A, penalty) for penalty in penalties]

    def with_penalties(self, penalties):
        return Problem(self.A, self.Y, self.loss, penalties)

    def residuals(self, U, targets):
        """Y - A U for the given targets; U has a column for each of them."""
        Y = self.Y[:, targets]
        return Y - self.A.predict(np.ascontiguousarray(U)) if U.any() else Y

    def evaluate(self, U, targets):
        """Residuals, correlations (a row a target) and certificates of the given targets.

        U has a column for each of them.

        Two passes over X, a third where some columns have no penalty: the dual point is the
        residual projected off those.
        """
        R = self.residuals(U, targets)
        C = np.ascontiguousarray(self.A.correlate(R).T)
        certificates = []
        for k, t in enumerate(targets):
            r, u = R[:, k], np.ascontiguousarray(U[:, k])
            rays = self._rays(r, C[k], t) if self.penalties[t].has_dual else []
            certificates.append(certify(self.loss, self.penalties[t], u, C[k], float(r @ r), rays))
        return R, C, certificates

    def _rays(self, r, c, t):
        """The dual candidates: the residual, and the residual less the span of some columns."""
        y, span = self.Y[:, t], self.spans[t]
        if span.forms_the_dual:
            yield DualRay(c, float(r @ r), float(r @ y), span.none)
        if span.helps_the_dual:
            projected = span.project_off(r)
            if projected is not None:
                theta, c = projected
                yield DualRay(c, float(theta @ theta), float(theta @ y), span.skip)

    def objective(self, u, r, target):
        return self.loss.value(float(r @ r)) + self.penalties[target].value(u)
