"""The inner solver: coordinate descent on a system, with Newton steps on the settled support."""

import math
from dataclasses import dataclass

from ._rounds import Rounds
from .active_set import newton_step
from .tuning import DEFAULT


@dataclass(frozen=True)
class Goal:
    """Where a descent may stop: at the largest 1-D step left, or at the relative duality gap.

    The gap is that of the problem on the system's columns; nan where steps alone decide.
    """

    step: float
    gap: float = math.nan


def descend(
    system,
    model,
    penalty,
    u,
    goal,
    square=math.nan,
    cheap=None,
    free=0.0,
    late=False,
    tuning=DEFAULT,
):
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
        Few columns outside the system are still to enter.
    tuning : WorkingSetTuning

    Returns
    -------
    spent : float
        About how many numbers the sweeps touched.
    """
    rounds = Rounds(system, model, penalty, u, square)
    changing = tuning.changing if late and not system.has_matrix else 0.0
    while rounds.n_rounds < tuning.most_rounds:
        now, most = (cheap, free) if rounds.spent < free else (goal, math.inf)
        reached, settled = rounds.run(
            now.step,
            now.gap,
            tuning.most_rounds,
            tuning.active_sweeps,
            changing,
            most,
            tuning.budget,
        )
        if reached:
            break
        if settled:
            newton_step(system, penalty, u, u.nonzero()[0], rounds.missing, tuning)
    return rounds.spent
