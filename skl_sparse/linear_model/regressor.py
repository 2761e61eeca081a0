"""SparseLpRegressor: Lp-penalised linear regression, any p >= 0."""

import warnings
from contextlib import nullcontext

import numpy as np
from joblib import effective_n_jobs
from scipy.sparse import csr_array, issparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import assert_all_finite
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data

from .._storage import ACCEPTED, validate_with_targets
from .._validation import (
    check_bool,
    check_choice,
    check_integer,
    check_real,
    check_sample_weight,
    check_weights,
)
from ..engine.designs import NotFiniteError, as_design
from ..engine.parallel import one_blas_thread
from ..engine.problems.least_squares import LeastSquares
from ..engine.tuning import DEFAULT

__all__ = ["SparseLpRegressor"]

SOLVERS = ("auto", "cd", "proximal_gradient")


class SparseLpRegressor(RegressorMixin, BaseEstimator):
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
    feature_weights : array-like of shape (n_features,), default=None
        Factors v >= 0 of each column's penalty; 0 leaves the column without one. None: all one.
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
        Whether to start from the present `coef_`, if there is one. Zeros of an earlier mask may
        become non-zero again. For p < 1 this is one more start.
    n_jobs : int, default=None
        Number of threads for the passes over the data; None is 1, -1 all cores. BLAS is held to a
        single one during a fit, in the whole process, unless p > 1, the data are dense and ``n_jobs``
        is 1.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the type of the data.
    intercept_ : float or ndarray of shape (n_targets,)
    sparse_coef_ : csr_array of shape (1, n_features) or (n_targets, n_features)
        `coef_` as a sparse array.
    mask_ : ndarray of bool, shape of `coef_`
        ``abs(coef_) > sparsity_threshold``
    sparsity_ : float
        Share of zeros in `coef_`.
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
    `mask_`, unless a warning says that the passes ended before the refit; with ``refit=False`` the certificate is that of the fit before the mask.

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

    # The figures that the engine goes by; benchmarks and tests put in others.
    _tuning = DEFAULT

    def __init__(
        self,
        alpha=1.0,
        *,
        p=1.0,
        alpha_l2=0.0,
        sparsity_threshold=0.0,
        refit=True,
        feature_weights=None,
        fit_intercept=True,
        positive=False,
        solver="auto",
        local_search=False,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        n_jobs=None,
    ):
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

    def fit(self, X, y, sample_weight=None):
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
        if issparse(y):
            raise TypeError("y must be a dense array, got a sparse one; use y.toarray()")
        # Where every row counts, the sums of the columns tell what is not finite, without a pass.
        X, y = validate_with_targets(self, X, y, ensure_all_finite=sample_weight is not None)
        n_samples, n_features = X.shape
        targets = np.asarray(y, dtype=np.float64).reshape(n_samples, -1)
        weights = check_sample_weight(sample_weight, n_samples)
        feature_weights = check_weights(
            "feature_weights", self.feature_weights, n_features, "column"
        )
        start = self._warm_coef((targets.shape[1], n_features))
        n_threads = effective_n_jobs(self.n_jobs)
        # Where nothing stays at zero, dense data are multiplied as a whole, which BLAS can share.
        blas_shares = self.p > 1 and not issparse(X) and n_threads == 1
        with nullcontext() if blas_shares else one_blas_thread():
            fit = self._solve(X, targets, weights, feature_weights, start, n_threads)

        def per_target(values):
            return np.asarray(values) if y.ndim == 2 else values[0].item()

        with np.errstate(over="ignore"):
            intercept = fit.intercept.astype(X.dtype)
        if not (np.isfinite(fit.coef).all() and np.isfinite(intercept).all()):
            wider = ", or pass X as float64" if X.dtype == np.float32 else ""
            raise ValueError(
                f"coefficients or intercept exceed the range of {X.dtype}, the type of X: "
                f"scale X or y{wider}"
            )

        self.coef_ = fit.coef if y.ndim == 2 else fit.coef[0]
        self.intercept_ = intercept if y.ndim == 2 else intercept[0]
        self.mask_ = fit.mask if y.ndim == 2 else fit.mask[0]
        self.sparsity_ = float(np.mean(self.coef_ == 0))
        self.penalty_ = per_target(fit.penalty)
        self.objective_ = per_target(fit.objective)
        self.dual_gap_ = per_target(np.array([c.gap for c in fit.certificates]))
        self.optimality_ = per_target(np.array([c.optimality for c in fit.certificates]))
        self.n_iter_ = per_target(fit.n_iter)
        self._warn_unless_converged(fit)
        return self

    def predict(self, X):
        """Predict the targets of new rows.

        Parameters
        ----------
        X : {array-like, sparse matrix or array} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        check_is_fitted(self)
        X = validate_data(self, X, **ACCEPTED, reset=False)
        return safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_

    @property
    def sparse_coef_(self):
        """`coef_` as a csr_array with a row for each target."""
        return csr_array(np.atleast_2d(self.coef_))

    def _solve(self, X, targets, weights, feature_weights, start, n_threads):
        """The `Fit` of checked data."""
        try:
            design = as_design(X, n_threads)
            problem_of = LeastSquares(design, targets, weights, self.fit_intercept, self._tuning)
        except NotFiniteError:
            values = X.data if issparse(X) else X
            assert_all_finite(values, estimator_name=type(self).__name__, input_name="X")
            raise  # scikit-learn was told to assume finite data
        return problem_of.fit(
            problem_of.problem(
                float(self.alpha),
                float(self.p),
                float(self.alpha_l2),
                feature_weights,
                bool(self.positive),
            ),
            None if start is None else problem_of.standardised(start),
            dtype=X.dtype,
            threshold=self.sparsity_threshold,
            refit=self.refit,
            solver=self.solver,
            local_search=self.local_search,
            max_iter=self.max_iter,
            tol=self.tol,
        )

    def _check_parameters(self):
        for name in ("alpha", "p", "alpha_l2", "sparsity_threshold", "tol"):
            check_real(name, getattr(self, name), low=0)
        for name in ("refit", "fit_intercept", "positive", "local_search", "warm_start"):
            check_bool(name, getattr(self, name))
        check_choice("solver", self.solver, SOLVERS)
        check_integer("max_iter", self.max_iter, low=1)
        if self.n_jobs is not None:
            check_integer("n_jobs", self.n_jobs)
            if self.n_jobs == 0:
                raise ValueError("n_jobs must be None or a non-zero integer, got 0")

    def _warm_coef(self, shape):
        """The coefficients to start from, None for a cold start."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        coef = np.atleast_2d(self.coef_)
        if coef.shape != shape:
            raise ValueError(
                f"warm_start needs data like those of the last fit: coef_ has shape {coef.shape}, "
                f"the data call for {shape}; set warm_start=False to start anew"
            )
        return np.maximum(coef, 0) if self.positive else coef

    def _warn_unless_converged(self, fit):
        passes = fit.n_iter.max()
        name, worst = max((c.deciding for c in fit.certificates), key=lambda pair: pair[1])
        if not fit.finished:
            reached, advice = "before the refit that sparsity_threshold calls for", ""
        elif worst > self.tol:
            reached = f"with {name} = {worst:.3g}, above tol = {self.tol:.3g}"
            advice = (
                ", accept a larger tol, or bring the columns of X to one scale (SparseNormalizer)"
            )
        else:
            return
        if passes >= self.max_iter:
            advice = f"increase max_iter (now {self.max_iter}){advice}"
        else:
            advice = f"the last passes made no progress{advice}"
        warnings.warn(
            f"SparseLpRegressor stopped after {passes} passes {reached}: {advice}",
            ConvergenceWarning,
            stacklevel=3,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags
