"""A point of a problem on the columns of a working set: its objective without a pass over X."""

import numpy as np

from ..working_set.descent import descend
from ..working_set.prediction import is_possible, square_after


class Point:
    """Coefficients u, the system that knows their residual r, and ``square`` = r . r.

    Attributes
    ----------
    c : ndarray of shape (m,)
        Correlations of the columns with r.
    objective : float
    """

    def __init__(self, model, penalty, system, u, square, tuning):
        self.model, self.penalty, self.system = model, penalty, system
        self.u, self.square, self.tuning = u, square, tuning
        self.c = system.correlations()
        self.objective = model.value(square) + penalty.value(u)

    @classmethod
    def on(cls, working_set, batch, t, solution):
        """A solution of problem t, of which the working set holds the support."""
        r, columns = solution.residual, working_set.columns
        system = working_set.system(batch.view(t), r, solution.correlations[columns])
        penalty, u = batch.penalties[t].restrict(columns), solution.u.at(columns)
        return cls(batch.models[t], penalty, system, u, float(r @ r), batch.tuning)

    def after(self, move):
        """The point to which ``move(system, u)``, which changes both in place, leads from here."""
        system, u = self.system.copy(), self.u.copy()
        move(system, u)
        return self.at(system, u)

    def at(self, system, u):
        """The point u of these columns, with a system that knows its residual."""
        square = square_after(self.square, u - self.u, self.c, system.correlations())
        return Point(self.model, self.penalty, system, u, square, self.tuning)

    def descend(self, system, u, goal, penalty=None):
        """Minimise from u, in place, with this penalty or another; about how many numbers that touched."""
        penalty = self.penalty if penalty is None else penalty
        return descend(system, self.model, penalty, u, goal, tuning=self.tuning.working_set)

    def is_lower(self, other):
        """Whether this one is better than another, by more than a tie, and not by rounding alone."""
        possible = is_possible(self.square, other.square, self.tuning.working_set.coarse)
        return possible and is_lower(self, other, self.tuning)

    def same_minimum(self, other):
        """Whether support and signs are those of another point, however well the two have settled."""
        return np.array_equal(np.sign(self.u), np.sign(other.u))


def is_lower(new, old, tuning):
    """Whether a `Point` or `Solution` is better than another of its kind, by more than a tie."""
    return new.objective < old.objective - tuning.multistart.tie * old.objective
