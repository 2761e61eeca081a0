"""Fits for a whole grid of strengths."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from .._storage import check_entries
from .._typing import FeatureWeights, Frame, MatrixLike
from .._validation import check_bool, check_integer, check_real, check_sample_weight
from ..engine.designs import WeightedView, as_design
from ..engine.parallel import one_blas_thread
from ..engine.problems.least_squares import LeastSquares, standard_weights
from ..engine.problems.path import Path
from ..engine.tuning import DEFAULT
from ._grid import check_eps, correlations, largest_alpha, strengths_of
from ._predictions import linear_predictions
from ._selection import CRITERIA, check_rule, information_criterion, within_budget
from .regressor import SparseLpRegressor

# The rule of glmnet: a path may end where the explained share is so large, or grows so little.
MOST_EXPLAINED, LEAST_GAIN = 0.999, 1e-5
# But not within so many steps.
FEWEST_STEPS = 5


@dataclass(frozen=True)
class LpPath:
    """The fits of a path, from the largest strength to the smallest.

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
        In descending order.
    correlations : ndarray of shape (n_alphas,)
        The correlation at which a zero coefficient leaves zero, relative to the largest: this is what
        means the same for every p <= 1. For p > 1 it is ``sqrt(alpha / alpha_max)``.
    coefs : csr_array of shape (n_alphas, n_features)
    intercepts : ndarray of shape (n_alphas,)
    dual_gaps, optimalities : ndarray of shape (n_alphas,)
        The certificates, as in :class:`SparseLpRegressor`.
    n_iters : ndarray of shape (n_alphas,)
    n_nonzeros : ndarray of shape (n_alphas,)
        Numbers of coefficients that are not zero.
    objectives, losses : ndarray of shape (n_alphas,)
        The objective, and its first term, the mean loss on the training rows.
    null_loss : float
        The mean loss of the model without coefficients.
    n_samples : float
        The sum of the sample weights.
    p, alpha_l2 : float
    params : dict
        What else a :class:`SparseLpRegressor` would be made with.
    feature_names_in_ : ndarray of str or None
    """

    alphas: npt.NDArray[np.float64]
    correlations: npt.NDArray[np.float64]
    coefs: Any
    intercepts: npt.NDArray[np.float64]
    dual_gaps: npt.NDArray[np.float64]
    optimalities: npt.NDArray[np.float64]
    n_iters: npt.NDArray[np.int64]
    n_nonzeros: npt.NDArray[np.int64]
    objectives: npt.NDArray[np.float64]
    losses: npt.NDArray[np.float64]
    null_loss: float
    n_samples: float
    p: float
    alpha_l2: float
    params: dict[str, Any] = field(repr=False)
    feature_names_in_: npt.NDArray[Any] | None = field(default=None, repr=False)

    @property
    def explained(self) -> npt.NDArray[np.float64]:
        """The share of the null model's loss that each fit explains."""
        if self.null_loss == 0:
            return np.zeros(len(self.alphas))
        return 1.0 - self.losses / self.null_loss

    def predict(self, X: MatrixLike) -> npt.NDArray[Any]:
        """Predict new rows with every fit.

        Parameters
        ----------
        X : {array-like, sparse matrix or array} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples, n_alphas)
        """
        X = check_entries(X)
        if X.shape[1] != self.coefs.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features, but this path was fitted with {self.coefs.shape[1]}"
            )
        return linear_predictions(X, self.coefs) + self.intercepts

    def criterion(self, name: str) -> npt.NDArray[np.float64]:
        """Information criterion of every fit; the smaller the better.

        Parameters
        ----------
        name : {"aic", "bic", "ebic"}
            ``n * log(2 * loss)`` plus, for k non-zeros, ``2 * k`` (AIC), ``log(n) * k`` (BIC), or that and
            ``2 * log(binomial(n_features, k))`` (extended BIC).

        Returns
        -------
        values : ndarray of shape (n_alphas,)
        """
        check_rule("name", name, CRITERIA)
        if self.p > 1:
            raise ValueError(
                f"{name} counts coefficients that are not zero, and with p={self.p} > 1 none is zero"
            )
        return information_criterion(
            name, self.losses, self.n_nonzeros, self.n_samples, self.coefs.shape[1]
        )

    def select(
        self, rule: str | None = None, *, max_nonzeros: int | None = None, index: int | None = None
    ) -> SparseLpRegressor:
        """Return one of the fits as a fitted regressor; nothing is fitted anew.

        Parameters
        ----------
        rule : {"aic", "bic", "ebic"} or None, default=None
            The information criterion to minimise. None: the smallest alpha that is allowed.
        max_nonzeros : int or None, default=None
            The most coefficients that the fit may have.
        index : int or None, default=None
            The place in `alphas`, instead of a rule.

        Returns
        -------
        model : SparseLpRegressor

        Raises
        ------
        TypeError, ValueError
            If no fit is allowed, or a rule is not known.
        """
        if index is not None:
            if rule is not None or max_nonzeros is not None:
                raise ValueError("index must be None where rule or max_nonzeros is given")
            n = len(self.alphas)
            place = check_integer("index", index, low=-n, high=n - 1) % n
        else:
            allowed = within_budget(self.n_nonzeros, max_nonzeros)
            if rule is None:
                place = int(np.flatnonzero(allowed)[-1])
            else:
                values = np.where(allowed, self.criterion(rule), np.inf)
                place = int(np.argmin(values))
        return self._model(place)

    def _model(self, place):
        return fitted_regressor(
            {
                **self.params,
                "alpha": float(self.alphas[place]),
                "p": self.p,
                "alpha_l2": self.alpha_l2,
            },
            self.coefs[[place]],
            self.intercepts[place],
            objective=self.objectives[place],
            loss=self.losses[place],
            dual_gap=self.dual_gaps[place],
            optimality=self.optimalities[place],
            n_iter=self.n_iters[place],
            feature_names=self.feature_names_in_,
        )


