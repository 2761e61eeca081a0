"""The weights of the columns: by position, by name, or from a function of the data."""

from collections.abc import Mapping

import numpy as np

from .._validation import check_weights


def resolve_feature_weights(feature_weights, X, n_features, feature_names):
    """Return one weight >= 0 for each column as a float64 array.

    Parameters
    ----------
    feature_weights : None, array-like, mapping, pandas Series or callable
        As the estimators document it.
    X : any container
        The data as `fit` was given them, for a callable.
    n_features : int
    feature_names : ndarray of str or None
        The names that scikit-learn recorded, if X has any.
    """
    name = "feature_weights"
    if callable(feature_weights):
        feature_weights = feature_weights(X)
        name = "what feature_weights returned"
    labels = _labels(name, feature_weights)
    if labels is not None:
        feature_weights = _by_name(name, labels, feature_weights, feature_names)
    return check_weights(name, feature_weights, n_features, "column")


def _labels(name, weights):
    """The feature names that a mapping or Series is indexed by, None for weights by position."""
    if isinstance(weights, Mapping):
        return list(weights)
    if not hasattr(weights, "iloc") or np.ndim(weights) != 1:
        return None
    labels = list(weights.index)
    if labels == list(range(len(labels))):  # nobody named them
        return None
    return labels


def _by_name(name, labels, weights, feature_names):
    """One weight for each of the feature names; those that are not among the labels get 1."""
    if feature_names is None:
        raise ValueError(
            f"{name} has weights by name, but X has no feature names (all strings): pass X as a data "
            "frame, or one weight a column in their order"
        )
    known = set(feature_names)
    unknown = [label for label in labels if label not in known]
    if unknown:
        listed = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
        raise ValueError(f"{name} must name features of X only, got {listed}")
    values = list(weights.values()) if isinstance(weights, Mapping) else list(weights)
    weight_of = dict(zip(labels, values, strict=True))
    if len(weight_of) < len(labels):
        raise ValueError(f"{name} must name each feature once, got {_repeated(labels)!r} twice")
    return [weight_of.get(feature, 1.0) for feature in feature_names]


def _repeated(labels):
    seen = set()
    return next(label for label in labels if label in seen or seen.add(label))
