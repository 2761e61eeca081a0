"""Penalised least squares: from data and parameters to coefficients, certificate and mask."""

from dataclasses import dataclass

import numpy as np

from ..._storage import threshold_in
from ..cuts import blocks
from ..designs import WeightedView
from ..designs.weights import repeated, roots, weighted_sums
from ..penalties import LpPenalty
from ..solvers import Batch, Certificate, Coefficients, QuadraticModel, Rows, solve
from ..tuning import DEFAULT

# Strengths in standardised units end at 2^-1000 and 2^1000: far beyond what matters.
LARGEST = 1000
# Of more rows, weights that are all alike are one number: a vector takes memory, and time to fill.
MANY_ROWS = 1 << 14
# Rows at a time, where NumPy needs room for intermediate results.
STRETCH = 1 << 14
# Factors in this range are multiplied as they are, up to their squares.
PLAIN = 1e-30, 1e30
# Coefficients that underflow may move predictions so far, in units of the target.
UNDERFLOW = 1e-6


@dataclass
class Fit:
    """Answers of a fit; arrays have one row or entry for each problem.

    ``coef`` and ``intercept`` have the type asked for, all else is float64. ``certificates`` are those
    of the coefficients as they are returned, ``reached`` those that the solver ended with, before
    rounding to a narrower type. ``finished`` is false if the passes ran out before a mask could be
    followed by its refit.
    """

    coef: np.ndarray
    intercept: np.ndarray
    mask: np.ndarray
    objective: np.ndarray
    penalty: np.ndarray
    certificates: list
    reached: list
    n_iter: np.ndarray
    finished: bool


