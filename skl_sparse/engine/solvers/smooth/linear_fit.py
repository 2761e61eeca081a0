"""Quadratic penalties: one linear system is the whole fit.

With H = diag(h'') the optimality condition A^T (y - A u) = H u is linear, and the step du to its
solution is that of (H + A^T A) du = s, where s = A^T r - H u is what u leaves of it. The duality
gap of u, with its own residual r as the dual point, is s^T H^-1 s / 2: it costs nothing to watch.

Where the rows are fewer than the columns, and no penalty is too weak, the solution is
u = H^-1 A^T b with (I + K) b = y and K = A H^-1 A^T: a system of the size of the rows. What b
leaves of it, g = y - b - K b, leaves s = A^T g, so that the gap is g^T K g / 2.
"""

import math
from functools import cached_property

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ..coefficients import Coefficients
from ..linalg.conjugate_gradients import conjugate_gradients, kernel_conjugate_gradients
from ..linalg.packed_cholesky import BLAS_SPEED
from ..linalg.ridge_cholesky import ridge_cholesky
from ..working_set.outer_loop import Solution


def solve(problem, start, *, tol, max_iter):
    """A `Solution` for each target, from its `Coefficients`."""
    solutions, systems = [], None
    for t in range(problem.n_problems):
        A, penalty = problem.view(t), problem.penalties[t]
        if systems is None or not systems.serves(A, penalty):
            systems = linear_systems(A, penalty, problem.n_problems - t, problem.tuning.smooth)
        solutions.append(fit(problem, t, start[t].dense, systems, tol, max_iter))
    return solutions


def fit(problem, t, u, systems, tol, max_iter):
    """One target's fit: solve, look at the certificate, and solve for what is left."""
    u = np.where(systems.live, u, 0.0)
    search = systems.search(problem.target(t), u)
    best, lowest, idle, goal = None, math.inf, 0, 0.9 * tol
    patience = problem.tuning.smooth.patience
    for n_iter in range(1, max_iter + 1):
        new, dual = search.advance(goal)
        point = Coefficients.every(new)
        (now,) = problem.evaluate([point], [t], dual)
        certificate, objective = now.certificate, now.objective
        idle += 1
        if best is None or certificate.deciding[1] < best.certificate.deciding[1]:
            if best is None or certificate.deciding[1] < 0.9 * best.certificate.deciding[1]:
                idle = 0
            best = Solution(point, objective, certificate, n_iter)
        if certificate.reached(tol) or idle >= 3 * patience:
            break
        if idle == patience:
            systems.distrust()
        # Conjugate gradients lower the objective at every step, the gap only in the long run.
        if objective < lowest:
            lowest = objective
            search.accept(new, now)
        goal *= 0.1
    best.n_iter = n_iter
    return best


def linear_systems(A, penalty, n_targets, tuning):
    """The systems of a penalty, of the size of the rows where that is smaller, and possible."""
    live = (A.scale > 0) & ~penalty.excluded
    wide = np.count_nonzero(live) > A.n_rows
    with np.errstate(divide="ignore", over="ignore"):
        trace = np.divide(1.0, penalty.ridge, where=live, out=np.zeros(A.n_columns)).sum()
    small = wide and trace <= tuning.most_magnified
    return (RidgeInRows if small else RidgeInColumns)(
        A, penalty.ridge, live, wide, n_targets, tuning
    )


