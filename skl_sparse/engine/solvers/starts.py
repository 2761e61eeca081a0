"""Several starts for penalties with many local minima (p < 1), on one pool of columns.

Coordinate descent from zero, from the L1 problem whose proximal step leaves zero at the same
correlation, and down a warm path of decreasing penalties: each finds the global minimum of small
problems in most draws, the best of them in nearly all. Between starts whose objectives agree to
1e-10 the first wins, so that dense and sparse data, which round differently, end alike.
"""

import numpy as np

from . import local_search, working_set
from .column_pool import ColumnPool

# Steps of the path, and the certificate that is enough on the way.
PATH_STEPS = 10
PATH_TOL = 1e-3
TIE = 1e-10


def solve(problem, U, *, tol, max_iter, search=False):
    """The best `Solution` for each target.

    ``U`` is one more start, the first, unless it is all zero. A brief local search follows from the
    best, with ``search`` a thorough one from every start.
    """
    runs = Runs(problem, tol, max_iter)
    if U.any():
        runs.finish(U)
    zero = np.zeros_like(U)
    runs.finish(zero)
    relatives = [penalty.convex_relative() for penalty in problem.penalties]
    runs.finish(runs.rough(relatives, zero))
    runs.finish(runs.down_the_path(zero))
    for solutions in list(runs.distinct()) if search else [list(runs.best)]:
        runs.search_around(solutions, search)
    for solution in runs.best:
        solution.n_iter = runs.n_iter
    return runs.best


class Runs:
    """Runs on one pool, within one count of passes, and the best solution of each target."""

    def __init__(self, problem, tol, max_iter):
        self.problem, self.tol, self.max_iter = problem, tol, max_iter
        self.pool = ColumnPool(problem.A)
        self.n_iter = 0
        self.best = None
        self.found = []

    def _run(self, problem, U, tol):
        left = self.max_iter - self.n_iter
        if left <= 0:
            return None
        found = working_set.solve(problem, U, tol=tol, max_iter=left, pool=self.pool)
        self.n_iter += max(solution.n_iter for solution in found)
        return found

    def rough(self, penalties, U):
        """The coefficients of a related problem, solved as far as a start needs."""
        tol = max(self.tol, PATH_TOL)
        found = self._run(self.problem.with_penalties(penalties), U, tol)
        return U if found is None else np.column_stack([solution.u for solution in found])

    def down_the_path(self, U):
        targets = list(range(self.problem.n_targets))
        C = np.ascontiguousarray(self.problem.A.correlate(self.problem.Y).T)
        factors = [self.problem.penalties[t].entry_factor(C[t]) for t in targets]
        for step in range(1, PATH_STEPS):
            share = 1.0 - step / PATH_STEPS
            penalties = [
                self.problem.penalties[t].scaled(max(factors[t], 1.0) ** share) for t in targets
            ]
            U = self.rough(penalties, U)
        return U

    def finish(self, U):
        """Solve the problem itself from U and keep what is better than the best so far."""
        found = self._run(self.problem, U, self.tol)
        if found is None:
            return
        self.found.append(found)
        if self.best is None:
            self.best = list(found)
            return
        for t, solution in enumerate(found):
            if self._better(solution, self.best[t]):
                self.best[t] = solution

    def distinct(self):
        """The solutions found so far, less those whose objectives came up before."""
        seen = []
        for solutions in self.found:
            objectives = np.array([solution.objective for solution in solutions])
            if not any(np.allclose(objectives, other, rtol=TIE, atol=0.0) for other in seen):
                seen.append(objectives)
                yield solutions

    def search_around(self, solutions, thorough):
        """Solve once more from what a local search makes of the solutions, if it betters any."""
        U = np.column_stack(
            [
                local_search.improve(self.problem, self.pool, solution, t, thorough)
                for t, solution in enumerate(solutions)
            ]
        )
        if not np.array_equal(U, np.column_stack([solution.u for solution in solutions])):
            self.finish(U)

    def _better(self, new, old):
        certified = new.certificate.reached(self.tol)
        if certified != old.certificate.reached(self.tol):
            return certified
        return new.objective < old.objective - TIE * old.objective
