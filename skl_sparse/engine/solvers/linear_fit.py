"""Quadratic penalties: one linear system is the whole fit.

With H = diag(h'') the optimality condition A^T (y - A u) = H u is linear, and the step du to its
solution is that of (H + A^T A) du = s, where s = A^T r - H u is what u leaves of it. The duality
gap of u, with its own residual r as the dual point, is s^T H^-1 s / 2: it costs nothing to watch.
"""

import math

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .conjugate_gradients import conjugate_gradients
from .newton_systems import LEAST_CURVATURE, MOST_FACTORISED
from .working_set import PATIENCE, Solution

# A factorisation that costs no more than so many steps of conjugate gradients needs no contest.
FEW_STEPS = 20
# Steps of conjugate gradients before the certificate is looked at, whatever they foresee.
MOST_STEPS = 2000
# Multiplications of a matrix product in the time of one number touched once in memory.
BLAS_SPEED = 8
# Numbers of a block of columns whose products are summed while they are in the cache: 2 MiB.
BLOCK = 1 << 18
# Curvature at which a column counts as penalised when the gap is foreseen.
LEAST_WEIGHT = 1e-8


def solve(problem, U, *, tol, max_iter):
    """A `Solution` for each target, from U of shape (n_columns, n_targets)."""
    solutions, systems = [], None
    for t in range(problem.n_targets):
        if systems is None or not systems.serves(problem.penalties[t]):
            systems = LinearSystems(problem.A, problem.penalties[t], problem.n_targets - t)
        solutions.append(fit(problem, t, U[:, t], systems, tol, max_iter))
    return solutions


def fit(problem, t, u, systems, tol, max_iter):
    """One target's fit: solve, look at the certificate, and solve for what is left."""
    penalty, A = problem.penalties[t], problem.A
    u = np.where(systems.live, u, 0.0)
    c = A.correlate(problem.residuals(u[:, None], [t]))[:, 0]
    best, lowest, idle, goal = None, math.inf, 0, 0.9 * tol
    for n_iter in range(1, max_iter + 1):
        new = u + systems.solve(c - penalty.l2 * u, goal)
        (now,) = problem.evaluate(new[:, None], [t])
        certificate, objective = now.certificate, now.objective
        idle += 1
        if best is None or certificate.deciding[1] < best.certificate.deciding[1]:
            if best is None or certificate.deciding[1] < 0.9 * best.certificate.deciding[1]:
                idle = 0
            best = Solution(new, objective, certificate, n_iter)
        if certificate.reached(tol) or idle >= 3 * PATIENCE:
            break
        if idle == PATIENCE:
            systems.distrust()
        # Conjugate gradients lower the objective at every step, the gap only in the long run.
        if objective < lowest:
            u, c, lowest = new, now.correlations, objective
        goal *= 0.1
    best.n_iter = n_iter
    return best


