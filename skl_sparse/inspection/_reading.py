"""What displays and tables read from models, their names and the data they were fitted on."""

import numbers

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._storage import check_entries, validate
from .._validation import check_integer
from ..engine.designs import WeightedView, as_design


def coefficients_of(estimator):
    """Return `coef_` of a fitted linear model as a csr_array with a row for each target or class."""
    if isinstance(estimator, BaseEstimator):
        if hasattr(estimator, "steps"):
            raise TypeError(
                "estimator must be a fitted linear model, got a Pipeline: pass its last step, "
                "pipeline[-1], and feature_names=pipeline[:-1].get_feature_names_out()"
            )
        check_is_fitted(estimator)
    coef = getattr(estimator, "coef_", None)
    if coef is None:
        raise TypeError(f"estimator must be a fitted linear model with coef_, got {estimator!r}")
    return as_sparse("coef_", coef)


def check_cross_validated(estimator):
    """Say what is no fitted `SparseLpRegressorCV`, before anything is read of it."""
    if isinstance(estimator, BaseEstimator):
        check_is_fitted(estimator)
    if not hasattr(estimator, "mean_score_path_"):
        raise TypeError(f"estimator must be a fitted SparseLpRegressorCV, got {estimator!r}")


def check_path(path):
    """Say what is no `LpPath`."""
    if not (hasattr(path, "coefs") and hasattr(path, "alphas")):
        raise TypeError(f"path must be an LpPath, as lp_path returns it, got {path!r}")


def as_sparse(name, coefs):
    """Return coefficients as a csr_array without stored zeros, a row for each target."""
    if not issparse(coefs):
        try:
            coefs = np.atleast_2d(np.asarray(coefs, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name} must be an array of real numbers, got {coefs!r}") from None
        if coefs.ndim > 2:
            raise ValueError(f"{name} must have one or two dimensions, got {coefs.ndim}")
    coefs = csr_array(coefs, copy=True)
    if coefs.ndim == 1:
        coefs = coefs.reshape(1, -1)
    coefs.sum_duplicates()
    coefs.eliminate_zeros()
    return coefs


def rows_of(estimator, n_rows):
    """Return what the rows of `coef_` stand for: classes, or the numbers of the targets."""
    classes = getattr(estimator, "classes_", ())
    return np.asarray(classes if len(classes) == n_rows else np.arange(n_rows))


def one_row(coefs, target):
    """Return the number of the row that ``target`` asks for; None is enough where there is one."""
    n_rows = coefs.shape[0]
    if target is None:
        if n_rows == 1:
            return 0
        raise ValueError(
            f"target must be an integer in [0, {n_rows - 1}], as there are {n_rows} rows of "
            "coefficients, got None"
        )
    return check_integer("target", target, low=0, high=n_rows - 1)


def check_names(feature_names, n_features, estimator=None):
    """Return the names of all features as an array, the estimator's own by default, or None."""
    if feature_names is None:
        feature_names = getattr(estimator, "feature_names_in_", None)
    if feature_names is None:
        return None
    names = np.asarray(feature_names, dtype=object)
    if names.shape != (n_features,):
        raise ValueError(
            f"feature_names must have shape ({n_features},), a name a feature, got {names.shape}"
        )
    return names


def names_of(feature_names, columns):
    """Return the names of some columns; scikit-learn's ``x0``, ``x1`` and so on if there are none."""
    if feature_names is None:
        return np.array([f"x{column}" for column in columns], dtype=object)
    return feature_names[columns]


def check_array_of(name, values, shape):
    """Return ``values`` as float64, or say that they are not of this shape."""
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be an array of real numbers, got {values!r}") from None
    if values.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {values.shape}")
    return values


def check_numbers(name, values):
    """Return one or several numbers as a 1-D array of float64, at least one."""
    values = [values] if isinstance(values, numbers.Real) else values
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be an array of real numbers, got {values!r}") from None
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(
            f"{name} must be a 1-D array of finite numbers, at least one, got {values!r}"
        )
    return values


def standard_columns(estimator, X, n_features):
    """Return a view of ``X`` with centred columns of unit norm; X is neither copied nor densified."""
    if isinstance(estimator, BaseEstimator):  # whose features are compared
        X = validate(estimator, X, reset=False, ensure_all_finite=True)
    else:
        X = check_entries(X)
    if X.shape[1] != n_features:
        raise ValueError(f"X must have {n_features} columns, one a coefficient, got {X.shape[1]}")
    weights = np.broadcast_to(1.0 / X.shape[0], X.shape[0])
    return WeightedView(as_design(X, checked=True), weights, True)


def score_name(estimator):
    """What the scores of a cross-validated estimator are, or None."""
    scoring = estimator.scoring
    if scoring is None:
        return "minus the mean squared error"
    return scoring.replace("_", " ") if isinstance(scoring, str) else None
