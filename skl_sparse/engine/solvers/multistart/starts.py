"""Several starts for penalties with many local minima (p < 1).

Coordinate descent from zero, from the L1 problem whose proximal step leaves zero at the same
correlation, and down a warm path of decreasing penalties: each finds the global minimum of small
problems in most draws, the best of them in nearly all. The first is a fit of the whole problem,
which gathers a working set; the others, and a search from the best, stay on it and cost no
pass over X; what they find is fitted on the whole problem once more. The search perturbs the penalty
and lets it return, while that leads to lower minima (an iterated local search: H. R. Lourenço et
al., "Iterated local search", 2003), and then exchanges columns. Between starts whose objectives agree
to 1e-10 the first wins, so that dense and sparse data, which round differently, end alike.
"""

from functools import reduce
from itertools import chain

import numpy as np

from ..working_set import outer_loop
from ..working_set.columns import WorkingSet
from ..working_set.descent import Goal
from ..working_set.prediction import is_possible
from . import local_search
from .point import Point, is_lower


def solve(batch, start, *, tol, max_iter, search=False, working_set=None):
    """The best `Solution` of each problem, from its `Coefficients` and from other starts.

    A brief local search follows from the best; with ``search`` then a thorough one from every start.
    """
    if working_set is None:
        working_set = WorkingSet(batch.rows.views, tuning=batch.tuning.working_set)
    if batch.n_columns <= batch.tuning.multistart.few_columns:
        varies = np.any([view.scale > 0 for view in working_set.views], axis=0)
        working_set.hold(np.flatnonzero(varies))
    options = {"tol": tol, "working_set": working_set}
    best = outer_loop.solve(batch, start, max_iter=max_iter, explored=True, **options)
    n_iter = max(solution.n_iter for solution in best)
    warm = [bool(u.values.any()) for u in start]
    for thorough in (False, True) if search else (False,):
        if n_iter >= max_iter:
            break
        last = thorough or not search
        points = points_on(working_set, batch, best, last)
        start = [
            elsewhere(working_set, points.pop(0), solution, thorough or warm[t], tol, thorough)
            for t, solution in enumerate(best)
        ]
        if any(u is not solution.u for u, solution in zip(start, best, strict=True)):
            left = max_iter - n_iter
            found = outer_loop.solve(batch, start, max_iter=left, explored=not last, **options)
            n_iter += max(solution.n_iter for solution in found)
            best = [
                new if is_better(new, old, tol, batch.tuning) else old
                for new, old in zip(found, best, strict=True)
            ]
    for solution in best:
        solution.n_iter = n_iter
    return best


def points_on(working_set, batch, solutions, last):
    """The `Point` of each solution on the working set, which holds their supports from now on.

    If those are the ``last``, nobody asks again for what is as long as rows and columns are many.
    """
    working_set.hold(np.concatenate([solution.u.columns for solution in solutions]))
    points = [Point.on(working_set, batch, t, solution) for t, solution in enumerate(solutions)]
    if last:
        for solution in solutions:
            solution.residual = solution.correlations = None
    return points


def elsewhere(working_set, here, solution, warm, tol, thorough):
    """Coefficients of a better minimum on the working set than the solution's, or the solution's."""
    if not len(working_set):
        return solution.u
    tuning = here.tuning.multistart
    least, each = tuning.thorough_work if thorough else tuning.brief_work
    work = max(least, each * working_set.n_columns)
    starting = tuning.starting * work
    coarse = here.tuning.working_set.coarse
    found = (
        point
        for point in other_starts(here, warm, tol, starting)
        if is_possible(point.square, here.square, coarse)
    )
    points = chain([here], found)
    if thorough:
        best = lowest(local_search.thorough(distinct(points, tuning.tie), work))
    else:
        best = local_search.brief(perturbed(lowest(points), tol, starting), work)
    # The same minimum has its certificate already.
    same = solution.certificate.reached(tol) and best.same_minimum(here)
    if same or not best.is_lower(here):
        return solution.u
    # Nearer than the next full evaluation asks for, or it could not be the last.
    finish = Goal(here.tuning.working_set.final * tol)
    best = best.after(lambda system, u: here.descend(system, u, finish))
    return solution.u.replaced(working_set.member, working_set.columns, best.u)


def other_starts(here, warm, tol, work):
    """Where other starts lead on the working set: zero if the first was warm, the lasso, the path.

    None begins once those before it touched ``work`` numbers.
    """
    tuning, penalty, goal = here.tuning.multistart, here.penalty, Goal(tol)
    rough, steps = Goal(tuning.rough), tuning.path_steps

    def to_zero(system, u):
        system.move(np.arange(len(u)), -u)
        u[:] = 0.0

    def from_zero():
        yield penalty, goal

    def from_relative():
        yield penalty.convex_relative(), rough
        yield penalty, goal

    def down_the_path():
        factor = max(penalty.entry_factor(zero.c), 1.0)
        for step in range(1, steps):
            yield penalty.scaled(factor ** (1.0 - step / steps)), rough
        yield penalty, goal

    zero, spent = here.after(to_zero), 0.0
    for start in (from_zero, from_relative, down_the_path)[0 if warm else 1 :]:
        if spent > work:
            return
        system, u = zero.system.copy(), zero.u.copy()
        for easier, enough in start():
            spent += here.descend(system, u, enough, easier)
        yield zero.at(system, u)


def perturbed(point, tol, work):
    """The point, or a lower one to which a weaker penalty and then the penalty itself lead from it.

    Again and again, until that leads back, to the same support and signs, or no lower. No round begins
    once those before it touched ``work`` numbers.
    """
    tuning = point.tuning.multistart
    weaker, spent = point.penalty.scaled(tuning.perturbed), 0.0

    def there_and_back(system, u):
        nonlocal spent
        spent += point.descend(system, u, Goal(tuning.rough), weaker)
        spent += point.descend(system, u, Goal(tol))

    while spent < work:
        new = point.after(there_and_back)
        if new.same_minimum(point) or not new.is_lower(point):
            break
        point = new
    return point


def lowest(points):
    """The best of the points, one of which at a time need exist: each may have its residual."""
    return reduce(lambda best, point: point if is_lower(point, best, best.tuning) else best, points)


def distinct(points, tie):
    """The points less those whose objectives came up before."""
    seen = []
    for point in points:
        if not any(abs(point.objective - other) <= tie * other for other in seen):
            seen.append(point.objective)
            yield point


def is_better(new, old, tol, tuning):
    certified = new.certificate.reached(tol)
    if certified != old.certificate.reached(tol):
        return certified
    return is_lower(new, old, tuning)
