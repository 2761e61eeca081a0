"""SparseLpRegressor: Lp-penalised linear regression, any p >= 0."""

from typing import Any, Literal, Self

import numpy.typing as npt
from sklearn.base import RegressorMixin

from .._typing import FeatureWeights, Frame, MatrixLike
from .._validation import atomic, check_sample_weight
from ._base import SparseLpModel

__all__ = ["SparseLpRegressor"]


class SparseLpRegressor(RegressorMixin, SparseLpModel):
    """Linear regression with an Lp penalty, any real p >= 0, and thresholded masking.

    Minimises over coefficients w and intercept b ::

        (1 / sum_i s_i) * sum_i s_i * (y_i - x_i.w - b)**2 / 2
            + sum_j v_j * (alpha * abs(w_j)**p + alpha_l2 / 2 * w_j**2)

    with sample weights s and feature weights v; ``abs(w_j)**0`` counts non-zeros. ``p=1`` is
    :class:`~sklearn.linear_model.Lasso` with the same `alpha`, ``p=2`` is
    :class:`~sklearn.linear_model.Ridge` with ``2 * sum(s) * alpha``, p < 1 gives models with fewer
    and less shrunken coefficients than the Lasso. CSR, CSC and dense data are each read where they
    lie, in float32 or float64: nothing is densified or converted.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the Lp penalty, >= 0. Every coefficient of a convex fit with ``p=1`` is zero
        from ``max_j abs(x_j.(y - mean(y))) / n`` on.
    p : float, default=1.0
        Exponent of the penalty, >= 0. Up to 1 the fit is sparse; below 1 it is not convex, and the
        best of several starts is returned (see `local_search`).
    alpha_l2 : float, default=0.0
        Strength of the ridge term, >= 0. With ``p=1``: the elastic net.
    sparsity_threshold : float, default=0.0
        Coefficients with ``abs(w_j) <= sparsity_threshold`` are set to zero after the fit.
    refit : bool, default=True
        Whether to solve again on the columns that the threshold left, and so on until it leaves
        all of them. The result then is optimal on its support and still respects the threshold.
    feature_weights : array-like of shape (n_features,), dict, Series or callable, default=None
        Factors v >= 0 of each column's penalty; 0 leaves the column without one. None: all one. A
        dict or pandas Series with feature names gives them by name, whatever the order of the
        columns; a column that it does not name has weight 1. A callable is called with X as it was
        given to `fit` and returns any of these, which helps where only a pipeline knows the columns:
        ``lambda X: np.ones(X.shape[1])``.
    fit_intercept : bool, default=True
        Whether to fit an intercept. It is never penalised, and never makes sparse data dense.
    positive : bool, default=False
        Whether to restrict the coefficients to be >= 0.
    solver : {"auto", "cd", "proximal_gradient"}, default="auto"
        "cd" is coordinate descent on a working set of columns. "auto" takes it for p <= 1, and a
        semismooth Newton method for p > 1, where no coefficient is zero. "proximal_gradient" is
        monotone and accelerated; for p < 1 coordinate sweeps end it.
    local_search : bool, default=False
        For p < 1: whether to search thoroughly around every start, dropping, adding and swapping
        single columns until nothing improves. Finds the global minimum more often, and takes up to
        some seconds longer: it ends after as much work as the shape of X allows, whatever its
        container. Without it the search is brief, and around the best start only.
    max_iter : int, default=1000
        Most passes of the outer loop (for "proximal_gradient": steps), >= 1, over all starts and
        refits together. For p < 1 leave room for the starts, some tens of passes: those that no
        pass is left for are skipped.
    tol : float, default=1e-4
        The fit stops when its certificate is at most this, >= 0: `dual_gap_` for p >= 1,
        `optimality_` for p < 1 and where there is no dual. Both are relative to the null model: a
        penalty below ``tol * F(0)`` hardly counts.
    warm_start : bool, default=False
        Whether to start from the present `coef_`, dense or sparse, if there is one (not None). Zeros
        of an earlier mask may become non-zero again. For p < 1 this is one more start.
    n_jobs : int, default=None
        Number of threads for the passes over the data; None is 1, also within
        :func:`joblib.parallel_config`, and -1 all cores. BLAS is held to a single thread during a fit,
        in the whole process, unless p > 1, the data are dense and ``n_jobs`` is 1.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the type of the data. After `sparsify` a csr_array of shape (1, n_features)
        or (n_targets, n_features).
    intercept_ : float or ndarray of shape (n_targets,)
    sparse_coef_ : csr_array of shape (1, n_features) or (n_targets, n_features)
        `coef_` as a sparse array.
    mask_ : ndarray of bool of shape (n_features,) or (n_targets, n_features)
        ``abs(coef_) > sparsity_threshold``
    sparsity_ : float
        Share of zeros in `coef_`.
    penalty : {"l1", "l2"}
        "l1" for p <= 1, where coefficients are exactly zero, and "l2" above. Read-only.
        :class:`~sklearn.feature_selection.SelectFromModel` reads it: with "l1" its default threshold
        is 1e-5, as for the Lasso, instead of the mean of ``abs(coef_)``.
    penalty_ : float or ndarray of shape (n_targets,)
        The second sum of the objective.
    objective_ : float or ndarray of shape (n_targets,)
        The objective: mean loss plus `penalty_`.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap relative to the objective of the null model: the objective is proven to lie
        within ``dual_gap_ * F(0)`` of the minimum. nan for p < 1 and where there is no dual
        (``alpha = alpha_l2 = 0``).
    optimality_ : float or ndarray of shape (n_targets,)
        Largest exact one-dimensional step left to take, ``max_j min(sqrt(L_j) * abs(dw_j),
        sqrt(2 * decrease_j)) / sqrt(2 * F(0))``, with L_j the column's curvature: no unit, any p.
    n_iter_ : int or ndarray of shape (n_targets,)
        Passes of the outer loop, over all starts and refits.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features seen in `fit`, if all were strings.

    Warns
    -----
    ConvergenceWarning
        If the certificate is above `tol`; it says what was reached and what to change.

    See Also
    --------
    SparseNormalizer : Brings the columns of sparse data to one norm.
    SparseDropoutReplacer : Adds replacement noise to training data.
    sklearn.linear_model.Lasso : The case ``p=1``.

    Notes
    -----
    With ``refit=True`` certificate, objective and warning speak of the problem restricted to
    `mask_`, unless a warning says that the passes ended before the refit; with ``refit=False`` the
    certificate is that of the fit before the mask.

    Of float32 data, coefficients and intercept are rounded to float32 after the fit. Objective and
    certificate are those of the rounded ones: they may lie above `tol` by what rounding costs.

    Several targets are independent fits. For p <= 1 they share the passes over the data and the
    Gram matrix.

    References
    ----------
    .. [1] R. Tibshirani. "Regression shrinkage and selection via the lasso". Journal of the Royal
       Statistical Society B 58 (1996).
    .. [2] I. Frank and J. Friedman. "A statistical view of some chemometrics regression tools".
       Technometrics 35 (1993).
    .. [3] M. Massias, A. Gramfort and J. Salmon. "Celer: a fast solver for the lasso with dual
       extrapolation". ICML (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import random_array
    >>> from skl_sparse import SparseLpRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = random_array((200, 1000), density=0.05, format="csr", random_state=rng)
    >>> y = X[:, [3, 14, 159]] @ np.array([3.0, -2.0, 1.0])
    >>> model = SparseLpRegressor(alpha=1e-3, p=0.5).fit(X, y)
    >>> np.flatnonzero(model.mask_)
    array([  3,  14, 159])
    >>> model.optimality_ <= model.tol
    True
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        p: float = 1.0,
        alpha_l2: float = 0.0,
        sparsity_threshold: float = 0.0,
        refit: bool = True,
        feature_weights: FeatureWeights = None,
        fit_intercept: bool = True,
        positive: bool = False,
        solver: Literal["auto", "cd", "proximal_gradient"] = "auto",
        local_search: bool = False,
        max_iter: int = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.p = p
        self.alpha_l2 = alpha_l2
        self.sparsity_threshold = sparsity_threshold
        self.refit = refit
        self.feature_weights = feature_weights
        self.fit_intercept = fit_intercept
        self.positive = positive
        self.solver = solver
        self.local_search = local_search
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    @atomic
    def fit(
        self, X: MatrixLike, y: npt.ArrayLike | Frame, sample_weight: npt.ArrayLike | None = None
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix or array} of shape (n_samples, n_features)
            Training data; never modified. CSR, CSC and dense arrays of float32 or float64 are read
            where they lie.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0 of the rows, not all zero; a weight of 2 is the row twice. None: all one.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data is not allowed; the message names it, its value and what is.
        """
        self._check_parameters()
        # Where every row counts, the sums of the columns tell what is not finite, without a pass.
        data, targets = self._validate(X, y, ensure_all_finite=sample_weight is not None)
        n_samples, n_features = data.shape
        several, targets = targets.ndim == 2, targets.reshape(n_samples, -1)
        weights = check_sample_weight(sample_weight, n_samples)
        feature_weights = self._weights_of_features(X, n_features)
        start = self._start((targets.shape[1], n_features))
        fit = self._solve(data, targets, weights, feature_weights, start)
        self._set_attributes(fit, several)
        self._warn_unless_converged(fit, stacklevel=3)
        return self

    def predict(self, X: MatrixLike) -> npt.NDArray[Any]:
        """Predict the targets of new rows.

        Parameters
        ----------
        X : {array-like, sparse matrix or array} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        return self._linear_predictions(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