class LeastSquares:
    """The squared error of a batch of weighted targets on one X, ready for penalties.

    Rows, targets and columns are brought to unit size once: weights sum to one, every target and
    every column has unit deviation. The solvers never meet the scales of the data.

    Parameters
    ----------
    views : list of WeightedView
        One for each problem, of one design. Problems of the same row weights share a view.
    y : ndarray of shape (n_rows, n_problems), float64
        The target of each problem.
    tuning : Tuning
    """

    def __init__(self, views, y, tuning=DEFAULT):
        groups = {}
        for t, view in enumerate(views):
            groups.setdefault(view, []).append(t)
        Y, mean, scale = np.empty(y.shape), np.empty(len(views)), np.empty(len(views))
        for view, problems in groups.items():
            Y[:, problems], mean[problems], scale[problems] = standard_targets(
                y[:, problems], view.weights, view.center
            )
        self._set(views, Y, mean, scale, tuning)

    @classmethod
    def of_targets(cls, design, y, weights, fit_intercept, tuning=DEFAULT):
        """Several targets of the same rows: all have one view.

        Parameters
        ----------
        design : Design
        y : ndarray of shape (n_rows, n_targets), float64
        weights : ndarray of shape (n_rows,), float64
            Not negative, not all zero.
        fit_intercept : bool
        tuning : Tuning
        """
        weights = standard_weights(weights)
        Y, mean, scale = standard_targets(y, weights, fit_intercept)
        self = cls.__new__(cls)
        view = WeightedView(design, weights, fit_intercept, Y)
        self._set([view] * Y.shape[1], Y, mean, scale, tuning)
        return self

    def _set(self, views, Y, mean, scale, tuning):
        self.rows, self.tuning = Rows(views, Y), tuning
        self.y_mean, self.y_scale, self.varies = mean, scale, Y.any(axis=0)
        self.n_problems, self.n_columns = len(views), views[0].n_columns

    def batch(self, alpha, p, alpha_l2, feature_weights, positive):
        """The `Batch` in standard units: lam_j = alpha v_j (sigma / d_j)^p / sigma^2 and so on.

        ``alpha``, ``p`` and ``alpha_l2`` are numbers, or have one for each problem.
        """
        n = self.n_problems
        each = ([x] * n if np.ndim(x) == 0 else x for x in (alpha, p, alpha_l2))
        penalties = [
            self._penalty(t, *map(float, strengths), feature_weights, positive)
            for t, strengths in enumerate(zip(*each, strict=True))
        ]
        models = [QuadraticModel()] * self.n_problems
        return Batch(self.rows, models, penalties, self.tuning)

    def _penalty(self, t, alpha, p, alpha_l2, feature_weights, positive):
        view, sigma = self.rows.views[t], float(self.y_scale[t])

        def strengths(weights, scale):
            of = (weights, 1.0), (alpha, 1.0)
            lam = product(*of, (sigma, p), (sigma, -2.0), (scale, p))
            if alpha_l2 == 0:
                return lam, 0.0
            return lam, product((weights, 1.0), (alpha_l2, 1.0), (scale, 2.0))

        alike = repeated(feature_weights) or feature_weights.min() == feature_weights.max()
        if p <= 1 and alike:
            lam, ridge = strengths(float(feature_weights[0]), 1.0)
            if all(x == 0 or PLAIN[0] < x < PLAIN[1] for x in (*view.deviations, lam, ridge)):
                return LpPenalty(lam, ridge, p, positive, view.scale)
        live = view.scale > 0
        lam, ridge = strengths(feature_weights, np.where(live, view.scale, 1.0))
        lam[~live] = 0.0
        ridge = np.where(live, ridge, 0.0) if alpha_l2 > 0 else np.broadcast_to(0.0, live.shape)
        return LpPenalty(lam, ridge, p, positive)

    def coefficients(self, points, dtype):
        """Coefficients, shape (n_problems, n_columns), of standardised ones; maybe infinite."""
        coef = np.zeros((self.n_problems, self.n_columns), dtype=dtype)
        with np.errstate(over="ignore"):
            for t, u in enumerate(points):
                coef[t, u.columns] = self.in_data_units(u, t).values
        return coef

    def standardised(self, coef):
        """The inverse of `coefficients`; what has no finite image starts from zero."""
        points = []
        for t, row in enumerate(coef):
            with np.errstate(over="ignore", invalid="ignore"):
                u = row.astype(np.float64) * self.rows.views[t].deviation / self.y_scale[t]
            points.append(Coefficients.every(np.where(np.isfinite(u), u, 0.0)).sparse())
        return points

    def in_data_units(self, u, t):
        """`Coefficients` of problem t in the units of the data."""
        with np.errstate(over="ignore"):
            values = u.values * self.rows.views[t].scale[u.columns] * self.y_scale[t]
        return Coefficients(u.columns, values, u.size)

    def in_standard_units(self, u, t):
        """The inverse of `in_data_units`."""
        scale = self.rows.views[t].scale[u.columns]
        values = np.divide(u.values, scale, out=np.zeros(len(u.values)), where=scale > 0)
        return Coefficients(u.columns, values / self.y_scale[t], u.size)

    def intercepts(self, points):
        """The best intercepts for `Coefficients` in the units of the data."""
        intercepts = self.y_mean.copy()
        for t, u in enumerate(points):
            intercepts[t] -= self.rows.views[t].mean[u.columns] @ u.values
        return intercepts

    def fit(self, batch, start=None, *, dtype=np.float64, threshold=0.0, refit=True, **options):
        """Solve, mask, and solve again on what the mask leaves until it leaves all of it.

        The support only shrinks, so this ends. ``options`` go to `solvers.solve`.
        """
        if start is None:
            start = [Coefficients.none(self.n_columns)] * self.n_problems
        else:
            start = batch.safe(start)
        threshold = threshold_in(dtype, threshold)
        max_iter = options.pop("max_iter")
        solutions = solve(batch, start, max_iter=max_iter, **options)
        n_iter = np.array([solution.n_iter for solution in solutions])
        finished = True
        while True:
            points = [solution.u for solution in solutions]
            coef = self.coefficients(points, dtype)
            mask = np.zeros(coef.shape, dtype=bool)
            for t, u in enumerate(points):
                mask[t, u.columns] = np.abs(coef[t, u.columns]) > threshold
            fallen = (coef != 0) & ~mask
            if not fallen.any():
                break
            for t in np.flatnonzero(fallen.any(axis=1)):
                points[t] = points[t].kept(mask[t])
            left = max_iter - int(n_iter.max())
            if not refit or left <= 0:
                coef[fallen] = 0
                finished = not refit
                break
            batch = batch.with_penalties(
                [
                    penalty.exclude(~mask[t]) if fallen[t].any() else penalty
                    for t, penalty in enumerate(batch.penalties)
                ]
            )
            solutions = solve(batch, points, max_iter=left, restarts=False, **options)
            n_iter += np.where(fallen.any(axis=1), [s.n_iter for s in solutions], 0)
        return self._describe(batch, points, coef, mask, solutions, n_iter, finished)

    def _describe(self, batch, points, coef, mask, solutions, n_iter, finished):
        """The `Fit` of what is returned: what rounding to its type costs is counted."""
        intercept, error = self._intercepts(coef)
        self._refuse_out_of_range(points, coef, intercept, error)
        reached = [solution.certificate for solution in solutions]
        objective = np.array([solution.objective for solution in solutions])
        certificates = reached.copy()
        masked = [u is not solution.u for u, solution in zip(points, solutions, strict=True)]
        if coef.dtype != np.float64:
            points = self.standardised(coef)
            found = batch.evaluate(points, range(self.n_problems))
            rounded = np.array([evaluation.objective for evaluation in found])
            rounded += np.where(self.varies, 0.5 * (error / self.y_scale) ** 2, 0.0)
            for t in np.flatnonzero(~np.array(masked)):
                # The dual value that the solver has found bounds the objective of any coefficients.
                gap = reached[t].gap + batch.models[t].gap(rounded[t], objective[t])
                certificates[t] = Certificate(gap, found[t].certificate.optimality)
            objective = rounded
        else:
            for t in np.flatnonzero(masked):
                r = batch.rows.residuals(points[t : t + 1], [t])[:, 0]
                objective[t] = batch.objective(points[t], r, t)
        penalty = np.array([batch.penalty_value(u, t) for t, u in enumerate(points)])
        with np.errstate(over="ignore"):
            objective, penalty = (x * self.y_scale * self.y_scale for x in (objective, penalty))
        if not np.isfinite(objective).all():
            raise ValueError("the objective exceeds the range of float64: scale y")
        return Fit(
            coef, intercept, mask, objective, penalty, certificates, reached, n_iter, finished
        )

    def _intercepts(self, coef):
        """Those that are best for the coefficients, in their type, and what rounding to it did."""
        exact = self.y_mean.copy()
        with np.errstate(over="ignore", invalid="ignore"):
            for t, row in enumerate(coef):
                columns = np.flatnonzero(row)
                exact[t] -= (
                    self.rows.views[t].mean[columns] * row[columns].astype(np.float64)
                ).sum()
            intercept = exact.astype(coef.dtype)
            return intercept, np.abs(intercept - exact)

    def _refuse_out_of_range(self, points, coef, intercept, error):
        """Raise where coefficients or intercept overflow, or underflow so that predictions change."""
        info = np.finfo(coef.dtype)
        scale = np.where(self.varies, self.y_scale, 0.0)
        fits = np.isfinite(coef).all() and np.isfinite(intercept).all()
        fits &= np.all(error <= np.maximum(info.eps * np.abs(intercept), UNDERFLOW * scale))
        for t, u in enumerate(points):
            # Shares of the sizes that the grid of subnormal numbers, the finest, is too coarse for.
            size = np.maximum(
                np.abs(coef[t, u.columns]).astype(np.float64), info.smallest_subnormal
            )
            fits &= np.abs(u.values) @ (info.smallest_subnormal / size) <= UNDERFLOW
        if not fits:
            wider = ", or pass X as float64" if coef.dtype == np.float32 else ""
            raise ValueError(
                f"coefficients or intercept are outside the range of {coef.dtype}, the type of X: "
                f"scale X or y{wider}"
            )


