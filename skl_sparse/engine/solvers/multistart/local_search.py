"""Exchange single columns, settle again, keep what improves: for penalties with many minima.

Coordinate descent stops where no column alone improves. Correlated columns then block each other:
the wrong one is in because the right one is out. An exchange drops a column, adds one, or swaps
two; the columns exchanged are held while the others settle around them, then all are free. A
thorough search then tries exchanges once more, each from least squares on its support.
Exchanges are tried in the order of what they would gain if nothing else moved (the "sacrifice" and
"gain" of J. Zhu et al., "A polynomial algorithm for best-subset selection", PNAS 2020).
"""

from functools import partial
from operator import attrgetter

import numpy as np
from scipy.linalg import LinAlgError

from ..linalg.packed_cholesky import BLAS_SPEED, cholesky
from ..working_set._sweeps import coordinate_descent
from ._exchanges import first_better, likeliest

# Instead of a column: none leaves, or none enters.
NONE = -1
# Rounding of an objective that is kept up to date; the null model's is 1/2.
ROUNDING = 1e-14
# A ridge that lets twin columns share in a refit.
TWINS = 1e-10


def brief(point, work):
    """A `Point` no worse, after exchanges that touch about ``work`` numbers at most."""
    tuning = point.tuning.multistart
    most, tries = tuning.brief_tries
    search = Search(point)
    most = max(tuning.fewest, most * tuning.few // max(tuning.few, len(point.u)))
    search.run(most, tries, work=work)
    return search.point


def thorough(points, work):
    """The points, each after exchanges with and without refits: about ``work`` numbers in all.

    The best comes first, and may take half of what is left.
    """
    searches = [Search(point) for point in sorted(points, key=attrgetter("objective"))]
    # Least squares on a support takes its Gram; where that is not at hand sweeps have to do.
    refits = (False, True) if searches[0].point.system.has_matrix else (False,)
    for refit in refits:
        for search in searches:
            spent = search.spent
            search.run(*search.tuning.thorough_tries, refit=refit, work=spent + 0.5 * work)
            work -= search.spent - spent
    return [search.point for search in searches]


class Search:
    """The best point so far, and its neighbours."""

    def __init__(self, point):
        self.point = point
        self.penalty = point.penalty
        self.tuning, self.budget = point.tuning.multistart, point.tuning.working_set.budget
        self.spent = 0.0

    def run(self, most, tries, refit=False, work=np.inf):
        """Move to better neighbours, each the first found.

        Ends when ``most`` exchanges find none, after ``tries`` of them in all, or when about
        ``work`` numbers were touched. What is credited to an exchange must not be descent that was
        still to come: the point settles first.
        """
        self.point = self.point.after(self.settle)
        first = self.first_refitted if refit else self.first_settled
        while tries > 0 and self.spent < work:
            leaving, entering, values = self.exchanges(most)
            tried, better = first(leaving[:tries], entering[:tries], values[:tries], work)
            if better is None:
                return
            self.point = better
            tries -= tried

    def exchanges(self, most):
        """(leaving, entering, value to enter with) of the likeliest exchanges, the likeliest first.

        An exchange drops a column, adds one, or both; `NONE` stands for the column there is not.
        """
        u, c = self.point.u, self.point.c
        support, zeros = np.flatnonzero(u), np.flatnonzero((u == 0) & (c != 0))
        smallest = np.argsort(np.abs(u[support]), kind="stable")
        support = support[smallest[: min(most, self.tuning.most_swapped)]]
        self.spent += (1 + len(support)) * (1 + len(zeros))
        columns = support, zeros, 1.0 + self.penalty.ridge
        return likeliest(self.point.system, u, c, self.penalty, *columns, most)

    def first_settled(self, leaving, entering, values, work):
        """How many exchanges were tried, and the `Point` the last of them led to if it is better.

        First what is around the columns exchanged settles, then everything, unless that leads back.
        """
        point, system, u = self.point, self.point.system.copy(), self.point.u.copy()
        tried, limits = (
            0,
            (
                self.least,
                self.tuning.settle_sweeps,
                self.tuning.settled,
            ),
        )
        while tried < len(leaving) and self.spent < work:
            rest = slice(tried, None)
            exchanges = leaving[rest], entering[rest], values[rest]
            budget = min(work - self.spent, self.budget)
            more, found, spent = first_better(
                point.system, point.u, point.c, system, u, self.penalty, *exchanges, *limits, budget
            )
            self.spent += spent
            tried += more
            if found:
                return tried, point.at(system, u)
        return tried, None

    def first_refitted(self, leaving, entering, values, work):
        """The same, but by least squares on the support before everything settles."""
        tried = 0
        for tried, exchange in enumerate(zip(leaving, entering, values, strict=True), 1):
            point = self.point.after(partial(self.refit, exchange))
            gain = self.point.objective - point.objective
            if gain > self.least and not point.same_minimum(self.point):
                return tried, point
            if self.spent >= work:
                break
        return tried, None

    def refit(self, exchange, system, u):
        """Exchange columns, fit the support without the penalty, then let everything settle."""
        leaving, entering, value = exchange
        for column, new in ((leaving, 0.0), (entering, value)):
            if column != NONE:
                system.move(np.array([column]), np.array([new - u[column]]))
                u[column] = new
        self.fit_support(system, u)
        self.settle(system, u)

    def settle(self, system, u):
        *_, work = coordinate_descent(
            system,
            self.penalty,
            u,
            np.arange(len(u)),
            self.tuning.settle_sweeps,
            self.tuning.settled,
            self.budget,
        )
        self.spent += work

    @property
    def least(self):
        """What an exchange has to gain."""
        return 1e-10 * self.point.objective + ROUNDING

    def fit_support(self, system, u):
        """Least squares on the support as it stands, without the penalty."""
        support = np.flatnonzero(u)
        size = len(support)
        self.spent += self.tuning.calls
        if not size:
            return
        try:
            solve = cholesky(system.normal_block, support, np.full(size, max(TWINS, system.ridge)))
        except LinAlgError:
            return
        self.spent += size**3 / 3 / BLAS_SPEED + size * len(u)
        step = solve(system.correlations()[support])
        if self.penalty.positive:
            step = np.maximum(step, -u[support])
        system.move(support, step)
        u[support] += step
