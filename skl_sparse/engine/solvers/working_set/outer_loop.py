"""The outer loop: certificate, working set, descent on it; all targets in step."""

import math
from dataclasses import dataclass

import numpy as np

from ..coefficients import Coefficients
from ._systems import GramSystem
from .columns import ColumnPool
from .descent import Goal, descend
from .prediction import Foretold

# Columns that join in one pass: as many as twice the support takes, and at least so many. In convex
# problems times the root of what an entry costs: the dearer a pass, the fewer there should be. In
# others, of many minima, the root of the number of columns, between two bounds.
LEAST_NEW, LEAST_NEW_OF_MANY = 192, (128, 192)
# Where few violate optimality, so many join in all: those whose correlations come next, if they are
# more than half way. Otherwise the last columns come one by one, at the cost of a pass each. No more than
# `EACH` for each that does, unless starts and search have use for all.
LEAST_LATE, CLOSE, EACH = 64, 0.5, 4
# A sample that lets more than this share of the new columns stay cannot tell them apart: what it
# spares is less than the look that its mistakes cost.
MOST_STAYING = 0.85
# In convex problems the pool lets go of what is at rest once that is so many times the support, times
# the root of what an entry costs: each changed coordinate pays for every column of a Gram, but who comes
# back costs a pass. What a first and a late look bring in is small.
MOST_AT_REST = 0.5
# But not so near the tolerance: what is held now serves the rest, whatever is at rest in it.
NEARLY = 10
# The descent is asked for this share of what the last certificate found, and at the end for that share of
# the tolerance, so that the next certificate meets it.
INNER, ASKED = 0.1, 0.3
# As long as that is free it goes on: in convex problems for this many passes over X. In others, where
# the container of X must not choose a minimum, for so many numbers for each row and column, and only
# once few columns are left to join: how far an early descent goes decides where the fit ends.
FREE, FREE_OF_MANY = 2.0, 32.0
# Passes without progress after which rounding has the last word, and the objective, in units of the
# best, that it must not have: where columns depend on each other it may lead anywhere.
PATIENCE, ASTRAY = 3, 1 + 1e-9


@dataclass
class Solution:
    """One target's answer: coefficients in standardised units, what was last seen there, passes."""

    u: Coefficients
    objective: float
    certificate: object
    n_iter: int
    residual: np.ndarray | None = None
    correlations: np.ndarray | None = None


def solve(problem, start, *, tol, max_iter, pool=None, explored=False):
    """Descend from the `Coefficients` of every target until it has its certificate.

    1. Certificate of every open target: its residual and all its correlations, two passes over X.
    2. The columns that violate optimality most join the pool, which holds the support already.
    3. Coordinate descent on the pool for each open target, to a fraction of the violation seen.

    Where the pool will be ``explored`` from other starts, columns that only come close join up to
    `LEAST_LATE`, else `EACH` for each that violates optimality.

    Returns a `Solution` for each target.
    """
    points = [u.sparse() for u in start]
    kept = list(points)
    found = [None] * problem.n_targets
    best = np.full(problem.n_targets, np.inf)
    idle = np.zeros(problem.n_targets, dtype=int)
    foretold = [None] * problem.n_targets
    # What a descent may cost unasked, and how many columns join at least.
    convex = all(penalty.convex for penalty in problem.penalties)
    pool = ColumnPool(problem.A, exact=not convex) if pool is None else pool
    if convex:
        free = FREE * problem.A.design.pass_cost
        least = int(LEAST_NEW * math.sqrt(problem.A.design.entry_cost))
    else:
        free = FREE_OF_MANY * (problem.A.n_rows + problem.n_columns)
        fewest, most = LEAST_NEW_OF_MANY
        least = max(fewest, min(most, math.isqrt(problem.n_columns)))
    for n_iter in range(1, max_iter + 2):
        targets = [t for t in range(problem.n_targets) if found[t] is None]
        waiting = []
        looks = problem.evaluate([points[t] for t in targets], targets)
        for t, now in zip(targets, looks, strict=True):
            idle[t] = 0 if now.objective < best[t] * (1 - 1e-15) else idle[t] + 1
            if now.objective <= best[t]:
                best[t], kept[t] = now.objective, points[t]
            stalled = idle[t] >= PATIENCE
            if now.certificate.reached(tol) or n_iter > max_iter or stalled:
                if not now.objective <= ASTRAY * best[t]:
                    points[t] = kept[t]
                    now = problem.evaluate([points[t]], [t])[0]
                found[t] = Solution(
                    points[t],
                    now.objective,
                    now.certificate,
                    min(n_iter, max_iter),
                    now.residual,
                    None if convex else now.correlations,
                )
            else:
                waiting.append((t, now))
                if foretold[t] is not None and not foretold[t].came_true(now.correlations):
                    pool.hold_in_double()
        if not waiting:
            return found
        far = any(not now.certificate.reached(NEARLY * tol) for _, now in waiting)
        late = grow(pool, problem, points, waiting, least, explored, shed=convex and far)
        del looks
        for _, now in waiting:
            now.leave(pool.columns)
        while waiting:
            t, now = waiting.pop(0)
            old = points[t].at(pool.columns)
            u, penalty = old.copy(), problem.penalties[t].restrict(pool.columns)
            system = pool.system(now.residual, now.correlations)
            goal, cheap = goals(now.certificate, tol, idle[t], problem.spans[t])
            square, c, violation = now.square, now.correlations, now.certificate.optimality
            del now  # its residual is as long as the rows are many
            unasked = free if convex or late else 0.0
            descend(system, problem.model, penalty, u, goal, square, cheap, unasked, late)
            told = None
            if system.rounded:
                told = Foretold.after(system, pool.columns, u - old, c, square, violation)
            del system  # it may look at the Gram, which grows in place
            if told is not None and not told.possible:
                # The pool was chosen for a Gram in single precision: everybody waits for another.
                foretold[t] = None
                pool.hold_in_double()
                break
            foretold[t] = told
            points[t] = points[t].replaced(pool.member, pool.columns, u)


