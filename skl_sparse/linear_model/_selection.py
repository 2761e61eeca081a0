"""Rules that choose among models by score, number of coefficients or information criterion."""

import numpy as np
from scipy.special import gammaln

from .._validation import check_choice, check_integer

CRITERIA = ("aic", "bic", "ebic")
RULES = ("min", "1se", *CRITERIA)


def information_criterion(name, losses, n_nonzeros, n_samples, n_features):
    """AIC, BIC or extended BIC of least-squares fits; the smaller the better.

    With k coefficients, ``n * log(2 * loss) + k * penalty``: 2 for AIC, log(n) for BIC, and for the
    extended BIC (J. Chen and Z. Chen, Biometrika 2008, with gamma = 1) also twice the logarithm of the
    number of models with k of the columns.
    """
    tiny = np.finfo(np.float64).tiny
    fit = n_samples * np.log(np.maximum(2.0 * losses, tiny))
    if name == "aic":
        return fit + 2.0 * n_nonzeros
    value = fit + np.log(n_samples) * n_nonzeros
    if name == "ebic":
        k = np.minimum(n_nonzeros, n_features)
        value += 2.0 * (gammaln(n_features + 1) - gammaln(k + 1) - gammaln(n_features - k + 1))
    return value


def best_by_score(scores, n_nonzeros, allowed):
    """The place of the largest score; of equal ones that with fewer coefficients."""
    order = np.lexsort((n_nonzeros, -scores))
    return next(int(place) for place in order if allowed[place])


def one_standard_error(scores, errors, n_nonzeros, allowed):
    """The place with the fewest coefficients within one standard error of the largest score.

    Of as many coefficients, the better score (L. Breiman et al., "Classification and Regression
    Trees", 1984).
    """
    best = best_by_score(scores, n_nonzeros, allowed)
    near = allowed & (scores >= scores[best] - errors[best])
    order = np.lexsort((-scores, n_nonzeros))
    return next(int(place) for place in order if near[place])


def within_budget(n_nonzeros, max_nonzeros):
    """Which models have at most so many coefficients; all for None."""
    if max_nonzeros is None:
        return np.ones(n_nonzeros.shape, dtype=bool)
    check_integer("max_nonzeros", max_nonzeros, low=0)
    allowed = n_nonzeros <= max_nonzeros
    if not allowed.any():
        raise ValueError(
            f"max_nonzeros must be at least {n_nonzeros.min()}, the fewest coefficients of any model, "
            f"got {max_nonzeros}"
        )
    return allowed


def check_rule(name, value, rules=RULES):
    return check_choice(name, value, rules)
