"""Strengths of the penalty that mean the same for every p."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .._typing import FeatureWeights, Frame, MatrixLike
from .._validation import check_bool, check_integer, check_real, check_sample_weight
from ..engine.designs import WeightedView, as_design
from ..engine.parallel import one_blas_thread
from ..engine.problems.least_squares import LeastSquares, standard_weights
from .regressor import SparseLpRegressor

# For p > 1: the share of its own least-squares coefficient that the strongest column keeps at most.
KEPT = 1e-3


def alpha_max(
    X: MatrixLike,
    y: npt.ArrayLike | Frame,
    *,
    p: float = 1.0,
    alpha_l2: float = 0.0,
    sample_weight: npt.ArrayLike | None = None,
    feature_weights: FeatureWeights = None,
    fit_intercept: bool = True,
    positive: bool = False,
) -> float:
    """Return the smallest `alpha` at which all coefficients stay zero.

    For p <= 1 a zero coefficient leaves zero where its column's correlation with the residual,
    ``c_j = x_j.(y - mean(y)) / n``, passes a threshold: `alpha` for ``p=1``, and for p < 1 that of the
    proximal step, ::

        t(lam) = (1 + p / (2 * (1 - p))) * (2 * lam * (1 - p)) ** (1 / (2 - p))

    in units in which the column has curvature one. For p > 1 no coefficient is exactly zero: there it
    is the `alpha` at which no column keeps more than a thousandth of the coefficient that least
    squares on it alone would give.

    Parameters
    ----------
    X : {array-like, sparse matrix or array} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Of several targets the largest answer is returned.
    p : float, default=1.0
        Exponent of the penalty, >= 0.
    alpha_l2 : float, default=0.0
        Strength of the ridge term, >= 0.
    sample_weight : array-like of shape (n_samples,), default=None
    feature_weights : array-like, dict, Series or callable, default=None
        As in :class:`SparseLpRegressor`; columns of weight zero do not count.
    fit_intercept : bool, default=True
    positive : bool, default=False
        Whether coefficients are >= 0: then columns that would enter with a negative one do not count.

    Returns
    -------
    alpha : float
        Zero if no column has a correlation.

    Raises
    ------
    TypeError, ValueError
        If a parameter or the data is not allowed.

    See Also
    --------
    alpha_grid : From there down.

    References
    ----------
    .. [1] J. Friedman, T. Hastie and R. Tibshirani. "Regularization paths for generalized linear models
       via coordinate descent". Journal of Statistical Software 33 (2010).

    Examples
    --------
    >>> import numpy as np
    >>> from skl_sparse import SparseLpRegressor, alpha_max
    >>> X = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0]])
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> alpha = alpha_max(X, y)
    >>> SparseLpRegressor(alpha=alpha).fit(X, y).coef_
    array([0., 0.])
    >>> SparseLpRegressor(alpha=0.9 * alpha).fit(X, y).mask_
    array([ True, False])
    """
    p = check_real("p", p, low=0)
    alpha_l2 = check_real("alpha_l2", alpha_l2, low=0)
    data, weights_of_features = standard_data(X, y, sample_weight, feature_weights, fit_intercept)
    return largest_alpha(data, p, alpha_l2, weights_of_features, positive)


def alpha_grid(
    X: MatrixLike,
    y: npt.ArrayLike | Frame,
    *,
    p: float = 1.0,
    n_alphas: int = 100,
    eps: float = 1e-3,
    alpha_l2: float = 0.0,
    sample_weight: npt.ArrayLike | None = None,
    feature_weights: FeatureWeights = None,
    fit_intercept: bool = True,
    positive: bool = False,
) -> npt.NDArray[np.float64]:
    """Return strengths from :func:`alpha_max` down that mean the same for every p.

    Equal `alpha` are not comparable across p. What is: the correlation at which a zero coefficient
    leaves zero. For p <= 1 the grid is a geometric series of that correlation, from the largest r = 1
    to ``r = eps``: ``alpha = alpha_max * r ** (2 - p)``. For p > 1, where nothing is exactly zero, it is
    a geometric series of `alpha` from `alpha_max` to ``eps ** 2`` of it.

    Parameters
    ----------
    X : {array-like, sparse matrix or array} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
    p : float, default=1.0
        Exponent of the penalty, >= 0.
    n_alphas : int, default=100
        Length of the grid, >= 1.
    eps : float, default=1e-3
        The smallest correlation relative to the largest, in (0, 1).
    alpha_l2, sample_weight, feature_weights, fit_intercept, positive
        As for :func:`alpha_max`.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        In descending order.

    Raises
    ------
    TypeError, ValueError
        If a parameter or the data is not allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_sparse import alpha_grid
    >>> X = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0]])
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> alpha_grid(X, y, n_alphas=4).round(5)
    array([1.25   , 0.125  , 0.0125 , 0.00125])
    >>> alpha_grid(X, y, p=0.5, n_alphas=2, eps=0.01).round(4)
    array([0.6804, 0.0007])
    """
    largest = alpha_max(
        X,
        y,
        p=p,
        alpha_l2=alpha_l2,
        sample_weight=sample_weight,
        feature_weights=feature_weights,
        fit_intercept=fit_intercept,
        positive=positive,
    )
    n_alphas = check_integer("n_alphas", n_alphas, low=1)
    return strengths_of(correlations(n_alphas, check_eps(eps)), largest, float(p))


def check_eps(eps: Any) -> float:
    return check_real("eps", eps, low=0, high=1, low_inclusive=False, high_inclusive=False)


def correlations(n_alphas, eps):
    """The geometric series of correlations at which a zero coefficient leaves zero; the largest is 1."""
    return np.geomspace(1.0, eps, n_alphas) if n_alphas > 1 else np.ones(1)


def strengths_of(r, largest, p):
    """The `alpha` of relative correlations r, for the largest `alpha`."""
    return largest * (r ** (2.0 - p) if p <= 1 else r * r)


def standard_data(X, y, sample_weight, feature_weights, fit_intercept):
    """`LeastSquares` of checked data, and the weights of the columns."""
    holder = SparseLpRegressor(feature_weights=feature_weights)
    data, targets = holder._validate(X, y, ensure_all_finite=True)
    n_samples, n_features = data.shape
    targets = targets.reshape(n_samples, -1)
    weights = standard_weights(check_sample_weight(sample_weight, n_samples))
    feature_weights = holder._weights_of_features(X, n_features)
    check_bool("fit_intercept", fit_intercept)
    with np.errstate(under="ignore"), one_blas_thread():
        view = WeightedView(as_design(data, checked=True), weights, fit_intercept)
        return LeastSquares([view] * targets.shape[1], targets), feature_weights


def largest_alpha(data, p, alpha_l2, feature_weights, positive):
    """The smallest alpha at which all coefficients of all problems stay zero."""
    problems = range(data.n_problems)
    with one_blas_thread():
        correlations = data.rows.correlate(data.rows.Y, problems)
    return max(
        largest_of(c, data.rows.views[t], data.y_scale[t], p, alpha_l2, feature_weights, positive)
        for t, c in zip(problems, correlations, strict=True)
    )


def largest_of(c, view, sigma, p, alpha_l2, feature_weights, positive):
    """The same of one problem, whose columns have correlations c with the target in standard units."""
    sizes = np.maximum(c, 0.0) if positive else np.abs(c)
    counts = np.flatnonzero((sizes > 0) & (feature_weights > 0))
    if not len(counts):
        return 0.0
    z, v, d = sizes[counts], feature_weights[counts], view.deviation[counts]
    ridge = v * alpha_l2 / (d * d)  # of a column that has unit curvature
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if p == 1.0:
            lam = z
        elif p < 1.0:
            size = z / (1.0 + ridge) / (1.0 + 0.5 * p / (1.0 - p))
            lam = size ** (2.0 - p) / (2.0 * (1.0 - p)) * (1.0 + ridge)
        else:
            kept = KEPT * z / (1.0 + ridge)
            lam = (1.0 - KEPT) * z / (p * kept ** (p - 1.0))
        # lam = alpha v (sigma / d)^p / sigma^2
        alphas = lam * (d / sigma) ** p * (sigma * sigma) / v
    return float(np.nanmax(alphas))


def entering_curvature(c, view, feature_weights, positive):
    """The curvature, per unit of feature weight, of the column that enters first for p = 1.

    ``c`` are the correlations of the columns with the target in standard units.
    """
    sizes = np.maximum(c, 0.0) if positive else np.abs(c)
    deviation = view.deviation
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(feature_weights > 0, sizes * deviation / feature_weights, 0.0)
    first = int(np.argmax(reach))
    if not reach[first] > 0:
        return 1.0
    return float(deviation[first] ** 2 / feature_weights[first])
