"""The outer loop: certificate, working set, descent on it; all targets in step."""

import math
from dataclasses import dataclass

import numpy as np

from .column_pool import ColumnPool
from .descent import descend

# Columns that join in one pass: at least so many, and as many again as the support.
LEAST_NEW = 64
# The descent is asked for this share of what the last certificate found.
INNER = 0.1
# Passes without progress after which rounding has the last word.
PATIENCE = 3


@dataclass
class Solution:
    """One target's answer: coefficients in standardised units, certificate, passes."""

    u: np.ndarray
    objective: float
    certificate: object
    n_iter: int


def solve(problem, U, *, tol, max_iter, pool=None):
    """Descend from U, of shape (n_columns, n_targets), until every target has its certificate.

    1. Certificate of every open target: its residual and all its correlations, two passes over X.
    2. The columns that violate optimality most join the pool, which holds the support already.
    3. Coordinate descent on the pool for each open target, to a fraction of the violation seen.

    Returns a `Solution` for each target.
    """
    pool = ColumnPool(problem.A) if pool is None else pool
    U = np.array(U)
    found = [None] * problem.n_targets
    best = np.full(problem.n_targets, np.inf)
    idle = np.zeros(problem.n_targets, dtype=int)
    for n_iter in range(1, max_iter + 2):
        targets = [t for t in range(problem.n_targets) if found[t] is None]
        R, C, certificates = problem.evaluate(U[:, targets], targets)
        waiting = []
        for k, t in enumerate(targets):
            objective = problem.objective(np.ascontiguousarray(U[:, t]), R[:, k], t)
            idle[t] = 0 if objective < best[t] * (1 - 1e-15) else idle[t] + 1
            best[t] = min(best[t], objective)
            stalled = idle[t] >= PATIENCE
            if certificates[k].reached(tol) or n_iter > max_iter or stalled:
                found[t] = Solution(
                    U[:, t].copy(), objective, certificates[k], min(n_iter, max_iter)
                )
            else:
                waiting.append(k)
        if not waiting:
            return found
        grow(pool, problem, U, C, targets, waiting)
        for k in waiting:
            t, certificate = targets[k], certificates[k]
            u = U[pool.columns, t]
            penalty = problem.penalties[t].restrict(pool.columns)
            system = pool.system(R[:, k], C[k])
            patience = INNER ** (1 + idle[t])
            goal, gap_goal = patience * certificate.optimality, math.nan
            if not math.isnan(certificate.gap) and not problem.spans[t].helps_the_dual:
                gap_goal = max(0.3 * tol, patience * certificate.gap)
                goal = 1e-3 * min(goal, tol)
            else:
                goal = max(0.3 * tol * INNER ** idle[t], goal)
            descend(system, problem.loss, penalty, u, float(R[:, k] @ R[:, k]), goal, gap_goal)
            U[pool.columns, t] = u
            del system  # it may look at the Gram, which grows in place


def grow(pool, problem, U, C, targets, waiting):
    """Let the worst violators of all waiting targets join the pool."""
    score = np.zeros(problem.n_columns)
    support = np.zeros(problem.n_columns, dtype=bool)
    for k in waiting:
        u = np.ascontiguousarray(U[:, targets[k]])
        np.maximum(score, problem.penalties[targets[k]].violations(u, C[k]), out=score)
        support |= u != 0
    missing = np.flatnonzero(support & ~pool.member)
    fresh = np.flatnonzero((score > 0) & ~pool.member & ~support)
    most = max(LEAST_NEW, 2 * int(support.sum()) - len(pool))
    if len(fresh) > most:
        fresh = fresh[np.argpartition(score[fresh], -most)[-most:]]
    new = np.union1d(missing, fresh)
    if pool.fits(np.concatenate([pool.columns, new])):
        pool.add(new)
        return
    # Too much to hold: the support and the worst violators, or as many of them as fit.
    wanted = np.union1d(np.flatnonzero(support), fresh)
    wanted = wanted[np.argsort(-score[wanted], kind="stable")]
    size = len(wanted)
    while size > 1 and not pool.fits(wanted[:size]):
        size = (4 * size) // 5
    pool.reset(np.sort(wanted[:size]))
