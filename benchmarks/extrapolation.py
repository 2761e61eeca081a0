"""What celer and skglm do and we do not: extrapolation, in a form that `ideas` can use.

Both combine the last points z_0 ... z_k of a fixed-point iteration to sum_i w_i z_i with sum_i w_i = 1,
so that the same combination of their differences is as small as can be (Anderson, "Iterative
procedures for nonlinear integral equations", Journal of the ACM 1965; for coordinate descent Bertrand
and Massias, AISTATS 2021; for dual points Massias et al., "Dual extrapolation for sparse generalized
linear models", JMLR 2020).
"""

import numpy as np

from skl_sparse.engine.solvers.batch import Batch
from skl_sparse.engine.solvers.certificates._duality import DualRay
from skl_sparse.engine.solvers.working_set._sweeps import coordinate_descent
from skl_sparse.engine.solvers.working_set.tuning import DEFAULT

# Differences of points that are combined, as many as in celer and in the papers.
DIFFERENCES = 5
RAYS = Batch._rays


def weights(points):
    """The weights w of the points but the first; None where the differences depend on each other."""
    differences = np.diff(points, axis=0)
    try:
        w = np.linalg.solve(differences @ differences.T, np.ones(len(differences)))
    except np.linalg.LinAlgError:
        return None
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        w /= w.sum()
    return w if np.isfinite(w).all() else None


def anderson_step(system, penalty, u, support, missing=0.0, tuning=DEFAULT):
    """Sweeps over a settled support, and their extrapolation where that lowers the objective.

    Used instead of `newton_step`.
    """
    points = [u[support]]
    for _ in range(DIFFERENCES):
        coordinate_descent(system, penalty, u, support, 1, 0.0, tuning.budget)
        points.append(u[support])
    w, old = weights(points), points[-1]
    if w is None:
        return False
    new = w @ points[1:]
    new[np.sign(new) != np.sign(old)] = 0.0
    step, penalty = new - old, penalty.restrict(support)
    gain = system.correlations()[support] @ step - 0.5 * step @ system.normal(support, step)
    gain += penalty.value(old) - penalty.value(new)
    if not gain > 0.0:
        return False
    system.move(support, step)
    u[support] = new
    return True


def rays(batch, look, t, theta):
    """The dual candidates of an evaluation, and the extrapolation of the last residuals.

    The correlations of that are the same combination of theirs: it costs no pass.
    """
    yield from RAYS(batch, look, t, theta)
    seen = vars(batch).setdefault("_seen", {}).setdefault(t, [])
    seen.append((np.array(look.residual), np.array(look.correlations)))
    del seen[: -DIFFERENCES - 1]
    w = weights([r for r, _ in seen]) if len(seen) > 2 else None
    if w is not None:
        r, c = (w @ np.array(some[1:]) for some in zip(*seen, strict=True))
        yield DualRay(c, float(r @ r), float(r @ batch.target(t)))
