"""Several starts for penalties with many local minima (p < 1).

Coordinate descent from zero, from the L1 problem whose proximal step leaves zero at the same
correlation, and down a warm path of decreasing penalties: each finds the global minimum of small
problems in most draws, the best of them in nearly all. The first is a fit of the whole problem,
which gathers a pool of columns; the others, and a search from the best, stay on the pool and cost no
pass over X; what they find is fitted on the whole problem once more. The search eases the penalty
and lets it return, while that leads to lower minima (an iterated local search: H. R. Lourenço et
al., "Iterated local search", 2003), and then exchanges columns. Between starts whose objectives agree
to 1e-10 the first wins, so that dense and sparse data, which round differently, end alike.
"""

from functools import reduce
from itertools import chain

import numpy as np

from ..working_set import outer_loop
from ..working_set.columns import ColumnPool
from ..working_set.descent import Goal, descend
from ..working_set.prediction import possible
from . import local_search
from .point import Point

# Problems with so few columns have all of them in the pool.
SMALL = 64
# Steps of the path, and the largest step left that is enough on the way, here and with an eased penalty.
PATH_STEPS = 10
ROUGH = Goal(1e-3)
TIE = 1e-10
# The share of the penalty at which columns come in that others blocked.
EASED = 0.8
# Numbers that exchanges may touch, at least and for each row and column of X: a brief one does not rule
# the time of a fit, a thorough one takes seconds. Neither depends on the container of X.
BRIEF, THOROUGH = (1e6, 16), (4e9, 1 << 14)
# No start begins on the pool, and no round with an eased penalty, once those before touched so many times
# more.
STARTING = 8


def solve(problem, start, *, tol, max_iter, search=False):
    """The best `Solution` for each target, from its `Coefficients` and from other starts.

    A brief local search follows from the best; with ``search`` then a thorough one from every start.
    """
    pool = ColumnPool(problem.A)
    if problem.n_columns <= SMALL:
        pool.add(np.flatnonzero(problem.A.scale > 0))
    best = outer_loop.solve(problem, start, tol=tol, max_iter=max_iter, pool=pool, explored=True)
    n_iter = max(solution.n_iter for solution in best)
    warm = [bool(u.values.any()) for u in start]
    for thorough in (False, True) if search else (False,):
        if n_iter >= max_iter:
            break
        last = thorough or not search
        points = points_on(pool, problem, best, last)
        start = [
            elsewhere(problem, pool, points.pop(0), solution, thorough or warm[t], tol, thorough)
            for t, solution in enumerate(best)
        ]
        if any(u is not solution.u for u, solution in zip(start, best, strict=True)):
            left = max_iter - n_iter
            found = outer_loop.solve(
                problem, start, tol=tol, max_iter=left, pool=pool, explored=not last
            )
            n_iter += max(solution.n_iter for solution in found)
            best = [
                new if better(new, old, tol) else old for new, old in zip(found, best, strict=True)
            ]
    for solution in best:
        solution.n_iter = n_iter
    return best


def points_on(pool, problem, solutions, last):
    """The `Point` of each solution on the pool, which holds their supports from now on.

    If those are the ``last``, nobody asks again for what is as long as rows and columns are many.
    """
    pool.hold(np.concatenate([solution.u.columns for solution in solutions]))
    points = [Point.on(pool, problem, t, solution) for t, solution in enumerate(solutions)]
    if last:
        for solution in solutions:
            solution.residual = solution.correlations = None
    return points


def elsewhere(problem, pool, here, solution, warm, tol, thorough):
    """Coefficients of a better minimum on the pool than the solution's point, or the solution's."""
    if not len(pool):
        return solution.u
    least, each = THOROUGH if thorough else BRIEF
    work = max(least, each * (problem.A.n_rows + problem.n_columns))
    found = others(here, warm, tol, STARTING * work)
    points = chain([here], (point for point in found if possible(point.square, here.square)))
    if thorough:
        best = lowest(local_search.thorough(distinct(points), work))
    else:
        best = local_search.brief(eased(lowest(points), tol, STARTING * work), work)
    # The same minimum has its certificate already.
    same = solution.certificate.reached(tol) and best.same_minimum(here)
    if same or not lower(best, here) or not possible(best.square, here.square):
        return solution.u
    # Nearer than the next look at all of the data asks for, or it could not be the last.
    finish = Goal(outer_loop.ASKED * tol)
    best = best.after(lambda system, u: descend(system, here.model, here.penalty, u, finish))
    return solution.u.replaced(pool.member, pool.columns, best.u)


def others(here, warm, tol, work):
    """Where the other starts lead on the pool: zero if the first was warm, the lasso, the path.

    None begins once those before it touched ``work`` numbers.
    """
    model, penalty, goal = here.model, here.penalty, Goal(tol)

    def to_zero(system, u):
        system.move(np.arange(len(u)), -u)
        u[:] = 0.0

    def from_zero():
        yield penalty, goal

    def from_relative():
        yield penalty.convex_relative(), ROUGH
        yield penalty, goal

    def down_the_path():
        factor = max(penalty.entry_factor(zero.c), 1.0)
        for step in range(1, PATH_STEPS):
            yield penalty.scaled(factor ** (1.0 - step / PATH_STEPS)), ROUGH
        yield penalty, goal

    zero, spent = here.after(to_zero), 0.0
    for start in (from_zero, from_relative, down_the_path)[0 if warm else 1 :]:
        if spent > work:
            return
        system, u = zero.system.copy(), zero.u.copy()
        for easier, enough in start():
            spent += descend(system, model, easier, u, enough)
        yield zero.at(system, u)


def eased(point, tol, work):
    """The point, or a lower one to which an eased penalty and then the penalty itself lead from it.

    Again and again, until that leads back, to the same support and signs, or no lower. No round begins
    once those before it touched ``work`` numbers.
    """
    easier, spent = point.penalty.scaled(EASED), 0.0

    def there_and_back(system, u):
        nonlocal spent
        spent += descend(system, point.model, easier, u, ROUGH)
        spent += descend(system, point.model, point.penalty, u, Goal(tol))

    while spent < work:
        new = point.after(there_and_back)
        back = new.same_minimum(point)
        if back or not lower(new, point) or not possible(new.square, point.square):
            break
        point = new
    return point


def lower(new, old):
    """Whether a `Point` or `Solution` is better than another of its kind, by more than a tie."""
    return new.objective < old.objective - TIE * old.objective


def lowest(points):
    """The best of the points, one of which at a time need exist: each may have its residual."""
    return reduce(lambda best, point: point if lower(point, best) else best, points)


def distinct(points):
    """The points less those whose objectives came up before."""
    seen = []
    for point in points:
        if not any(abs(point.objective - other) <= TIE * other for other in seen):
            seen.append(point.objective)
            yield point


def better(new, old, tol):
    certified = new.certificate.reached(tol)
    if certified != old.certificate.reached(tol):
        return certified
    return lower(new, old)
