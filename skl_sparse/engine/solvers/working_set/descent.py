"""The inner solver: coordinate descent on a system, with Newton steps on the settled support."""

import math
from dataclasses import dataclass

from ._coordinate_descent import Rounds
from .active_set import newton_step

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


def descend(system, model, penalty, u, goal, square=math.nan, cheap=None, free=0.0, late=False):
    """Minimise over the columns of the system, from u, in place.

    Parameters
    ----------
    system, model, penalty, u, square
        See `Rounds`.
    goal : Goal
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
    rounds = Rounds(system, model, penalty, u, square)
    changing = CHANGING if late and not system.has_matrix else 0.0
    while rounds.n_rounds < MOST_ROUNDS:
        now, most = (cheap, free) if rounds.spent < free else (goal, math.inf)
        reached, settled = rounds.run(
            now.step, now.gap, MOST_ROUNDS, ACTIVE_SWEEPS, changing, most, BUDGET
        )
        if reached:
            break
        if settled:
            newton_step(system, penalty, u, u.nonzero()[0], rounds.missing)
    return rounds.spent