class RidgeSystems:
    """Linear systems for all targets of one penalty: solved by steps, or by a factorisation.

    Conjugate gradients first, for as many steps as a factorisation would cost, or until they
    foresee that they need more: that is at most twice the cheaper of the two, and rarely so.
    """

    def __init__(self, A, h, live, wide, n_targets, tuning):
        self.A, self.live, self.tuning = A, live, tuning
        self.h = np.where(live, h, 0.0)
        # What has no penalty gets the least: a fit solves again for what that leaves.
        least = np.maximum(self.h, self.tuning.least_curvature)
        self.inverse = np.divide(1.0, least, out=np.zeros_like(self.h), where=live)
        self.columns = np.flatnonzero(live)
        self.wide = wide
        self.factor = None
        self.steps = self._steps_of_a_factorisation() / n_targets

    def serves(self, view, penalty):
        """Whether these are the systems of another problem too, up to rounding."""
        if view is not self.A:
            return False
        live = (self.A.scale > 0) & ~penalty.excluded
        return np.array_equal(live, self.live) and np.allclose(
            penalty.ridge[live], self.h[live], rtol=1e-10, atol=0.0
        )

    def distrust(self):
        """No more factorisation: what is singular up to rounding spoils it."""
        self.factor, self.steps = None, math.inf

    def solve(self, s, goal):
        """The solution, to a relative duality gap of ``goal`` as far as it can be foreseen.

        And the last `Step` if it leads all the way there.
        """
        x = np.zeros_like(s)
        if self.factor is None and self.steps > self.tuning.few_steps:
            step, done = self._iterate(s, goal, self.steps)
            if done:
                return step.x, step
            if step is not None:
                x, s = step.x, step.residual
        if self.factor is None and self.steps < math.inf:
            try:
                self.factor = self._factorise()
            except LinAlgError:
                self.distrust()
        more = self.factor(s) if self.factor else None
        if more is None or not np.isfinite(more).all():
            self.distrust()
            step = self._iterate(s, goal, math.inf)[0]
            more = 0.0 if step is None else step.x
        return x + more, None

    def _iterate(self, s, goal, most):
        """The `Step` that conjugate gradients come to, and whether it leaves little enough.

        None if rounding stands in the way.
        """
        first = least = None
        with np.errstate(over="ignore", invalid="ignore"):
            for k, (step, gap) in enumerate(self._path(s)):
                last = step
                if first is None:
                    first, least = gap, max(goal, 1e-28 * gap)
                done = gap <= least
                if done or k >= min(most, self.tuning.most_linear):
                    break
                total = foreseen(k, first, gap, least) if k > most / 16 else 0.0
                if total > self.tuning.share_of_steps * most:
                    break
        if not (np.isfinite(last.x).all() and np.isfinite(last.residual).all()):
            return None, False
        return last, done

    def _steps_of_a_factorisation(self):
        """What forming and factorising the smaller system costs, in steps of two passes over X."""
        n, m = self.A.n_rows, len(self.columns)
        small = min(n, m)
        if small > self.tuning.most_factorised or not (self.wide or self.A.has_gram):
            return math.inf
        design = self.A.design
        stored = max(1, design.stored_in(self.columns))
        touched = stored * design.traits.entry_cost
        if self.wide:
            products = n * n * m / BLAS_SPEED
            if not design.traits.has_row_gram:  # gathered, a block of columns after the other
                products += 4 * n * m + max(1.0, n * m / self.tuning.block) * touched
        else:
            products = stored * (stored / n) * design.traits.entry_cost**2 / BLAS_SPEED
        return (products + small**3 / 3 / BLAS_SPEED) / (2 * touched + self.tuning.calls)

    def _factorise(self):
        """Cholesky of I + K, of the size of the rows."""
        matrix = self.A.row_gram(self.inverse)
        matrix[np.diag_indices(len(matrix))] += 1.0
        factor = cho_factor(matrix.T, overwrite_a=True, check_finite=False)
        return lambda b: cho_solve(factor, b, check_finite=False)

    def spread(self, b):
        """H^-1 A^T b"""
        return self.inverse * self.A.correlate(b[:, None])[:, 0]

    def predict(self, u):
        return self.A.predict(u[:, None])[:, 0]