def standard_weights(weights):
    """Row weights that sum to one; many that are all alike as one number, repeated."""
    if len(weights) > MANY_ROWS and (repeated(weights) or weights.min() == weights.max()):
        return np.broadcast_to(1.0 / len(weights), len(weights))
    weights = weights / weights.max()
    weights /= weights.sum()
    return weights


def standard_targets(y, weights, fit_intercept):
    """Targets of unit norm, times the roots of the weights; and their means and scales.

    Parameters
    ----------
    y : ndarray of shape (n_rows, n_targets), float64
    weights : ndarray of shape (n_rows,)
        They sum to one.
    fit_intercept : bool
        Whether the mean is subtracted.
    """
    q = roots(weights)[:, None]
    y = np.where(q > 0, y, 0.0)
    # The largest value as its weight lets it count; the largest of all may be of no account.
    unit = np.zeros(y.shape[1])
    for rows in blocks(len(y), STRETCH):
        np.maximum(unit, np.abs(q[rows] * y[rows]).max(axis=0), out=unit)
    unit[unit == 0] = 1.0
    y /= unit
    mean = weighted_sums(weights, y) if fit_intercept else np.zeros(y.shape[1])
    y -= mean
    if fit_intercept:
        correction = weighted_sums(weights, y)
        y -= correction
        mean = mean + correction
    y *= q
    deviation = np.sqrt(np.einsum("ij,ij->j", y, y))
    # A target that varies by rounding alone, that of its mean, is constant: the null model fits it.
    constant = deviation <= 8 * np.finfo(np.float64).eps * np.abs(mean)
    safe = np.where(constant, 1.0, deviation)
    y /= safe
    y[:, constant] = 0.0
    return y, mean * unit, np.where(constant, 1.0, safe * unit)


def product(*powers):
    """The product of x**e over pairs (x, e) with x >= 0: zero if an x is, else positive and finite.

    Powers of two are counted apart, so that no part of the product overflows or underflows, be it
    alpha times a feature weight or the pth power of a coefficient's size. What does so as a whole
    ends at the limit: a penalty must not become none, nor an exclusion.
    """
    size, twos = 1.0, 0.0
    for x, power in powers:
        low, high = (x, x) if isinstance(x, float) else (x.min(), x.max())
        if abs(power) <= 2.0 and low > PLAIN[0] and high < PLAIN[1]:
            size = size * x**power
            continue
        mantissa, exponent = np.frexp(np.where(x == 0, 1.0, x))
        small = abs(power) <= 100  # then mantissa**power is far from underflow, and exact enough
        log = power * (exponent if small else exponent + np.log2(mantissa))
        whole = np.floor(log)
        part = (mantissa**power if small else 1.0) * np.exp2(log - whole)
        size, twos = size * np.where(x == 0, 0.0, part), twos + whole
    if not np.any(twos):
        return size
    if np.abs(twos).max() > LARGEST // 2:
        size, exponent = np.frexp(size)
        twos = np.clip(twos + exponent, -LARGEST, LARGEST)
    return np.ldexp(size, np.asarray(twos, dtype=np.intc))
