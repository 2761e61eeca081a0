"""Exchange single columns, settle again, keep what improves: for penalties with many minima.

Coordinate descent stops where no column alone improves. Correlated columns then block each other:
the wrong one is in because the right one is out. An exchange drops a column, adds one, or swaps
two; the columns exchanged are held while the others settle around them, then all are free. A
thorough search then tries exchanges once more, each from least squares on its support.
Exchanges are tried in the order of what they would gain if nothing else moved (the "sacrifice" and
"gain" of J. Zhu et al., "A polynomial algorithm for best-subset selection", PNAS 2020).
"""

import numpy as np

from ._coordinate_descent import coordinate_descent
from .descent import BUDGET

# Problems with so few columns are searched whole, larger ones on the columns gathered so far.
SMALL = 256
# Exchanges tried around one point, and in all, by a brief search and by a thorough one.
BRIEF, THOROUGH = (64, 1024), (1024, 32768)
# Exchanges of a brief search times the square of the pool's size: it may not rule a fit's time.
BRIEF_WORK = 1e8
# Columns of the support that are offered for a swap: the smallest.
MOST_SWAPPED = 256
# Rounding of an objective that is kept up to date; the null model's is 1/2.
ROUNDING = 1e-14
# Sweeps in which an exchange has to settle, and the step at which it has.
SETTLE_SWEEPS, SETTLED = 200, 1e-7


def improve(problem, pool, solution, target, thorough):
    """Coefficients no worse than the solution's, which no exchange tried betters (on the pool)."""
    if problem.n_columns <= SMALL:
        missing = np.flatnonzero(~pool.member & (problem.A.scale > 0))
    else:
        missing = np.flatnonzero((solution.u != 0) & ~pool.member)
    if len(missing):
        pool.add(missing)
    search = Search.around(problem, pool, target, solution.u)
    if thorough:
        search.run(*THOROUGH)
        search.run(*THOROUGH, refit=True)
    else:
        most, tries = BRIEF
        search.run(most, min(tries, BRIEF_WORK / max(len(pool), 1) ** 2))
    u = np.zeros(problem.n_columns)
    u[pool.columns] = search.u
    return u


class Search:
    """A point on a pool's columns, the system that knows its residual, and r . r."""

    def __init__(self, loss, penalty, system, u, square):
        self.loss, self.penalty, self.system = loss, penalty, system
        self.u, self.square = u, square
        self.c = system.correlations()
        self.objective = loss.value(square) + penalty.value(u)

    @classmethod
    def around(cls, problem, pool, target, u):
        r = problem.Y[:, target] - problem.A.predict(u[:, None])[:, 0]
        system = pool.system(r, problem.A.correlate(r[:, None])[:, 0])
        penalty = problem.penalties[target].restrict(pool.columns)
        return cls(problem.loss, penalty, system, u[pool.columns], float(r @ r))

    def run(self, most, tries, refit=False):
        """Move to better neighbours, each the first found.

        Ends when ``most`` exchanges find none, or after ``tries`` of them in all. What is credited
        to an exchange must not be descent that was still to come: the point settles first.
        """
        self.__dict__.update(self.neighbour([], [], refit=False).__dict__)
        improved = True
        while improved and tries > 0:
            improved = False
            for exchange in self.exchanges(most):
                neighbour = self.neighbour(*exchange, refit)
                tries -= 1
                if neighbour.objective < self.objective * (1 - 1e-10) - ROUNDING:
                    self.__dict__.update(neighbour.__dict__)
                    improved = True
                if improved or tries <= 0:
                    break

    def exchanges(self, most):
        """(columns, new values) of the likeliest exchanges, the likeliest first."""
        support, zeros = np.flatnonzero(self.u), np.flatnonzero((self.u == 0) & (self.c != 0))
        smallest = np.argsort(np.abs(self.u[support]), kind="stable")[:MOST_SWAPPED]
        support = support[smallest]
        u, c = self.u[support], self.c[support]
        drop = u * c + 0.5 * u * u - self.penalty.restrict(support).values(u)
        entering = self.penalty.restrict(zeros)
        offers = [(drop, support, np.full(len(support), -1), np.zeros(len(support)))]
        offers.append(self.offer(0.0, -1, zeros, self.c[zeros], entering))
        gram = self.system.normal_rows(support)
        if gram is not None:
            for k, j in enumerate(support):
                z = self.c[zeros] + u[k] * gram[k, zeros]
                offers.append(self.offer(drop[k], j, zeros, z, entering))
        change, out, into, value = (np.concatenate(part) for part in zip(*offers, strict=True))
        for k in np.argsort(change, kind="stable")[:most]:
            pairs = [(j, v) for j, v in ((out[k], 0.0), (into[k], value[k])) if j >= 0]
            yield np.array([j for j, _ in pairs]), np.array([v for _, v in pairs])

    def offer(self, drop, j, zeros, z, entering):
        """Change of the objective when j leaves and each of the zeros enters at its best."""
        z = np.maximum(z, 0.0) if entering.positive else z
        change = drop - 0.5 * z * z + entering.values(z)
        return change, np.full(len(zeros), j), zeros, z

    def neighbour(self, columns, values, refit):
        """Where an exchange settles: first what is around it, or least squares; then everything."""
        columns = np.asarray(columns, dtype=np.intp)
        system, u = self.system.copy(), self.u.copy()
        system.move(columns, values - u[columns])
        u[columns] = values
        if refit:
            self.fit_support(system, u)
        else:
            self.descend(system, u, np.delete(np.arange(len(u)), columns))
        self.descend(system, u, np.arange(len(u)))
        step = u - self.u
        square = self.square - step @ (self.c + system.correlations())
        return Search(self.loss, self.penalty, system, u, square)

    def descend(self, system, u, columns):
        coordinate_descent(system, self.penalty, u, columns, SETTLE_SWEEPS, SETTLED, BUDGET)

    def fit_support(self, system, u):
        """Least squares on the support as it stands, without the penalty."""
        support = np.flatnonzero(u)
        gram = system.normal_matrix(support)
        if gram is None:
            return
        step = np.linalg.lstsq(gram, system.correlations()[support], rcond=1e-10)[0]
        if self.penalty.positive:
            step = np.maximum(step, -u[support])
        system.move(support, step)
        u[support] += step
