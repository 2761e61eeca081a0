"""The problem in standardised units, and the evaluation of a candidate."""

import numpy as np

from .certificate import DualRay, certify
from .unpenalised import UnpenalisedSpan


class Problem:
    """minimise |y_t - A u|^2 / 2 + penalty_t(u) for every target t.

    Parameters
    ----------
    A : standardised design
        Columns of unit norm (or zero).
    Y : ndarray of shape (n_rows, n_targets)
        Targets of unit norm (or zero).
    penalties : list of Penalty
        One for each target.
    """

    def __init__(self, A, Y, penalties):
        self.A, self.Y, self.penalties = A, Y, penalties
        self.n_columns, self.n_targets = A.n_columns, Y.shape[1]
        self.spans = [UnpenalisedSpan(A, penalty) for penalty in penalties]

    def with_penalties(self, penalties):
        return Problem(self.A, self.Y, penalties)

    def residuals(self, U, targets):
        """Y - A U for the given targets; U has a column for each target of the problem."""
        Y = self.Y[:, targets]
        if not U[:, targets].any():
            return Y.copy()
        return Y - self.A.predict(np.ascontiguousarray(U[:, targets]))

    def evaluate(self, U, targets):
        """Residuals, correlations (a row a target) and certificates of the given targets.

        Two passes over X, a third where some columns have no penalty: the dual point is the
        residual projected off those.
        """
        R = self.residuals(U, targets)
        C = np.ascontiguousarray(self.A.correlate(R).T)
        certificates = []
        for k, t in enumerate(targets):
            penalty, span = self.penalties[t], self.spans[t]
            ray = None
            if penalty.convex and span.has_dual:
                theta, c = R[:, k], C[k]
                if len(span.columns):
                    theta = span.project_off(theta)
                    c = self.A.correlate(theta[:, None])[:, 0]
                ray = DualRay(c, float(theta @ theta), float(theta @ self.Y[:, t]), span.skip)
            square = float(R[:, k] @ R[:, k])
            certificates.append(certify(penalty, np.ascontiguousarray(U[:, t]), C[k], square, ray))
        return R, C, certificates

    def objective(self, u, r, target):
        return 0.5 * float(r @ r) + self.penalties[target].value(u)
