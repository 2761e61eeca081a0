"""What estimators that fit sparse coefficients share: checks, starts, attributes, predictions."""

import numbers
import warnings
from contextlib import nullcontext
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from joblib import effective_n_jobs
from scipy.sparse import csr_array, issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_array, check_is_fitted

from .._storage import validate, validate_with_targets
from .._validation import check_bool, check_choice, check_integer, check_real
from ..engine.designs import NotFiniteError, as_design
from ..engine.parallel import one_blas_thread
from ..engine.problems.least_squares import LeastSquares
from ..engine.tuning import DEFAULT
from ._feature_weights import resolve_feature_weights
from ._predictions import linear_predictions

SOLVERS = ("auto", "cd", "proximal_gradient")


class SparseLpModel(BaseEstimator):
    """A linear model with an Lp penalty. Subclasses have the parameters and `fit`.

    `fit` sets `coef_` and `intercept_`, and all other attributes with them.
    """

    # What `fit` sets: numbers of a single target, arrays of several.
    coef_: Any
    intercept_: Any
    sparsity_: float
    penalty_: Any
    objective_: Any
    dual_gap_: Any
    optimality_: Any
    n_iter_: Any
    n_features_in_: int
    feature_names_in_: npt.NDArray[Any]

    # The figures that the engine goes by; benchmarks and tests put in others.
    _tuning = DEFAULT

    @property
    def penalty(self) -> Literal["l1", "l2"]:
        """Which penalty scikit-learn is to treat this as: "l1" for p <= 1, else "l2".

        :class:`~sklearn.feature_selection.SelectFromModel` reads it: with "l1", where coefficients
        are exactly zero, it selects by default those above 1e-5, as for the Lasso, instead of those
        above the mean.
        """
        return "l1" if isinstance(self.p, numbers.Real) and self.p <= 1 else "l2"

    @property
    def sparse_coef_(self) -> csr_array:
        """`coef_` as a csr_array with a row for each target."""
        coef: Any = self.coef_
        if not issparse(coef):
            coef = np.atleast_2d(coef)
        return csr_array(coef)

    @property
    def mask_(self) -> npt.NDArray[np.bool_]:
        """``abs(coef_) > sparsity_threshold``: what is not, `fit` has set to zero."""
        if not issparse(self.coef_):
            return self.coef_ != 0
        mask = self.sparse_coef_.astype(bool).toarray()
        return mask if self._has_several_targets() else mask[0]

    def sparsify(self) -> Self:
        """Hold `coef_` as a csr_array of shape (n_targets, n_features).

        Predictions are the same. Memory and pickles are in proportion to the coefficients that are
        not zero, instead of to all columns; so is the time to predict a few sparse rows. The next `fit`
        ends with a dense `coef_` again.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        check_is_fitted(self)
        self.coef_ = self.sparse_coef_
        return self

    def densify(self) -> Self:
        """Hold `coef_` as a dense array again: the inverse of `sparsify`.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        check_is_fitted(self)
        if issparse(self.coef_):
            coef = self.sparse_coef_.toarray()
            self.coef_ = coef if self._has_several_targets() else coef[0]
        return self

    def __sklearn_is_fitted__(self):
        return getattr(self, "coef_", None) is not None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _has_several_targets(self):
        """Whether `coef_` has a row for each target, even if there is only one."""
        return np.ndim(self.intercept_) == 1

    # -- before a fit ------------------------------------------------------------------------------
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

    def _validate(self, X, y, ensure_all_finite):
        """Return ``X`` as `validate_with_targets` does, and ``y`` as finite float64."""
        if issparse(y):
            raise TypeError("y must be a dense array, got a sparse one; use y.toarray()")
        given = y
        # scikit-learn adds all numbers up first, whatever np.seterr says of the sum.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            try:
                X, y = validate_with_targets(self, X, y, ensure_all_finite=ensure_all_finite)
            except TypeError as error:
                if "NA is ambiguous" not in str(error):  # pandas.NA among other objects
                    raise
                raise ValueError("X or y contains NaN (pandas.NA)") from error
            if y is given and y.itemsize <= 8:  # numbers that have been found finite
                return X, y.astype(np.float64, copy=False)
            # None, "nan" and "inf" among objects or strings are found once they are numbers.
            y = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y", estimator=self)
        return X, y

    def _weights_of_features(self, X, n_features):
        """One weight for each column, by the names that were recorded of ``X``, as given to `fit`."""
        names = getattr(self, "feature_names_in_", None)
        return resolve_feature_weights(self.feature_weights, X, n_features, names)

    def _n_threads(self):
        # joblib gives None another meaning within its contexts: as many as these have workers.
        return 1 if self.n_jobs is None else effective_n_jobs(self.n_jobs)

    def _start(self, shape):
        """The coefficients of shape (n_targets, n_features) to start from, None for a cold start."""
        coef = getattr(self, "coef_", None)
        if not self.warm_start or coef is None:
            return None
        coef = coef.toarray() if issparse(coef) else coef
        coef = np.atleast_2d(np.asarray(coef))
        if coef.shape != shape:
            raise ValueError(
                f"warm_start needs data like those of the last fit: coef_ has shape {coef.shape}, "
                f"the data call for {shape}; set warm_start=False to start anew"
            )
        return np.maximum(coef, 0) if self.positive else coef

    # -- the fit -----------------------------------------------------------------------------------
    def _solve(self, X, targets, sample_weight, feature_weights, start):
        """The `Fit` of checked data, with a column of ``targets`` for each row of coefficients."""
        n_threads = self._n_threads()
        # Where nothing stays at zero, dense data are multiplied as a whole, which BLAS can share.
        blas_shares = self.p > 1 and not issparse(X) and n_threads == 1
        # Numbers that vanish beside others do no harm, whatever the caller's np.seterr says.
        with np.errstate(under="ignore"), nullcontext() if blas_shares else one_blas_thread():
            try:
                design = as_design(X, n_threads, self._tuning.designs, checked=True)
                data = LeastSquares.of_targets(
                    design, targets, sample_weight, self.fit_intercept, self._tuning
                )
            except NotFiniteError:
                values = X.data if issparse(X) else X
                with np.errstate(over="ignore", invalid="ignore"):
                    assert_all_finite(values, estimator_name=type(self).__name__, input_name="X")
                raise  # scikit-learn was told to assume finite data
            batch = data.batch(
                float(self.alpha),
                float(self.p),
                float(self.alpha_l2),
                feature_weights,
                bool(self.positive),
            )
            return data.fit(
                batch,
                None if start is None else data.standardised(start),
                dtype=X.dtype,
                threshold=self.sparsity_threshold,
                refit=self.refit,
                solver=self.solver,
                local_search=self.local_search,
                max_iter=self.max_iter,
                tol=self.tol,
            )

    # -- after it ----------------------------------------------------------------------------------
    def _set_attributes(self, fit, several):
        """Set all that a fit found, with an entry or row for each target if there are ``several``."""

        def by_target(values):
            values = np.asarray(values)
            return values if several else values[0].item()

        self.coef_ = fit.coef if several else fit.coef[0]
        self.intercept_ = fit.intercept if several else fit.intercept[0]
        self.sparsity_ = float(np.mean(fit.coef == 0))
        self.penalty_ = by_target(fit.penalty)
        self.objective_ = by_target(fit.objective)
        self.dual_gap_ = by_target([certificate.gap for certificate in fit.certificates])
        self.optimality_ = by_target([certificate.optimality for certificate in fit.certificates])
        self.n_iter_ = by_target(fit.n_iter)

    def _warn_unless_converged(self, fit, stacklevel):
        """Warn of a fit above `tol`; the ``stacklevel`` is counted from the caller, as Python does."""
        passes = fit.n_iter.max()
        name, worst = max((c.deciding for c in fit.reached), key=lambda pair: pair[1])
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
            f"{type(self).__name__} stopped after {passes} passes {reached}: {advice}",
            ConvergenceWarning,
            stacklevel=stacklevel + 1,
        )

    def _linear_predictions(self, X):
        """``X @ coef_.T + intercept_`` of new rows."""
        check_is_fitted(self)
        X = validate(self, X, reset=False, ensure_all_finite=True)
        coef = self.coef_ if issparse(self.coef_) else np.atleast_2d(self.coef_)
        predictions = linear_predictions(X, coef)
        if not self._has_several_targets():
            predictions = predictions[:, 0]
        return predictions + self.intercept_
