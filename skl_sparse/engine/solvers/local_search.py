"""Drop or add one column, descend again, keep what improves: for penalties with many minima."""

import numpy as np

from .descent import descend

# Problems with so few columns are searched whole, larger ones on the columns gathered so far.
SMALL = 256
# Zero columns tried in one round: the likeliest so many, or as many as the support has.
MOST_ADDED = 64


def improve(problem, pool, solution, target, tol):
    """Coefficients no worse than the solution's, which no single exchange betters (on the pool)."""
    if problem.n_columns <= SMALL:
        missing = np.flatnonzero(~pool.member)
    else:
        missing = np.flatnonzero((solution.u != 0) & ~pool.member)
    if len(missing):
        pool.add(missing)
    penalty = problem.penalties[target].restrict(pool.columns)
    u = solution.u[pool.columns].copy()
    r = solution.r
    c = problem.A.correlate(r[:, None])[:, 0]
    square = float(r @ r)
    search = Search(pool, penalty, tol)
    while True:
        better = search.first_improvement(u, r, c, square)
        if better is None:
            break
        u = better
        full = np.zeros((problem.n_columns, 1))
        full[pool.columns, 0] = u
        r = problem.Y[:, target] - problem.A.predict(full)[:, 0]
        c = problem.A.correlate(r[:, None])[:, 0]
        square = float(r @ r)
    out = np.zeros(problem.n_columns)
    out[pool.columns] = u
    return out


class Search:
    def __init__(self, pool, penalty, tol):
        self.pool, self.penalty, self.tol = pool, penalty, tol

    def first_improvement(self, u, r, c, square):
        """The first exchange that lowers the objective by more than rounding, else None."""
        present = 0.5 * square + self.penalty.value(u)
        local_c = c[self.pool.columns]
        support = np.flatnonzero(u)
        zeros = np.flatnonzero((u == 0) & (local_c != 0))
        most = max(MOST_ADDED, len(support))
        likely = zeros[np.argsort(-np.abs(local_c[zeros]), kind="stable")][:most]
        for j in np.concatenate([support[np.argsort(np.abs(u[support]), kind="stable")], likely]):
            goal = 0.0 if u[j] != 0 else local_c[j]
            trial, objective = self.exchange(u, j, goal, r, c, square)
            if objective < present - 1e-12 * max(present, 1e-300):
                return trial
        return None

    def exchange(self, u, j, goal, r, c, square):
        """Set column j to its goal, let the others settle around it, then all of them."""
        system = self.pool.system(r, c)
        trial = u.copy()
        before = system.correlations()
        trial[j] = goal
        system.move(np.array([j]), np.array([goal - u[j]]))
        others = np.delete(np.arange(len(u)), j)
        descend(system, self.penalty, trial, square, self.tol, columns=others)
        descend(system, self.penalty, trial, square, self.tol)
        step = trial - u
        square = square - step @ (before + system.correlations())
        return trial, 0.5 * square + self.penalty.value(trial)
