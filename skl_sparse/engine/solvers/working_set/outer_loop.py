"""The outer loop: certificate, working set, descent on it; all problems of a batch in step."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..coefficients import Coefficients
from ._systems import GramSystem
from .columns import WorkingSet
from .descent import Goal, descend
from .prediction import Prediction


@dataclass
class Solution:
    """The answer to one problem: coefficients in standard units, what was last seen there, passes."""

    u: Coefficients
    objective: float
    certificate: object
    n_iter: int
    residual: np.ndarray | None = None
    correlations: np.ndarray | None = None
    look: object = None


def solve(
    batch,
    start,
    *,
    tol,
    max_iter,
    working_set=None,
    explored=False,
    looks=None,
    exact_looks=True,
    keep_looks=False,
):
    """Descend from the `Coefficients` of every problem until it has its certificate.

    1. Certificate of every open problem: its residual and all its correlations, two passes over X.
    2. The columns that violate optimality most enter the working set, which holds the support.
    3. Coordinate descent on the working set for each open problem, to a fraction of the violation.

    A ``working_set`` of the same views that is given keeps its columns and their Gram matrices, from
    one fit of a path to the next; ``looks`` that are given are those at the start, of which no certificate
    comes unless they are ``exact_looks``, and ``keep_looks`` asks for those at the end. Where a working set will be ``explored`` from
    other starts, columns that only come close to violating optimality enter as well.

    Returns a `Solution` for each problem.
    """
    tuning = batch.tuning.working_set
    convex = batch.convex
    points = [u.sparse() for u in start]
    kept = list(points)
    found = [None] * batch.n_problems
    best = np.full(batch.n_problems, np.inf)
    idle = np.zeros(batch.n_problems, dtype=int)
    predicted = [None] * batch.n_problems
    inherited = working_set is not None
    if not inherited:
        working_set = WorkingSet(batch.rows.views, exact=not convex, tuning=tuning)
    free, least = allowances(batch, convex)
    for n_iter in range(1, max_iter + 2):
        problems = [t for t in range(batch.n_problems) if found[t] is None]
        waiting = []
        evaluations = batch.evaluate([points[t] for t in problems], problems, looks=looks)
        if looks is not None and not exact_looks:
            sure = [t for t in problems if evaluations[t].certificate.reached(tol)]
            for t, now in zip(sure, batch.evaluate([points[t] for t in sure], sure), strict=True):
                evaluations[t] = now
        looks = None
        for t, now in zip(problems, evaluations, strict=True):
            idle[t] = 0 if now.objective < best[t] * (1 - 1e-15) else idle[t] + 1
            if now.objective <= best[t]:
                best[t], kept[t] = now.objective, points[t]
            stalled = idle[t] >= tuning.patience
            if now.certificate.reached(tol) or n_iter > max_iter or stalled:
                if not now.objective <= tuning.astray * best[t]:
                    points[t] = kept[t]
                    now = batch.evaluate([points[t]], [t])[0]
                found[t] = Solution(
                    points[t],
                    now.objective,
                    now.certificate,
                    min(n_iter, max_iter),
                    now.residual,
                    None if convex else now.correlations,
                    now.look if keep_looks else None,
                )
            else:
                waiting.append((t, now))
                if predicted[t] is not None and not predicted[t].agrees(now.correlations):
                    working_set.hold_in_double()
        if not waiting:
            return found
        far = any(not now.certificate.reached(tuning.nearly * tol) for _, now in waiting)
        # What another fit has left in the working set need not serve this one.
        may_leave = convex and (far or (inherited and n_iter == 1))
        late = grow(working_set, batch, points, waiting, least, explored, may_leave)
        del evaluations
        for _, now in waiting:
            now.leave(working_set.columns)
        del now  # residuals are as long as the rows are many: each goes once its descent has it
        descent = partial(
            descend_from,
            batch,
            working_set,
            points,
            idle,
            free if convex or late else 0.0,
            late,
            tol,
        )
        threads = batch.rows.design.threads
        if len(waiting) > 1 and threads.n > 1:
            working_set.prepare([batch.view(t) for t, _ in waiting])
            found_by = threads.run(descent, [[item] for item in waiting])
        else:
            found_by = (descent(waiting) for _ in range(len(waiting)))
        for t, point, predicted[t] in found_by:
            if point is None:
                # The columns were chosen for a Gram in single precision: all wait for another.
                working_set.hold_in_double()
                break
            points[t] = point


def descend_from(batch, working_set, points, idle, unasked, late, tol, waiting):
    """Descend on the working set for the first of the waiting problems.

    Returns its number, its new `Coefficients`, or None where a Gram in single precision does not do, and
    the `Prediction` that the next evaluation checks.
    """
    tuning = batch.tuning.working_set
    t, now = waiting.pop(0)
    columns = working_set.columns
    old = points[t].at(columns)
    u, penalty = old.copy(), batch.penalties[t].restrict(columns)
    system = working_set.system(batch.view(t), now.residual, now.correlations)
    goal, cheap = goals(now.certificate, tol, idle[t], batch.spans[t], tuning)
    square, c, violation = now.square, now.correlations, now.certificate.optimality
    del now  # its residual is as long as the rows are many
    model = batch.models[t]
    descend(system, model, penalty, u, goal, square, cheap, unasked, late, tuning)
    prediction = None
    if system.rounded:
        prediction = Prediction.after(system, columns, u - old, c, square, violation, tuning.coarse)
        if not prediction.is_possible:
            return t, None, None
    return t, points[t].replaced(working_set.member, columns, u), prediction


def allowances(batch, convex):
    """What a descent may cost beyond its goal, and how many columns enter at least."""
    tuning, design = batch.tuning.working_set, batch.rows.design
    if convex:
        least = int(tuning.least_new * math.sqrt(design.traits.entry_cost))
        return tuning.free_passes * design.pass_cost, least
    # Of many minima neither the container of X nor how its rows are written must choose one.
    fewest, most = tuning.least_new_of_many
    least = max(fewest, min(most, math.isqrt(batch.n_columns)))
    return tuning.free_of_many * batch.n_columns, least


def goals(certificate, tol, idle, span, tuning):
    """What a descent is asked for, and what it may go for as long as that is cheap.

    Where the ``span`` of some columns is projected off the dual point, the gap of the problem on the
    working set is not at hand: steps are asked to fall until it is reached, however small they are.
    """
    share = tuning.inner ** (1 + idle)
    step = share * certificate.optimality
    if math.isnan(certificate.gap):
        cheap = tuning.final * tol * tuning.inner**idle
        return Goal(max(cheap, step)), Goal(cheap)
    least = 1e-3 * tol * tuning.inner**idle
    if span.helps_the_dual:
        return Goal(step), Goal(min(step, least))
    gap = max(tuning.final * tol, share * certificate.gap)
    return Goal(1e-3 * min(step, tol), gap), Goal(least, tuning.final * tol)


def grow(working_set, batch, points, waiting, least, explored, may_leave):
    """Let the worst violators of all waiting problems enter the working set, and hold their support.

    Where columns ``may_leave``, inactive ones do if there are too many of them.

    Returns whether few columns outside violate optimality: the support is nearly known.
    """
    tuning = batch.tuning.working_set
    violators, steps = largest([(now.violators, now.steps) for _, now in waiting])
    support = np.concatenate([points[t].columns for t, _ in waiting])
    if len(waiting) > 1:
        support = np.unique(support)
    working_set.hold(support)
    outside = ~working_set.member[violators]
    fresh = violators[outside]
    late = len(fresh) < tuning.least_last
    if late:
        close = [
            batch.penalties[t].nearly_active(now.correlations, tuning.close) for t, now in waiting
        ]
        most = tuning.least_last - len(fresh)
        if not explored:
            most = min(most, tuning.close_for_each * len(fresh))
        near = nearest(working_set, close, most)
        stays = promising(
            working_set, batch, points, waiting, np.concatenate([support, fresh]), near
        )
        fresh = np.concatenate([fresh, near[stays]])
    else:
        most = max(least, 2 * len(support) - len(working_set))
        if len(fresh) > most:
            fresh = fresh[np.argpartition(steps[outside], -most)[-most:]]
        stays = promising(working_set, batch, points, waiting, support, fresh)
        fresh = fresh[stays] if stays.any() else fresh
    # What is close for one problem may be a violator for another.
    fresh = np.unique(fresh) if len(waiting) > 1 else np.sort(fresh)
    entry_cost = batch.rows.design.traits.entry_cost
    share = 1 + tuning.most_inactive * math.sqrt(entry_cost)
    room = max(least + tuning.least_last, share * len(support))
    every, wanted = np.concatenate([working_set.columns, fresh]), np.concatenate([support, fresh])
    costs_the_gram = working_set.holds_gram(wanted) and not working_set.holds_gram(every)
    too_many = may_leave and (len(every) > room or costs_the_gram)
    if not too_many and working_set.fits(every):
        working_set.add(fresh)
        return late
    if not working_set.fits(wanted):
        # The worst violators, or as many of them as fit.
        wanted.sort()
        _, at, place = np.intersect1d(wanted, violators, return_indices=True)
        score = np.zeros(len(wanted))
        score[at] = steps[place]
        wanted = wanted[np.argsort(-score, kind="stable")]
        size = len(wanted)
        while size > 1 and not working_set.fits(wanted[:size]):
            size = (4 * size) // 5
        wanted = wanted[:size]
    working_set.reset(wanted)
    return late


def promising(working_set, batch, points, waiting, held, new):
    """Which of the new columns stay non-zero in a descent, next to those held, on a sample of rows.

    A column of a Gram costs a product over all rows with every other, and many a violator falls back
    to zero once the worst have entered. Where rows are very many, some tell which: the correlations
    at the start are exact, the sample only says how they change. All stay where rows are fewer, where
    a sample misses the few rows in which a column varies, or where nearly all would.
    """
    tuning, columns = batch.tuning.working_set, np.concatenate([held, new])
    every = np.ones(len(new), dtype=bool)
    views = {batch.view(t) for t, _ in waiting}
    if not (len(new) and working_set.samples_well):
        return every
    if not all(view.may_sample(len(columns)) for view in views):
        return every
    grams = {view: view.sampled_gram(columns) for view in views}
    if any(gram is None for gram in grams.values()):
        working_set.samples_well = False
        return every
    stays = np.zeros(len(columns), dtype=bool)
    for t, now in waiting:
        u = points[t].at(columns)
        system = GramSystem(grams[batch.view(t)], now.correlations[columns])
        goal = Goal(tuning.inner * now.certificate.optimality)
        penalty = batch.penalties[t].restrict(columns)
        descend(system, batch.models[t], penalty, u, goal, tuning=tuning)
        stays |= u != 0
    stays = stays[len(held) :]
    return stays | (stays.mean() > tuning.most_kept)


def largest(lists):
    """Of lists of columns with a number each: all of the columns, and the largest of their numbers."""
    if len(lists) == 1:
        return lists[0]
    columns, places = np.unique(np.concatenate([some for some, _ in lists]), return_inverse=True)
    numbers = np.zeros(len(columns))
    np.maximum.at(numbers, places, np.concatenate([some for _, some in lists]))
    return columns, numbers


def nearest(working_set, close, most):
    """Columns outside the working set whose correlations are the next to violate optimality."""
    found, near = largest(close)
    outside = ~working_set.member[found]
    found, near = found[outside], near[outside]
    if len(found) > most:
        found = found[np.argpartition(-near, most)[:most]]
    return found
