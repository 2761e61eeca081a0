"""The inner solver: coordinate descent on a system, with Newton steps on the settled support."""

import math
from dataclasses import dataclass

import numpy as np

from ._coordinate_descent import coordinate_descent
from .active_set import newton_step
from .certificate import DualRay, relative_gap

# Numbers touched by one call into compiled code: a fraction of a second, then Python may interrupt.
# Newton steps count for nothing: conjugate gradients are many short calls, and a factorisation of up
# to `active_set.MOST_FACTORISED` rows, 2e10 multiplications by BLAS, is a call of about a second.
BUDGET = 3e8
# Rounds after which the certificate is looked at again, whatever the goal.
MOST_ROUNDS = 300
# Sweeps over the non-zeros between two sweeps over all columns.
ACTIVE_SWEEPS = 10
# Share of the support that may still change where Newton steps iterate, which costs no more than
# sweeps do; where they factorise, it has to stay as it is.
CHANGING = 0.05


@dataclass(frozen=True)
class Goal:
    """Where a descent may stop: at the largest 1-D step left, or at the relative duality gap.

    The gap is that of the problem on the system's columns; nan where steps alone decide.
    """

    step: float
    gap: float = math.nan


def descend(system, loss, penalty, u, goal, square=math.nan, cheap=None, free=0.0, late=False):
    """Minimise over the columns of the system, from u, in place.

    Parameters
    ----------
    system : System
        Knows the residual of u; is kept up to date.
    loss : loss
    penalty : Penalty
        On the system's columns.
    u : ndarray of shape (m,)
    goal : Goal
    square : float
        r . r of the residual that the system starts from; only a gap asks for it.
    cheap : Goal
        What to go for as long as that touches fewer than ``free`` numbers.
    free : float
    late : bool
        Few columns outside the system are still to join.

    Returns
    -------
    spent : float
        About how many numbers the sweeps touched.
    """
    every = np.arange(len(u))
    start, start_c = u.copy(), system.correlations()
    support, spent = None, 0.0
    for _ in range(MOST_ROUNDS):
        now = cheap if spent < free else goal
        _, largest, work = coordinate_descent(system, penalty, u, every, 1, 0.0, BUDGET)
        spent += work
        if largest <= now.step:
            return spent
        missing = now.step / largest
        if not math.isnan(now.gap):
            c = system.correlations()
            # r = r_0 - A (u - u_0), and A^T r is at hand: both products without a residual.
            step = u - start
            present = square - step @ (start_c + c)
            product = square - step @ start_c + start @ c
            ray = DualRay(c, present, product)
            primal = loss.value(present) + penalty.value(u)
            gap = relative_gap(loss, penalty, primal, [ray], not penalty.sparsifies)
            if gap <= now.gap:
                return spent
            missing = now.gap / gap  # near the minimum a gap is as long as a gradient
        active = np.flatnonzero(u)
        if len(active) == 0:
            continue
        sweeps, largest, work = coordinate_descent(
            system, penalty, u, active, ACTIVE_SWEEPS, 0.1 * now.step, BUDGET
        )
        spent += work
        before, support = support, u != 0.0
        unsettled = sweeps == ACTIVE_SWEEPS or largest > 0.1 * now.step
        if unsettled and before is not None and support.any():
            share = CHANGING if late and not system.has_matrix else 0.0
            if np.count_nonzero(before != support) <= share * len(active):
                newton_step(system, penalty, u, np.flatnonzero(support), missing)
                support = u != 0.0
    return spent
