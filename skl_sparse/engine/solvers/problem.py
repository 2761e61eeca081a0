"""The problem in standardised units, and the evaluation of a candidate."""

from dataclasses import dataclass

import numpy as np

from .certificates._duality import DualRay, relative_gap
from .certificates.certificate import Certificate
from .certificates.unpenalised import UnpenalisedSpan
from .coefficients import EVERY, Coefficients

# Up to so far from the residual a dual point stands for it.
NEAR = 1e-10
# Columns and targets have unit norm: from such coefficients on rounding is larger than a target.
FARTHEST = 1 / np.finfo(np.float64).eps


@dataclass
class Evaluation:
    """What one look at the whole problem tells of a point, for one target.

    ``square`` = r . r of the residual r; ``steps`` are the exact 1-D steps left to take, those of the
    columns that are ``violators``.
    """

    residual: np.ndarray
    square: float
    correlations: np.ndarray
    violators: np.ndarray | slice
    steps: np.ndarray
    objective: float
    certificate: Certificate

    def leave(self, columns):
        """Keep what a descent on these columns needs."""
        self.correlations = self.correlations[columns]
        self.violators = self.steps = None


class Problem:
    """minimise |y_t - A u|^2 / 2 + penalty_t(u) for every target t.

    Parameters
    ----------
    A : standardised design
        Columns of unit norm (or zero).
    Y : ndarray of shape (n_rows, n_targets)
        Targets of unit norm (or zero).
    model : QuadraticModel
        Told by inner products of residual and target.
    penalties : list of Penalty
        One for each target.
    tuning : Tuning
    """

    def __init__(self, A, Y, model, penalties, tuning):
        self.A, self.Y, self.model, self.penalties = A, Y, model, penalties
        self.tuning = tuning
        self.n_columns, self.n_targets = A.n_columns, Y.shape[1]
        self.spans = [UnpenalisedSpan(A, p) if p.has_dual else None for p in penalties]

    def with_penalties(self, penalties):
        return Problem(self.A, self.Y, self.model, penalties, self.tuning)

    def tamed(self, start):
        """The start, but zero for a target that it is worse for, or leaves no digit of a residual.

        From far away squares and powers overflow, and what a fit once reached at another scale is of
        no use.
        """
        targets, none = range(self.n_targets), Coefficients.none(self.n_columns)
        near = [np.abs(u.values).max(initial=0.0) <= FARTHEST for u in start]
        start = [u if near[t] else none for t, u in enumerate(start)]
        with np.errstate(over="ignore", invalid="ignore"):
            R = self.residuals(start, targets)
            null = [self.model.value(float(y @ y)) for y in self.Y.T]
            value = [self.objective(start[t], R[:, t], t) for t in targets]
        return [start[t] if value[t] <= null[t] else none for t in targets]

    def residuals(self, points, targets):
        """y - A u for the given targets and their `Coefficients`, one a column."""
        Y = self.Y if len(targets) == self.n_targets else self.Y[:, targets]
        if not any(u.values.any() for u in points):
            return Y
        R = self.A.combine(points)
        return np.subtract(Y, R, out=R)

    def evaluate(self, points, targets, dual=None):
        """An `Evaluation` for each of the given targets and their `Coefficients`.

        Two passes over X, a third where some columns have no penalty: the dual point is
        the residual projected off those. One pass if there is a ``dual`` point of a single target
        at hand, with its correlations, which is the residual up to rounding.
        """
        R = self.residuals(points, targets)
        if dual is not None and np.linalg.norm(R[:, 0] - dual[0]) <= NEAR:
            theta, c = dual
            return [self._evaluate(points[0], R[:, 0], c, targets[0], theta)]
        C = self.A.correlate(R)
        return [
            self._evaluate(points[k], R[:, k], np.ascontiguousarray(C[:, k]), t)
            for k, t in enumerate(targets)
        ]

    def _evaluate(self, u, r, c, t, theta=None):
        """Of u with residual r, given the correlations of r, or of a dual point near it."""
        penalty, square = self.penalties[t], float(r @ r)
        if u.columns is EVERY:
            violators, steps = EVERY, penalty.violations(u.values, c)
        else:
            violators, steps = penalty.violators(u.columns, u.values, c)
        objective = self.model.value(square) + self.penalty_value(u, t)
        dual = (r, square) if theta is None else (theta, float(theta @ theta))
        rays = self._rays(*dual, c, t) if penalty.has_dual else []
        gap = relative_gap(self.model, penalty, objective, rays)
        optimality = float(steps.max(initial=0.0))
        if theta is not None:  # no correlation with r differs by more from that with theta
            optimality += float(np.linalg.norm(r - theta))
        certificate = Certificate(gap, optimality)
        return Evaluation(r, square, c, violators, steps, objective, certificate)

    def _rays(self, r, square, c, t):
        """The dual candidates: r, whose ``square`` is r . r, and r less the span of some columns."""
        y, span = self.Y[:, t], self.spans[t]
        if span.forms_the_dual:
            yield DualRay(c, square, float(r @ y))
        if span.helps_the_dual:
            projected = span.project_off(r)
            if projected is not None:
                theta, c = projected
                yield DualRay(c, float(theta @ theta), float(theta @ y), span.skip)

    def objective(self, u, r, target):
        return self.model.value(float(r @ r)) + self.penalty_value(u, target)

    def penalty_value(self, u, target):
        penalty = self.penalties[target]
        if u.columns is EVERY:
            return penalty.value(u.values)
        return penalty.value_on(u.columns, u.values)
