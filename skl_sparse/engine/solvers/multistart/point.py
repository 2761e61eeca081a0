"""A point of the problem on a pool's columns: what tells its objective without a pass over X."""

import numpy as np

from ..working_set.prediction import square_after


class Point:
    """Coefficients u, the system that knows their residual r, and ``square`` = r . r.

    Attributes
    ----------
    c : ndarray of shape (m,)
        Correlations of the pool's columns with r.
    objective : float
    """

    def __init__(self, model, penalty, system, u, square):
        self.model, self.penalty, self.system = model, penalty, system
        self.u, self.square = u, square
        self.c = system.correlations()
        self.objective = model.value(square) + penalty.value(u)

    @classmethod
    def on(cls, pool, problem, target, solution):
        """A solution of the whole problem, of which the pool holds the support."""
        r = solution.residual
        system = pool.system(r, solution.correlations[pool.columns])
        penalty = problem.penalties[target].restrict(pool.columns)
        return cls(problem.model, penalty, system, solution.u.at(pool.columns), float(r @ r))

    def after(self, move):
        """The point to which ``move(system, u)``, which changes both in place, leads from here."""
        system, u = self.system.copy(), self.u.copy()
        move(system, u)
        return self.at(system, u)

    def at(self, system, u):
        """The point u of these columns, with a system that knows its residual."""
        square = square_after(self.square, u - self.u, self.c, system.correlations())
        return Point(self.model, self.penalty, system, u, square)

    def same_minimum(self, other):
        """Whether support and signs are those of another point, however well the two have settled."""
        return np.array_equal(np.sign(self.u), np.sign(other.u))
