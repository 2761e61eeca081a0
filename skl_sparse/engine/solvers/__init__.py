"""Solvers: they know designs, losses and penalties by interface only."""

from .certificates._quadratic_model import QuadraticModel
from .certificates.certificate import Certificate
from .coefficients import Coefficients
from .multistart import starts
from .problem import Problem
from .proximal import proximal_gradient
from .smooth import newton
from .working_set import outer_loop
from .working_set.outer_loop import Solution

__all__ = ["Certificate", "Coefficients", "Problem", "QuadraticModel", "Solution", "solve"]


def solve(problem, start, *, solver="auto", local_search=False, tol, max_iter, restarts=True):
    """The solver that fits the problem; a `Solution` for each target, from its `Coefficients`.

    ``restarts=False`` asks a problem with many minima for the one that the start leads to; so does
    a penalty without ``has_multistart``.
    """
    if solver == "proximal_gradient":
        return proximal_gradient.solve(problem, start, tol=tol, max_iter=max_iter)
    convex = all(penalty.convex for penalty in problem.penalties)
    several = restarts and all(penalty.has_multistart for penalty in problem.penalties)
    if not convex and several:
        return starts.solve(problem, start, tol=tol, max_iter=max_iter, search=local_search)
    if solver == "auto" and not problem.penalties[0].sparsifies:
        return newton.solve(problem, start, tol=tol, max_iter=max_iter)
    return outer_loop.solve(problem, start, tol=tol, max_iter=max_iter)