class RidgeInColumns(RidgeSystems):
    """(H + A^T A) du = s."""

    def search(self, y, u):
        return ColumnSearch(self, u, y - self.predict(u) if u.any() else y)

    def _path(self, s):
        """Conjugate gradients, and the duality gap of each step.

        The preconditioner is the system of a sample of very many rows, or else the diagonal: that
        of H + A^T A or, with few rows, that of H: there most of the system is H.
        """
        h, dead = self.h, np.flatnonzero(~self.live)
        diagonal = np.where(self.wide & (h > self.tuning.least_curvature), h, 1.0 + h)
        weight = 1.0 / np.maximum(h, self.tuning.least_weight)

        def operator(p):
            q = self.A.correlate(self.A.predict(p[:, None]))[:, 0]
            q[dead] = 0.0
            q += h * p
            return q

        for step in conjugate_gradients(operator, s, self._sampled or 1.0 / diagonal):
            yield step, step.residual @ (weight * step.residual)

    @cached_property
    def _sampled(self):
        """What solves the system of a sample of the rows; None where that does not pay."""
        costly = self.A.design.traits.entry_cost > 1  # its products do not come from BLAS
        matrix = None if costly or self.steps == math.inf else self.A.sampled_gram(self.columns)
        if matrix is None:
            return None
        # Columns have unit norm: one that the sample misses keeps a share of it.
        matrix *= 1.0 - self.tuning.unseen
        matrix[np.diag_indices(len(matrix))] += self.tuning.unseen
        try:
            return self._solver(matrix)
        except LinAlgError:
            return None

    def _factorise(self):
        """Cholesky of H + A^T A, or of I + K where that is smaller (Woodbury)."""
        if not self.wide:
            return self._solver(self.A.gram(self.columns[:0], self.columns))
        inner = super()._factorise()

        def solve(s):
            right = self.inverse * s
            return right - self.spread(inner(self.predict(right)))

        return solve

    def _solver(self, matrix):
        """Cholesky of H + matrix, on the columns of the system."""
        columns = self.columns
        factor = ridge_cholesky(matrix, self.h[columns])

        def solve(s):
            du = np.zeros_like(s)
            du[columns] = factor(s[columns])
            return du

        return solve


class RidgeInRows(RidgeSystems):
    """(I + K) b = y with K = A H^-1 A^T."""

    def search(self, y, u):
        return RowSearch(self, y, u)

    def _path(self, s):
        def pull(v):
            return self.A.pull(v, self.inverse)

        def push(w):
            return self.A.push(w)[:, 0]

        for step in kernel_conjugate_gradients(pull, push, s):
            yield step, step.square


class ColumnSearch:
    """The coefficients u of one target, and its correlations with the residual."""

    def __init__(self, systems, u, r):
        self.systems, self.u = systems, u
        self.c = systems.A.correlate(r[:, None])[:, 0]

    def advance(self, goal):
        """New coefficients."""
        s = np.where(self.systems.live, self.c - self.systems.h * self.u, 0.0)
        return self.u + self.systems.solve(s, goal)[0], None

    def accept(self, u, now):
        self.u, self.c = u, now.correlations


class RowSearch:
    """The rows b of one target, of which the coefficients are H^-1 A^T b, and its residual."""

    def __init__(self, systems, y, u):
        self.systems = systems
        self.b, self.r = np.zeros_like(y), y
        if u.any():
            # At the solution b is the residual; what is best of its multiples lowers the objective.
            b = y - systems.predict(u)
            kernel_b = systems.predict(systems.spread(b))
            curvature = kernel_b @ (b + kernel_b)
            if curvature > 0.0:
                length = (kernel_b @ y) / curvature
                self.b, self.r = length * b, y - length * kernel_b

    def advance(self, goal):
        """New coefficients, and a dual point near their residual with its correlations.

        What the new b leaves, its image under A^T known from the last step, is added to it.
        """
        more, step = self.systems.solve(self.r - self.b, goal)
        self.new = self.b + more
        u = self.systems.spread(self.new)
        if step is None:
            return u, (self.new, self.systems.h * u)
        left = self.systems.A.deviation * step.image[:, 0]
        return u, (self.new + step.residual, self.systems.h * (u + left))

    def accept(self, u, now):
        self.b, self.r = self.new, now.residual


def foreseen(k, first, gap, least):
    """How many steps it takes in all to get from the first gap to the least, after k of them."""
    return k * math.log(first / least) / math.log(first / gap) if gap < first else math.inf
