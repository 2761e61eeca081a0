"""Fits along a path of penalties, many problems in step: each starts where the one before ended."""

from dataclasses import dataclass

import numpy as np

from ..._storage import threshold_in
from ..solvers import Certificate, Coefficients, WorkingSet, solve


@dataclass
class Step:
    """The fits of all problems at one point of a path.

    Attributes
    ----------
    points : list of Coefficients
        In the units of the data, without zeros.
    intercepts, losses, objectives : ndarray of shape (n_problems,)
        ``losses`` are mean losses on the rows of each problem.
    certificates : list of Certificate
    n_iter : ndarray of shape (n_problems,)
    """

    points: list[Coefficients]
    intercepts: np.ndarray
    losses: np.ndarray
    objectives: np.ndarray
    certificates: list[Certificate]
    n_iter: np.ndarray

    def toward(self, relaxed, share, penalty):
        """The `Step` a share of the way to least squares on the same supports.

        ``penalty(u)`` is the penalty of coefficients in the units of the data.
        """
        points = [
            u.combined(v, 1.0 - share, share)
            for u, v in zip(self.points, relaxed.points, strict=True)
        ]
        # The loss is a parabola along the way, with its minimum at the end.
        gain = np.maximum(self.losses - relaxed.losses, 0.0)
        losses = relaxed.losses + (1.0 - share) ** 2 * gain
        return Step(
            points,
            (1.0 - share) * self.intercepts + share * relaxed.intercepts,
            losses,
            losses + [penalty(u) for u in points],
            self.certificates,
            self.n_iter,
        )


class Path:
    """Fits of the problems of `LeastSquares` under one penalty after the other.

    The working set, its Gram matrices and what was last seen of the rows are kept from step to step.

    Parameters
    ----------
    data : LeastSquares
    dtype : dtype
        The type that coefficients are rounded to for the threshold.
    threshold : float
        Coefficients up to it become zero.
    refit : bool
        Whether to solve again on what the threshold leaves, until it leaves all of it.
    positive : bool
        Whether coefficients are >= 0, for `relaxed`.
    working_sets : dict, optional
        Working sets of other paths of the same rows, by whether their penalties are convex.
    options
        For `solvers.solve`: tol, max_iter, solver, local_search.
    """

    def __init__(
        self,
        data,
        *,
        dtype=np.float64,
        threshold=0.0,
        refit=True,
        positive=False,
        working_sets=None,
        **options,
    ):
        self.data, self.options, self.refit = data, options, refit
        self._positive = positive
        self.dtype, self.threshold = dtype, threshold_in(dtype, threshold)
        self.points = [Coefficients.none(data.n_columns)] * data.n_problems
        self.looks, self._before = None, None
        self._working_sets = {} if working_sets is None else working_sets

    def step(self, batch, ahead=0.0):
        """The `Step` of a `Batch` of the same rows, from where the last one ended.

        Or from a point ``ahead`` of that by so many times the way from the step before: a path is
        nearly straight between two changes of the support, and what was seen of the rows is as
        straight as the path.
        """
        convex = batch.convex
        # Rounding must not choose one of many minima: sums for those are exact.
        if convex not in self._working_sets:
            tuning = batch.tuning.working_set
            self._working_sets[convex] = WorkingSet(
                batch.rows.views, exact=not convex, tuning=tuning
            )
        options = {**self.options, "working_set": self._working_sets[convex]}
        start, looks, exact = self.points, self.looks, True
        if ahead and self._before is not None and all(look is not None for look in looks):
            start, looks = self._extrapolated(ahead)
            exact = False
        self._before = self.points, self.looks
        if looks is None or any(look is None for look in looks):
            self._before = None
        solutions = solve(batch, start, looks=looks, exact_looks=exact, keep_looks=True, **options)
        self.points = [solution.u for solution in solutions]
        self.looks = [solution.look for solution in solutions]
        n_iter = np.array([solution.n_iter for solution in solutions])
        points = self.points
        while self.threshold > 0:
            points = [solution.u for solution in solutions]
            kept = [self._stays(u, t) for t, u in enumerate(points)]
            fallen = [t for t, keep in enumerate(kept) if not keep.all()]
            if not fallen:
                break
            for t in fallen:
                points[t] = points[t].only(kept[t])
            left = self.options["max_iter"] - int(n_iter.max())
            if not self.refit or left <= 0:
                break
            batch = batch.with_penalties(
                [
                    penalty.exclude(~points[t].member) if t in fallen else penalty
                    for t, penalty in enumerate(batch.penalties)
                ]
            )
            solutions = solve(batch, points, restarts=False, **{**options, "max_iter": left})
            n_iter[fallen] += [solutions[t].n_iter for t in fallen]
        return self._describe(batch, points, solutions, n_iter)

    def _extrapolated(self, ahead):
        points, looks = [], []
        for t, (u, v, at_u, at_v) in enumerate(
            zip(self.points, self._before[0], self.looks, self._before[1], strict=True)
        ):
            points.append(u.combined(v, 1.0 + ahead, -ahead))
            r = (1.0 + ahead) * at_u.residual - ahead * at_v.residual
            c = (1.0 + ahead) * at_u.correlations - ahead * at_v.correlations
            looks.append(self.data.rows.describe(t, r, c))
        return points, looks

    def relaxed(self, step):
        """The `Step` of least squares on the supports of another, without a penalty."""
        supports = [u.member for u in step.points]
        batch = self.data.batch(0.0, 1.0, 0.0, np.ones(self.data.n_columns), self._positive)
        batch = batch.with_penalties(
            [
                penalty.exclude(~support)
                for penalty, support in zip(batch.penalties, supports, strict=True)
            ]
        )
        start = [self.data.in_standard_units(u, t) for t, u in enumerate(step.points)]
        solutions = solve(batch, start, restarts=False, **self.options)
        n_iter = np.array([solution.n_iter for solution in solutions])
        return self._describe(batch, [solution.u for solution in solutions], solutions, n_iter)

    def _stays(self, u, t):
        """Which coefficients the threshold leaves as they are: those beyond it, and zeros."""
        values = self.data.in_data_units(u, t).values.astype(self.dtype)
        return (np.abs(values) > self.threshold) | (u.values == 0)

    def _describe(self, batch, points, solutions, n_iter):
        data, found = self.data, []
        objectives, losses = np.empty(len(points)), np.empty(len(points))
        for t, (u, solution) in enumerate(zip(points, solutions, strict=True)):
            objectives[t] = solution.objective
            if u is not solution.u:  # masked since
                r = batch.rows.residuals([u], [t])[:, 0]
                objectives[t] = batch.objective(u, r, t)
            losses[t] = objectives[t] - batch.penalty_value(u, t)
            found.append(data.in_data_units(u.sparse(), t))
        square = data.y_scale * data.y_scale
        return Step(
            found,
            data.intercepts(found),
            losses * square,
            objectives * square,
            [solution.certificate for solution in solutions],
            n_iter,
        )
