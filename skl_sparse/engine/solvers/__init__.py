"""Solvers: they know designs, losses and penalties by interface only."""

from .batch import Batch
from .certificates._quadratic_model import QuadraticModel
from .certificates.certificate import Certificate
from .coefficients import Coefficients
from .multistart import starts
from .proximal import proximal_gradient
from .rows import Rows
from .smooth import newton
from .working_set import outer_loop
from .working_set.columns import WorkingSet
from .working_set.outer_loop import Solution

__all__ = [
    "Batch",
    "Certificate",
    "Coefficients",
    "QuadraticModel",
    "Rows",
    "Solution",
    "WorkingSet",
    "solve",
]


def solve(
    batch,
    start,
    *,
    solver="auto",
    local_search=False,
    tol,
    max_iter,
    restarts=True,
    working_set=None,
    looks=None,
    exact_looks=True,
    keep_looks=False,
):
    """Fit each problem with the solver that is made for its penalty.

    Parameters
    ----------
    batch : Batch
    start : list of Coefficients
        One for each problem.
    solver : {"auto", "cd", "proximal_gradient"}
    local_search : bool
        Whether to search thoroughly for lower minima, where there are many.
    tol : float
    max_iter : int
    restarts : bool
        False asks a problem with many minima for the one that the start leads to; so does a
        penalty without ``has_multistart``.
    working_set : WorkingSet, optional
        Columns and Gram matrices from an earlier fit of the same views, which it keeps up to date.
    looks : list of Look or None, optional
        Those at the start, if they are known from where earlier fits of the same rows ended.
    exact_looks : bool
        False for looks that are sums of others: no certificate comes from those.
    keep_looks : bool
        Whether solutions have a ``look``, where the solver has one to tell.

    Returns
    -------
    solutions : list of Solution
    """
    options = {"tol": tol, "max_iter": max_iter}

    def solver_of(penalty):
        if solver == "proximal_gradient":
            return proximal_gradient.solve
        if not penalty.convex and restarts and penalty.has_multistart:
            return starts.solve
        if solver == "auto" and not penalty.sparsifies:
            return newton.solve
        if penalty.convex and penalty.has_dual:
            return newton.solve_after_descent
        return outer_loop.solve

    groups = {}
    for t, penalty in enumerate(batch.penalties):
        # What has one minimum needs no exact sums; what has many does.
        groups.setdefault((solver_of(penalty), penalty.convex), []).append(t)
    found = [None] * batch.n_problems
    for (solve_group, _), problems in groups.items():
        group = batch if len(groups) == 1 else batch.subset(problems)
        more = {}
        if solve_group in (starts.solve, outer_loop.solve, newton.solve_after_descent):
            more["working_set"] = working_set
        if solve_group is starts.solve:
            more["search"] = local_search
        if solve_group is outer_loop.solve:
            more["keep_looks"] = keep_looks
            if looks is not None and all(looks[t] is not None for t in problems):
                more["looks"] = [looks[t] for t in problems]
                more["exact_looks"] = exact_looks
        solutions = solve_group(group, [start[t] for t in problems], **options, **more)
        for t, solution in zip(problems, solutions, strict=True):
            found[t] = solution
    return found
