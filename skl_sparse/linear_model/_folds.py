"""The folds of a cross-validation, as numbers of rows."""

import numpy as np
from sklearn.model_selection import check_cv

from ..engine.designs import Parts, WeightedView
from ..engine.problems.least_squares import standard_weights


def folds_of(cv, X, y, groups, weights):
    """(training rows, test rows) of each fold, whatever rows are given as: numbers or a mask."""
    rows = np.arange(len(y))
    folds = [(rows[train], rows[test]) for train, test in check_cv(cv).split(X, y, groups)]
    if not folds:
        raise ValueError(
            "cv must yield at least one fold, got none; an iterator serves one fit only"
        )
    for k, (train, test) in enumerate(folds):
        for name, chosen in (("training", train), ("test", test)):
            if not weights[chosen].sum() > 0:
                raise ValueError(f"sample_weight must not be zero for every {name} row of fold {k}")
    return folds


def views_of(design, weights, folds, center):
    """Views of all rows and, for each fold, of its training rows.

    Of a partition they share the sums of its parts; else folds are weights of the rows.
    """
    n = len(weights)
    labels = np.full(n, -1)
    for k, (_, test) in enumerate(folds):
        labels[test] = k
    counts = np.zeros(n, dtype=int)
    partition = True
    for train, test in folds:
        counts[test] += 1
        partition &= len(train) + len(test) == n and not np.isin(train, test).any()
    if partition and np.all(counts == 1):
        parts = Parts(design, weights, labels, center)
        views = [parts.whole, *(parts.without(k) for k in range(len(folds)))]
    else:
        views = [WeightedView(design, standard_weights(weights), center)]
        for train, _ in folds:
            times = np.bincount(train, minlength=n)
            views.append(WeightedView(design, standard_weights(weights * times), center))
    return views