class LinearSystems:
    """(H + A^T A) du = s, for all targets of one penalty.

    Conjugate gradients first, for as many steps as a factorisation would cost: that is at most
    twice the cheaper of the two, whichever it turns out to be.
    """

    def __init__(self, A, penalty, n_targets):
        self.A = A
        self.live = (A.scale > 0) & (penalty.lam < np.inf)
        self.h = np.where(self.live, penalty.l2, 0.0)
        self.columns = np.flatnonzero(self.live)
        self.wide = len(self.columns) > A.n_rows
        self.factor = None
        self.steps = self._steps_of_a_factorisation() / n_targets

    def serves(self, penalty):
        """Whether these are the systems of another penalty too, up to rounding."""
        live = (self.A.scale > 0) & (penalty.lam < np.inf)
        return np.array_equal(live, self.live) and np.allclose(
            penalty.l2[live], self.h[live], rtol=1e-10, atol=0.0
        )

    def distrust(self):
        """No more factorisation: what is singular up to rounding spoils it."""
        self.factor, self.steps = None, math.inf

    def solve(self, s, goal):
        """du, to a relative duality gap of ``goal`` as far as it can be foreseen."""
        s = np.where(self.live, s, 0.0)
        du = np.zeros_like(s)
        if self.factor is None and self.steps > FEW_STEPS:
            du, s, done = self._iterate(s, goal, min(self.steps, MOST_STEPS), self.wide)
            if done:
                return du
        if self.factor is None and self.steps < math.inf:
            self.factor = self._factorise()
        more = self.factor(s) if self.factor else None
        if more is None or not np.isfinite(more).all():
            self.distrust()
            more = self._iterate(s, goal, MOST_STEPS, False)[0]
        return du + more

    def _iterate(self, s, goal, most, penalty_alone):
        """du, what it leaves of s, and whether that is little enough.

        The preconditioner is the diagonal of H + A^T A or, with ``penalty_alone``, that of H: with
        few rows most of the system is H.
        """
        h, dead = self.h, np.flatnonzero(~self.live)
        diagonal = np.where(penalty_alone & (h > LEAST_CURVATURE), h, 1.0 + h)
        weight = 1.0 / np.maximum(h, LEAST_WEIGHT)

        def operator(p):
            q = self.A.correlate(self.A.predict(p[:, None]))[:, 0]
            q[dead] = 0.0
            q += h * p
            return q

        same, least = np.array_equal(diagonal, h), None
        with np.errstate(over="ignore", invalid="ignore"):
            for k, step in enumerate(conjugate_gradients(operator, s, 1.0 / diagonal)):
                gap = step.square if same else step.residual @ (weight * step.residual)
                least = max(goal, 1e-28 * gap) if least is None else least
                done = gap <= least
                if done or k >= most:
                    break
        if not (np.isfinite(step.x).all() and np.isfinite(step.residual).all()):
            return np.zeros_like(s), s, False
        return step.x, step.residual, done

    def _steps_of_a_factorisation(self):
        """What forming and factorising the smaller system costs, in steps of two passes over X."""
        n, m = self.A.n_rows, len(self.columns)
        small = min(n, m)
        if small > MOST_FACTORISED:
            return math.inf
        design = self.A.design
        stored = max(1, design.stored_in(self.columns))
        if self.wide:
            blocks = max(1, n * m / BLOCK)
            products = n * n * m / BLAS_SPEED + 4 * n * m + blocks * stored * design.entry_cost
        else:
            products = stored * (stored / n) * design.entry_cost**2 / BLAS_SPEED
        return (products + small**3 / 3 / BLAS_SPEED) / (2 * stored * design.entry_cost)

    def _factorise(self):
        """A function that solves the system; None if rounding stands in the way."""
        try:
            return self._row_factor() if self.wide else self._column_factor()
        except LinAlgError:
            return None

    def _column_factor(self):
        """Cholesky of H + A^T A, scaled to unit diagonal."""
        h, columns = self.h[self.columns], self.columns
        root = np.sqrt(1.0 / (1.0 + h))
        matrix = self.A.gram(columns[:0], columns)
        matrix *= root
        matrix *= root[:, None]
        matrix[np.diag_indices(len(h))] += h / (1.0 + h)
        factor = cho_factor(matrix.T, overwrite_a=True, check_finite=False)

        def solve(s):
            du = np.zeros_like(s)
            du[columns] = root * cho_solve(factor, root * s[columns], check_finite=False)
            return du

        return solve

    def _row_factor(self):
        """Cholesky of I + A H^-1 A^T (Woodbury)."""
        A, n = self.A, self.A.n_rows
        inverse = np.where(self.live, 1.0 / np.maximum(self.h, LEAST_CURVATURE), 0.0)
        root = np.sqrt(inverse)
        small = np.eye(n)
        width = max(1, BLOCK // n)
        for start in range(0, len(self.columns), width):
            columns = self.columns[start : start + width]
            block = A.dense(columns)
            block *= root[columns]
            small += block @ block.T
        factor = cho_factor(small.T, overwrite_a=True, check_finite=False)

        def solve(s):
            right = inverse * s
            inner = cho_solve(factor, A.predict(right[:, None])[:, 0], check_finite=False)
            return right - inverse * A.correlate(inner[:, None])[:, 0]

        return solve