def fitted_regressor(
    params,
    coef,
    intercept,
    *,
    objective,
    loss,
    dual_gap,
    optimality,
    n_iter,
    feature_names,
):
    """A `SparseLpRegressor` with the attributes that a fit would have set."""
    model = SparseLpRegressor(**params)
    dense = coef.toarray()[0]
    dtype = dense.dtype
    model.coef_ = dense
    model.intercept_ = dtype.type(intercept)
    model.sparsity_ = float(np.mean(dense == 0))
    model.objective_, model.penalty_ = float(objective), float(objective - loss)
    model.dual_gap_, model.optimality_ = float(dual_gap), float(optimality)
    model.n_iter_ = int(n_iter)
    model.n_features_in_ = len(dense)
    if feature_names is not None:
        model.feature_names_in_ = feature_names
    return model


def lp_path(
    X: MatrixLike,
    y: npt.ArrayLike | Frame,
    *,
    p: float = 1.0,
    alphas: int | npt.ArrayLike = 100,
    eps: float = 1e-3,
    alpha_l2: float = 0.0,
    sample_weight: npt.ArrayLike | None = None,
    feature_weights: FeatureWeights = None,
    fit_intercept: bool = True,
    positive: bool = False,
    sparsity_threshold: float = 0.0,
    refit: bool = True,
    solver: Literal["auto", "cd", "proximal_gradient"] = "auto",
    local_search: bool = False,
    early_stopping: bool = False,
    max_iter: int = 1000,
    tol: float = 1e-4,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> LpPath:
    """Fit the Lp-penalised regression for a whole grid of strengths.

    Each fit starts where the one before ended, and the working set and its Gram matrix are kept: a
    path costs a few single fits. For p < 1, where there are many minima, each fit has starts of its own
    besides: a path must not be trapped in what one of its steps found.

    Parameters
    ----------
    X : {array-like, sparse matrix or array} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    p : float, default=1.0
        Exponent of the penalty, >= 0.
    alphas : int or array-like, default=100
        The strengths, or the length of the grid that :func:`alpha_grid` makes.
    eps : float, default=1e-3
        The end of that grid, relative to its beginning.
    alpha_l2 : float, default=0.0
        Strength of the ridge term, >= 0.
    sample_weight, feature_weights, fit_intercept, positive
        As for :class:`SparseLpRegressor`.
    sparsity_threshold, refit, solver, local_search
        As for :class:`SparseLpRegressor`.
    early_stopping : bool, default=False
        Whether the path may end before the grid does: where the share of the loss that is explained
        grows by less than 1e-5 of itself from one strength to the next, or passes 0.999.
    max_iter, tol, n_jobs
        As for :class:`SparseLpRegressor`; `max_iter` is for each strength.
    verbose : int, default=0
        1 prints a line for each strength.

    Returns
    -------
    path : LpPath

    Raises
    ------
    TypeError, ValueError
        If a parameter or the data is not allowed.

    See Also
    --------
    SparseLpRegressorCV : Chooses a fit by cross-validation.
    alpha_grid : The strengths.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import random_array
    >>> from skl_sparse import lp_path
    >>> rng = np.random.default_rng(0)
    >>> X = random_array((200, 1000), density=0.05, format="csr", random_state=rng)
    >>> y = X[:, [3, 14, 159]] @ np.array([3.0, -2.0, 1.0]) + 0.1 * rng.standard_normal(200)
    >>> path = lp_path(X, y, p=0.5, alphas=20)
    >>> np.flatnonzero(path.select(max_nonzeros=3).coef_)
    array([  3,  14, 159])
    """
    model = SparseLpRegressor(
        p=p,
        alpha_l2=alpha_l2,
        sparsity_threshold=sparsity_threshold,
        refit=refit,
        feature_weights=feature_weights,
        fit_intercept=fit_intercept,
        positive=positive,
        solver=solver,
        local_search=local_search,
        max_iter=max_iter,
        tol=tol,
        n_jobs=n_jobs,
    )
    model._check_parameters()
    check_bool("early_stopping", early_stopping)
    check_eps(eps)
    data, targets = model._validate(X, y, ensure_all_finite=True)
    if targets.ndim != 1:
        raise ValueError(
            f"y must have shape (n_samples,), got {targets.shape}: fit a path for each target"
        )
    weights = check_sample_weight(sample_weight, len(targets))
    feature_weights = model._weights_of_features(X, data.shape[1])
    p, alpha_l2 = float(p), float(alpha_l2)
    with np.errstate(under="ignore"), one_blas_thread():
        design = as_design(data, model._n_threads(), DEFAULT.designs, checked=True)
        view = WeightedView(design, standard_weights(weights), bool(fit_intercept))
        problem = LeastSquares([view], targets[:, None])
        largest = largest_alpha(problem, p, alpha_l2, feature_weights, positive)
        alphas, r = check_alphas(alphas, eps, largest, p)
        path = Path(problem, **path_options(model, data.dtype))
        steps = []
        for k, alpha in enumerate(alphas):
            batch = problem.batch(alpha, p, alpha_l2, feature_weights, bool(positive))
            steps.append(path.step(batch, ahead_of(alphas, k)))
            report(verbose, k, alphas, steps[-1])
            if early_stopping and _has_ended([step.losses[0] for step in steps], problem):
                break
    n = len(steps)
    certificates = [step.certificates[0] for step in steps]
    points = [step.points[0] for step in steps]
    params = model.get_params(deep=False)
    return LpPath(
        alphas[:n],
        r[:n],
        stacked(points, data.dtype),
        np.array([step.intercepts[0] for step in steps]).astype(data.dtype),
        np.array([certificate.gap for certificate in certificates]),
        np.array([certificate.optimality for certificate in certificates]),
        np.array([step.n_iter[0] for step in steps]),
        np.array([np.count_nonzero(u.values) for u in points]),
        np.array([step.objectives[0] for step in steps]),
        np.array([step.losses[0] for step in steps]),
        float(0.5 * problem.y_scale[0] ** 2) if problem.varies[0] else 0.0,
        float(weights.sum()),
        p,
        alpha_l2,
        params,
        getattr(model, "feature_names_in_", None),
    )


def path_options(model, dtype):
    """What a `Path` is made with, from the parameters of a regressor."""
    return {
        "dtype": dtype,
        "threshold": float(model.sparsity_threshold),
        "refit": model.refit,
        "positive": model.positive,
        "tol": model.tol,
        "max_iter": model.max_iter,
        "solver": model.solver,
        "local_search": model.local_search,
    }


def check_alphas(alphas, eps, largest, p):
    """The strengths in descending order, and the relative correlations they stand for."""
    if np.ndim(alphas) == 0:
        r = correlations(check_integer("alphas", alphas, low=1), eps)
        return strengths_of(r, largest, p), r
    alphas = np.array([check_real("each of alphas", alpha, low=0) for alpha in np.ravel(alphas)])
    if not len(alphas):
        raise ValueError("alphas must be a number of strengths or list at least one, got none")
    alphas = np.sort(alphas)[::-1]
    share = alphas / largest if largest > 0 else np.zeros_like(alphas)
    return alphas, share ** (1.0 / (2.0 - p) if p <= 1 else 0.5)


def ahead_of(alphas, k):
    """How far the kth strength is from the one before, in steps to that one."""
    if k < 2 or alphas[k - 2] == alphas[k - 1]:
        return 0.0
    return min(1.0, (alphas[k - 1] - alphas[k]) / (alphas[k - 2] - alphas[k - 1]))


def stacked(points, dtype):
    """Coefficients as the rows of a csr_array."""
    indptr = np.concatenate([[0], np.cumsum([len(u.values) for u in points])])
    indices = np.concatenate([u.columns for u in points])
    values = np.concatenate([u.values for u in points]).astype(dtype)
    return csr_array((values, indices, indptr), shape=(len(points), points[0].size))


def report(verbose, k, alphas, step):
    """Print a line for one strength."""
    if verbose:
        counts = [np.count_nonzero(u.values) for u in step.points]
        worst = max(certificate.deciding[1] for certificate in step.certificates)
        print(
            f"[{k + 1}/{len(alphas)}] alpha={alphas[k]:.4g} nonzeros={max(counts)} "
            f"passes={step.n_iter.max()} certificate={worst:.2g}"
        )


def _has_ended(losses, problem):
    null = 0.5 * problem.y_scale[0] ** 2
    explained = 1.0 - np.asarray(losses[-2:]) / null
    if len(losses) < FEWEST_STEPS:
        return False
    return bool(
        explained[-1] > MOST_EXPLAINED or explained[1] - explained[0] < LEAST_GAIN * explained[1]
    )
