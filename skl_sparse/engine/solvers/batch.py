"""A batch of problems on one X, in standard units, and the evaluation of candidates."""

from dataclasses import dataclass

import numpy as np

from .certificates._duality import relative_gap
from .certificates.certificate import Certificate
from .certificates.unpenalised import UnpenalisedSpan
from .coefficients import EVERY, Coefficients
from .rows import Look

# Up to so far from the residual a dual point stands for it.
NEAR = 1e-10
# Columns and targets have unit norm: from such coefficients on rounding is larger than a target.
FARTHEST = 1 / np.finfo(np.float64).eps


@dataclass
class Evaluation:
    """What a full evaluation tells of a point of one problem.

    ``square`` = r . r of the residual r; ``steps`` are the exact 1-D steps left to take, those of the
    columns that are ``violators`` of optimality.
    """

    look: Look | None
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
        self.look = self.violators = self.steps = None


class Batch:
    """minimise |y_t - A_t u|^2 / 2 + penalty_t(u), for every problem t of the batch.

    All problems have the same X. Each has a target, row weights and an intercept or not, which are in
    its view A_t of X, and a penalty of its own: several targets, cross-validation folds, resamples,
    points of a grid. They share passes over X, threads and the sums over rows of a working set.

    Parameters
    ----------
    rows : Rows
        The views and the targets: all that is as long as the rows.
    models : list of QuadraticModel
    penalties : list of Penalty
        One of each for every problem.
    tuning : Tuning
    """

    def __init__(self, rows, models, penalties, tuning):
        self.rows, self.models, self.penalties, self.tuning = rows, models, penalties, tuning
        self.n_columns, self.n_problems = rows.n_columns, len(penalties)
        self.spans = [
            UnpenalisedSpan(self.view(t), penalty, tuning.certificates)
            if penalty.has_dual
            else None
            for t, penalty in enumerate(penalties)
        ]

    def view(self, t):
        """The `WeightedView` of problem t."""
        return self.rows.views[t]

    def target(self, t):
        return self.rows.Y[:, t]

    @property
    def convex(self):
        return all(penalty.convex for penalty in self.penalties)

    def with_penalties(self, penalties):
        return Batch(self.rows, self.models, penalties, self.tuning)

    def subset(self, problems):
        """The batch of some of the problems."""
        models, penalties = ([of[t] for t in problems] for of in (self.models, self.penalties))
        return Batch(self.rows.subset(problems), models, penalties, self.tuning)

    def safe(self, start):
        """The start, but zero for a problem that it is worse for, or leaves no digit of a residual.

        From far away squares and powers overflow, and what a fit once reached at another scale is of
        no use.
        """
        problems, none = range(self.n_problems), Coefficients.none(self.n_columns)
        near = [np.abs(u.values).max(initial=0.0) <= FARTHEST for u in start]
        start = [u if near[t] else none for t, u in enumerate(start)]
        with np.errstate(over="ignore", invalid="ignore"):
            R = self.rows.residuals(start, problems)
            null = [
                model.value(float(y @ y))
                for model, y in zip(self.models, self.rows.Y.T, strict=True)
            ]
            value = [self.objective(start[t], R[:, t], t) for t in problems]
        return [start[t] if value[t] <= null[t] else none for t in problems]

    def evaluate(self, points, problems, dual=None, looks=None):
        """An `Evaluation` for each of some problems and their `Coefficients`.

        Two passes over X, a third where some columns have no penalty: the dual point is
        the residual projected off those. One pass if there is a ``dual`` point of a single problem
        at hand, with its correlations, which is the residual up to rounding; none if the ``looks`` at
        the points are known.
        """
        if dual is not None:
            theta, c = dual
            r = self.rows.residuals(points, problems)[:, 0]
            if np.linalg.norm(r - theta) <= NEAR:
                return [
                    self._evaluate(
                        points[0], self.rows.describe(problems[0], r, c), problems[0], theta
                    )
                ]
        if looks is None:
            looks = self.rows.look(points, problems)
        return [
            self._evaluate(u, look, t) for u, look, t in zip(points, looks, problems, strict=True)
        ]

    def _evaluate(self, u, look, t, theta=None):
        """Of u, whose correlations are those of its residual, or of a dual point near it."""
        penalty, model, c = self.penalties[t], self.models[t], look.correlations
        if u.columns is EVERY:
            violators, steps = EVERY, penalty.violations(u.values, c)
        else:
            violators, steps = penalty.violators(u.columns, u.values, c)
        objective = model.value(look.square) + self.penalty_value(u, t)
        rays = self._rays(look, t, theta) if penalty.has_dual else []
        gap = relative_gap(model, penalty, objective, rays)
        optimality = float(steps.max(initial=0.0))
        if theta is not None:  # no correlation with r differs by more from that with theta
            optimality += float(np.linalg.norm(look.residual - theta))
        certificate = Certificate(gap, optimality)
        return Evaluation(
            look, look.residual, look.square, c, violators, steps, objective, certificate
        )

    def _rays(self, look, t, theta):
        """The dual candidates: r, or theta, and the same less the span of some columns."""
        y, c = self.target(t), look.correlations
        point, square, product = look.residual, look.square, look.product
        if theta is not None:
            point, square, product = theta, float(theta @ theta), float(theta @ y)
        return self.spans[t].rays(point, c, square, product, y)

    def objective(self, u, r, t):
        return self.models[t].value(float(r @ r)) + self.penalty_value(u, t)

    def penalty_value(self, u, t):
        penalty = self.penalties[t]
        if u.columns is EVERY:
            return penalty.value(u.values)
        return penalty.value_on(u.columns, u.values)