def goals(certificate, tol, idle, span):
    """What a descent is asked for, and what it may go for as long as that is cheap.

    Where the ``span`` of some columns is projected off the dual point, the gap of the problem on the
    pool is not at hand: steps are asked to fall until it is reached, however small they are.
    """
    share = INNER ** (1 + idle)
    step = share * certificate.optimality
    if math.isnan(certificate.gap):
        cheap = ASKED * tol * INNER**idle
        return Goal(max(cheap, step)), Goal(cheap)
    least = 1e-3 * tol * INNER**idle
    if span.helps_the_dual:
        return Goal(step), Goal(min(step, least))
    gap = max(ASKED * tol, share * certificate.gap)
    return Goal(1e-3 * min(step, tol), gap), Goal(least, ASKED * tol)


def grow(pool, problem, points, waiting, least, explored, shed):
    """Let the worst violators of all waiting targets join the pool, which holds their support.

    Returns whether few columns outside violate optimality: the support is nearly known.
    """
    violators, steps = largest([(now.violators, now.steps) for _, now in waiting])
    support = np.concatenate([points[t].columns for t, _ in waiting])
    if len(waiting) > 1:
        support = np.unique(support)
    pool.hold(support)
    outside = ~pool.member[violators]
    fresh = violators[outside]
    late = len(fresh) < LEAST_LATE
    if late:
        close = [problem.penalties[t].nearly_active(now.correlations, CLOSE) for t, now in waiting]
        most = LEAST_LATE - len(fresh)
        near = nearest(pool, close, most if explored else min(most, EACH * len(fresh)))
        stays = promising(problem, points, waiting, np.concatenate([support, fresh]), near)
        fresh = np.concatenate([fresh, near[stays]])
    else:
        most = max(least, 2 * len(support) - len(pool))
        if len(fresh) > most:
            fresh = fresh[np.argpartition(steps[outside], -most)[-most:]]
        stays = promising(problem, points, waiting, support, fresh)
        fresh = fresh[stays] if stays.any() else fresh
    # What is close for one target may be a violator for another.
    fresh = np.unique(fresh) if len(waiting) > 1 else np.sort(fresh)
    share = 1 + MOST_AT_REST * math.sqrt(problem.A.design.entry_cost)
    room = max(least + LEAST_LATE, share * len(support))
    every, wanted = np.concatenate([pool.columns, fresh]), np.concatenate([support, fresh])
    costs_the_gram = pool.holds_gram(wanted) and not pool.holds_gram(every)
    if not (shed and (len(every) > room or costs_the_gram)) and pool.fits(every):
        pool.add(fresh)
        return late
    if not pool.fits(wanted):
        # The worst violators, or as many of them as fit.
        wanted.sort()
        _, at, place = np.intersect1d(wanted, violators, return_indices=True)
        score = np.zeros(len(wanted))
        score[at] = steps[place]
        wanted = wanted[np.argsort(-score, kind="stable")]
        size = len(wanted)
        while size > 1 and not pool.fits(wanted[:size]):
            size = (4 * size) // 5
        wanted = wanted[:size]
    pool.reset(wanted)
    return late


def promising(problem, points, waiting, joined, new):
    """Which of the new columns stay non-zero in a descent, next to those joined, on a sample of rows.

    A column of a Gram costs a product over all rows with every other, and many a violator falls back
    to zero once the worst have joined. Where rows are very many, some tell which: the correlations
    at the start are exact, the sample only says how they change. All stay where rows are fewer, or
    where nearly all would.
    """
    columns = np.concatenate([joined, new])
    gram = problem.A.sampled_gram(columns) if len(new) else None
    if gram is None:
        return np.ones(len(new), dtype=bool)
    stays = np.zeros(len(columns), dtype=bool)
    for t, now in waiting:
        u = points[t].at(columns)
        system = GramSystem(gram, now.correlations[columns])
        goal = Goal(INNER * now.certificate.optimality)
        descend(system, problem.model, problem.penalties[t].restrict(columns), u, goal)
        stays |= u != 0
    stays = stays[len(joined) :]
    return stays | (stays.mean() > MOST_STAYING)


def largest(lists):
    """Of lists of columns with a number each: all of the columns, and the largest of their numbers."""
    if len(lists) == 1:
        return lists[0]
    columns, places = np.unique(np.concatenate([some for some, _ in lists]), return_inverse=True)
    numbers = np.zeros(len(columns))
    np.maximum.at(numbers, places, np.concatenate([some for _, some in lists]))
    return columns, numbers


def nearest(pool, close, most):
    """Columns outside the pool whose correlations are next to call them in."""
    found, near = largest(close)
    outside = ~pool.member[found]
    found, near = found[outside], near[outside]
    if len(found) > most:
        found = found[np.argpartition(-near, most)[:most]]
    return found
