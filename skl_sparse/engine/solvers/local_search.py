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

# Exchanges tried around one point, and in all, by a brief search and by a thorough one.
BRIEF, THOROUGH = (64, 1024), (1024, 32768)
# Columns of the support that are offered for a swap: the smallest.
MOST_SWAPPED = 256
# Rounding of an objective that is kept up to date; the null model's is 1/2.
ROUNDING = 1e-14
# Sweeps in which an exchange has to settle, and the step at which it has.
SETTLE_SWEEPS, SETTLED = 200, 1e-5


def brief(point, work):
    """A `Point` no worse, after exchanges that touch about ``work`` numbers at most."""
    search = Search(point)
    search.run(*BRIEF, work=work)
    return search.point


def thorough(point):
    """A `Point` no worse, after as many exchanges as seem to be worth it."""
    search = Search(point)
    search.run(*THOROUGH)
    search.run(*THOROUGH, refit=True)
    return search.point


class Search:
    """The best point so far, and its neighbours."""

    def __init__(self, point):
        self.point = point
        self.penalty = point.penalty
        self.spent = 0.0

    def run(self, most, tries, refit=False, work=np.inf):
        """Move to better neighbours, each the first found.

        Ends when ``most`` exchanges find none, after ``tries`` of them in all, or when about
        ``work`` numbers were touched. What is credited to an exchange must not be descent that was
        still to come: the point settles first.
        """
        self.point = self.neighbour([], [], refit=False)
        improved = True
        while improved and tries > 0 and self.spent <= work:
            improved = False
            for exchange in self.exchanges(most):
                neighbour = self.neighbour(*exchange, refit)
                tries -= 1
                if neighbour.objective < self.point.objective * (1 - 1e-10) - ROUNDING:
                    self.point = neighbour
                    improved = True
                if self.spent > work:
                    return
                if improved or tries <= 0:
                    break

    def exchanges(self, most):
        """(columns, new values) of the likeliest exchanges, the likeliest first."""
        u, c = self.point.u, self.point.c
        support, zeros = np.flatnonzero(u), np.flatnonzero((u == 0) & (c != 0))
        smallest = np.argsort(np.abs(u[support]), kind="stable")
        support = support[smallest[: min(most, MOST_SWAPPED)]]
        drop = u[support] * c[support] + 0.5 * u[support] ** 2
        drop -= self.penalty.restrict(support).values(u[support])
        # Where each of the zeros would go: as things are, then with each of the support dropped.
        z, leaving = c[None, zeros], np.zeros(1)
        gram = self.point.system.normal_rows(support)
        if gram is not None:
            z = np.ascontiguousarray(np.vstack([z, z + u[support, None] * gram[:, zeros]]))
            leaving = np.concatenate([leaving, drop])
        entering = self.penalty.restrict(zeros)
        if entering.positive:
            z = np.maximum(z, 0.0)
        change = leaving[:, None] - 0.5 * z * z
        for row, values in zip(change, z, strict=True):
            row += entering.values(values)
        change = np.concatenate([drop, change.ravel()])
        likeliest = np.arange(len(change))
        if len(change) > most:
            likeliest = np.sort(np.argpartition(change, most)[:most])
        for k in likeliest[np.argsort(change[likeliest], kind="stable")]:
            if k < len(drop):
                yield support[[k]], np.zeros(1)
                continue
            row, column = divmod(k - len(drop), len(zeros))
            new, value = zeros[column], z[row, column]
            if row == 0:
                yield np.array([new]), np.array([value])
            else:
                yield np.array([support[row - 1], new]), np.array([0.0, value])

    def neighbour(self, columns, values, refit):
        """Where an exchange settles: first what is around it, or least squares; then everything."""
        columns = np.asarray(columns, dtype=np.intp)

        def exchange(system, u):
            system.move(columns, values - u[columns])
            u[columns] = values
            if refit:
                self.fit_support(system, u)
            else:
                self.descend(system, u, np.delete(np.arange(len(u)), columns))
            self.descend(system, u, np.arange(len(u)))

        return self.point.after(exchange)

    def descend(self, system, u, columns):
        *_, work = coordinate_descent(
            system, self.penalty, u, columns, SETTLE_SWEEPS, SETTLED, BUDGET
        )
        self.spent += work

    def fit_support(self, system, u):
        """Least squares on the support as it stands, without the penalty."""
        support = np.flatnonzero(u)
        if not system.has_matrix:
            return
        gram = system.normal_block(support, support)
        step = np.linalg.lstsq(gram, system.correlations()[support], rcond=1e-10)[0]
        if self.penalty.positive:
            step = np.maximum(step, -u[support])
        system.move(support, step)
        u[support] += step
