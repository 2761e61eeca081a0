"""Scores of all fits of several paths on rows that were left out."""

import numpy as np
from sklearn.metrics import check_scoring

from ._predictions import linear_predictions
from .path import fitted_regressor


def scorer_of_paths(regressor, scoring, weighted):
    """``score(X, y, weights, coefs, intercepts)`` of shape (n_paths, n_alphas); the larger the better.

    ``coefs`` and ``intercepts`` have a csr_array and a vector for each path. ``scoring`` is as in
    scikit-learn, None for minus the mean squared error, which takes one product for each path; a scorer
    is called with a fitted ``regressor`` for each fit, and with the weights if they are ``weighted``.
    """

    def mean_squared_error(X, y, weights, coefs, intercepts):
        scores = []
        for coef, intercept in zip(coefs, intercepts, strict=True):
            errors = linear_predictions(X, coef) + intercept - y[:, None]
            scores.append(-np.average(errors**2, axis=0, weights=weights))
        return np.array(scores)

    def scored(X, y, weights, coefs, intercepts):
        options = {"sample_weight": weights} if weighted else {}
        scores = np.empty((len(coefs), coefs[0].shape[0]))
        for s, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
            for k in range(coef.shape[0]):
                model = fitted_regressor(params, coef[[k]], intercept[k], **unknown)
                scores[s, k] = scorer(model, X, y, **options)
        return scores

    if scoring is None:
        return mean_squared_error
    scorer, params = check_scoring(regressor, scoring=scoring), regressor.get_params(deep=False)
    names = ("objective", "loss", "dual_gap", "optimality")
    # The rows have no feature names either.
    unknown = {**dict.fromkeys(names, np.nan), "n_iter": 0, "feature_names": None}
    return scored
