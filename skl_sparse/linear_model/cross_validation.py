"""Choosing strength, exponent and ridge term by cross-validation."""

import warnings
from functools import partial
from itertools import product
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import indexable
from sklearn.utils.validation import check_is_fitted, column_or_1d

from .._typing import FeatureWeights, Frame, MatrixLike
from .._validation import (
    atomic,
    check_bool,
    check_integer,
    check_real,
    check_sample_weight,
)
from ..engine.designs import as_design
from ..engine.parallel import one_blas_thread
from ..engine.problems.least_squares import LeastSquares
from ..engine.problems.path import Path
from ._base import SparseLpModel
from ._folds import folds_of, views_of
from ._grid import check_eps, entering_curvature, largest_of
from ._scores import scorer_of_paths
from ._selection import (
    CRITERIA,
    best_by_score,
    check_rule,
    information_criterion,
    one_standard_error,
    within_budget,
)
from .path import ahead_of, check_alphas, fitted_regressor, path_options, report, stacked
from .regressor import SparseLpRegressor


class SparseLpRegressorCV(RegressorMixin, SparseLpModel):
    """Lp-penalised regression whose strength, exponent and ridge term cross-validation chooses.

    Every setting of `p`, `alpha_l2`, `sparsity_threshold` and `relax` is fitted along a grid of strengths
    that means the same for every `p` (see :func:`alpha_grid`), on all rows and without each fold, in
    one pass over the data for all folds. Afterwards :meth:`select` chooses again, by another rule or
    under a budget of columns, without a new fit.

    Tune `p` and `alpha_l2` together: ``p < 1`` alone loses where columns are many and weak, and with the
    ridge term it keeps the accuracy with a fraction of the columns.

    Parameters
    ----------
    alphas : int or array-like, default=100
        The length of the grid of strengths, from where all coefficients are zero; or the strengths
        themselves, which then are the same for every `p`.
    p : float or list of float, default=1.0
        Exponents of the penalty, >= 0.
    alpha_l2 : float or list of float, default=0.0
        Strengths of the ridge term, >= 0, relative to the data: 1 is a ridge term as strong as the
        curvature of the column that enters first, which halves that column's own coefficient. So one
        list fits all data. `alpha_l2_` is absolute.
    eps : float, default=1e-3
        The end of the grid: the smallest correlation at which a zero coefficient leaves zero, relative to the
        largest.
    sparsity_threshold : float or list of float, default=0.0
        Coefficients up to it become zero, and what is left is fitted again.
    relax : float or list of float, default=0.0
        Shares, in [0, 1], of the way from a fit to least squares on its support: the relaxed Lasso [1]_.
        0 is the fit itself.
    cv : int, splitter, iterable or None, default=None
        As in scikit-learn; None is 5 folds.
    scoring : str, callable or None, default=None
        As in scikit-learn, the larger the better; None is minus the mean squared error.
    selection : {"min", "1se", "aic", "bic", "ebic"}, default="min"
        "min" takes the best score, "1se" the fewest coefficients within one standard error of it; the
        others minimise an information criterion of the fits on all rows.
    max_nonzeros : int or None, default=None
        The most coefficients that the choice may have.
    refit : bool, default=True
        Whether to keep the fit on all rows that is chosen; False leaves `coef_` out.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold as `fold_coef_path_`.
    feature_weights, fit_intercept, positive, solver, local_search, max_iter, tol
        As in :class:`SparseLpRegressor`; `max_iter` is for each strength.
    n_jobs : int, default=None
        Number of threads; None is 1, -1 all cores.
    verbose : int, default=0
        1 prints a line for each strength.

    Attributes
    ----------
    alpha_, p_, alpha_l2_, alpha_l2_ratio_, sparsity_threshold_, relax_ : float
        What was chosen; `alpha_l2_ratio_` is relative, as the parameter.
    best_index_ : tuple of int
        (setting, strength) of the choice.
    settings_ : list of dict
        The settings: p, alpha_l2, alpha_l2_ratio, sparsity_threshold, relax.
    alphas_ : ndarray of shape (n_settings, n_alphas)
        In descending order.
    correlations_ : ndarray of shape (n_settings, n_alphas)
        The relative correlation at which a zero coefficient leaves zero.
    score_path_ : ndarray of shape (n_settings, n_alphas, n_folds)
        Scores of the rows left out.
    mean_score_path_, se_score_path_ : ndarray of shape (n_settings, n_alphas)
        Their means, folds weighted by the weight of their rows, and standard errors.
    n_nonzeros_path_ : ndarray of shape (n_settings, n_alphas)
        Numbers of coefficients of the fits on all rows.
    dual_gap_path_, optimality_path_ : ndarray of shape (n_settings, n_alphas)
        Their certificates.
    coef_path_ : list of csr_array of shape (n_alphas, n_features)
        Their coefficients, a list of settings.
    intercept_path_ : ndarray of shape (n_settings, n_alphas)
    fold_coef_path_ : list of list of csr_array
        For each fold, for each setting, if ``store_fold_coefs=True``.
    fold_weights_ : ndarray of shape (n_folds,)
    cv_results_ : dict of ndarray
        A row for each candidate; a pandas DataFrame can be made of it.
    coef_, intercept_, mask_, sparsity_, penalty_, objective_, dual_gap_, optimality_, n_iter_
        Of the choice, as in :class:`SparseLpRegressor`; certificates of a relaxed choice are those of
        the fit that it was relaxed from.
    n_features_in_, feature_names_in_
        As in :class:`SparseLpRegressor`.

    Warns
    -----
    UserWarning
        If the choice lies at an end of the grid where a better one may lie beyond.
    ConvergenceWarning
        If certificates are above `tol`.

    See Also
    --------
    SparseLpRegressor : A single fit.
    lp_path : The fits of a grid without folds.

    Notes
    -----
    Folds are weights of the rows: no fold copies X. Where the folds are a partition of the rows, means,
    deviations and Gram matrices of all of them come from one pass over X each.

    References
    ----------
    .. [1] N. Meinshausen. "Relaxed lasso". Computational Statistics and Data Analysis 52 (2007).

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import random_array
    >>> from skl_sparse import SparseLpRegressorCV
    >>> rng = np.random.default_rng(0)
    >>> X = random_array((300, 1000), density=0.05, format="csr", random_state=rng)
    >>> y = X[:, [3, 14, 159]] @ np.array([3.0, -2.0, 1.0]) + 0.1 * rng.standard_normal(300)
    >>> model = SparseLpRegressorCV(alphas=30, p=[0.5, 1.0], alpha_l2=[0.0, 0.1]).fit(X, y)
    >>> model.p_
    0.5
    >>> np.flatnonzero(model.select("1se").coef_)
    array([  3,  14, 159])
    >>> model.select(max_nonzeros=2).mask_.sum() <= 2
    np.True_
    """

    def __init__(
        self,
        *,
        alphas: int | npt.ArrayLike = 100,
        p: float | list[float] = 1.0,
        alpha_l2: float | list[float] = 0.0,
        eps: float = 1e-3,
        sparsity_threshold: float | list[float] = 0.0,
        relax: float | list[float] = 0.0,
        cv: Any = None,
        scoring: Any = None,
        selection: Literal["min", "1se", "aic", "bic", "ebic"] = "min",
        max_nonzeros: int | None = None,
        refit: bool = True,
        store_fold_coefs: bool = False,
        feature_weights: FeatureWeights = None,
        fit_intercept: bool = True,
        positive: bool = False,
        solver: Literal["auto", "cd", "proximal_gradient"] = "auto",
        local_search: bool = False,
        max_iter: int = 1000,
        tol: float = 1e-4,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.alphas = alphas
        self.p = p
        self.alpha_l2 = alpha_l2
        self.eps = eps
        self.sparsity_threshold = sparsity_threshold
        self.relax = relax
        self.cv = cv
        self.scoring = scoring
        self.selection = selection
        self.max_nonzeros = max_nonzeros
        self.refit = refit
        self.store_fold_coefs = store_fold_coefs
        self.feature_weights = feature_weights
        self.fit_intercept = fit_intercept
        self.positive = positive
        self.solver = solver
        self.local_search = local_search
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def penalty(self) -> Literal["l1", "l2"]:
        """As for :class:`SparseLpRegressor`: "l1" where the fits are sparse, else "l2"."""
        p = getattr(self, "p_", None)
        if p is None:
            p = max(np.ravel(self.p).tolist())
        return "l1" if p <= 1 else "l2"

    @atomic
    def fit(
        self,
        X: MatrixLike,
        y: npt.ArrayLike | Frame,
        sample_weight: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
    ) -> Self:
        """Fit all settings on all rows and without each fold, and choose.

        Parameters
        ----------
        X : {array-like, sparse matrix or array} of shape (n_samples, n_features)
            Training data; never modified.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0 of the rows, in the grid, the fits and the scores.
        groups : array-like of shape (n_samples,), default=None
            For splitters that keep groups of rows together.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data is not allowed.
        """
        values = self._check_settings()
        data, target = self._validate(X, y, ensure_all_finite=True)
        target = column_or_1d(target, warn=True)
        weights = check_sample_weight(sample_weight, len(target))
        feature_weights = self._weights_of_features(X, data.shape[1])
        indexable(data, groups)
        folds = folds_of(self.cv, data, target, groups, weights)
        with np.errstate(under="ignore"), one_blas_thread():
            problem = self._problem(data, target, weights, folds)
            grid = self._grid(problem, values, feature_weights)
            found = self._fit_settings(problem, data.dtype, grid, feature_weights)
        self.settings_ = [setting for setting, *_ in grid]
        self.alphas_ = np.array([alphas for _, alphas, _ in grid])
        self.correlations_ = np.array([r for *_, r in grid])
        self._store(found, data, problem)
        fold_coefs = [
            [stacked(points, data.dtype) for points, _ in of] for of in self._of_folds(found)
        ]
        fold_intercepts = [[intercepts for _, intercepts in of] for of in self._of_folds(found)]
        if self.store_fold_coefs:
            self.fold_coef_path_ = fold_coefs
        self.fold_weights_ = np.array([weights[test].sum() for _, test in folds])
        score = scorer_of_paths(self._regressor(), self.scoring, sample_weight is not None)
        with np.errstate(under="ignore"):
            self.score_path_ = np.stack(
                [
                    score(data[test], target[test], weights[test], *of)
                    for (_, test), *of in zip(folds, fold_coefs, fold_intercepts, strict=True)
                ],
                axis=-1,
            )
        share = self.fold_weights_ / self.fold_weights_.sum()
        self.mean_score_path_ = self.score_path_ @ share
        spread = (self.score_path_ - self.mean_score_path_[..., None]) ** 2 @ share
        n_folds = len(folds)
        self.se_score_path_ = np.sqrt(spread / max(1, n_folds - 1))
        self.cv_results_ = self._results()
        self._n_samples, self._loss_path = float(weights.sum()), found["losses"]
        self._choose()
        self._warn(found)
        return self

    def select(
        self,
        rule: Literal["min", "1se", "aic", "bic", "ebic"] = "min",
        *,
        max_nonzeros: int | None = None,
        alpha: float | None = None,
        p: float | None = None,
        alpha_l2: float | None = None,
        relax: float | None = None,
    ) -> SparseLpRegressor:
        """Choose again among the fits on all rows; nothing is fitted anew.

        Parameters
        ----------
        rule : {"min", "1se", "aic", "bic", "ebic"}, default="min"
            As `selection`.
        max_nonzeros : int or None, default=None
            The most coefficients that the choice may have.
        alpha : float or None, default=None
            Only candidates whose `alpha` is the nearest to this one, for each setting.
        p, alpha_l2, relax : float or None, default=None
            Only settings with this value; `alpha_l2` is relative, as the parameter.

        Returns
        -------
        model : SparseLpRegressor

        Raises
        ------
        TypeError, ValueError
            If no candidate is left, or the rule is not known.
        """
        check_is_fitted(self, "score_path_")
        if alpha is not None:
            check_real("alpha", alpha, low=0)
        asked = {"p": p, "alpha_l2_ratio": alpha_l2, "relax": relax}
        allowed = np.ones(self.alphas_.shape, dtype=bool)
        for k, setting in enumerate(self.settings_):
            allowed[k] = all(
                value is None or np.isclose(setting[name], value) for name, value in asked.items()
            )
            if alpha is not None:
                distance = np.abs(np.log(np.maximum(self.alphas_[k], 1e-300) / max(alpha, 1e-300)))
                allowed[k] &= distance == distance.min()
        if not allowed.any():
            listed = {name: value for name, value in asked.items() if value is not None}
            raise ValueError(f"no setting has {listed}; see settings_")
        return self._model(self._place(rule, max_nonzeros, allowed))

    def predict(self, X: MatrixLike) -> npt.NDArray[Any]:
        """Predict the target of new rows.

        Parameters
        ----------
        X : {array-like, sparse matrix or array} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        return self._linear_predictions(X)

    # -- before the fits ---------------------------------------------------------------------------
    def _check_settings(self):
        """The values of each parameter that may be a list."""
        values = {}
        for name in ("p", "alpha_l2", "sparsity_threshold", "relax"):
            given = getattr(self, name)
            listed = list(given) if np.ndim(given) else [given]
            if not listed:
                raise ValueError(f"{name} must be a number or list at least one, got none")
            high = 1 if name == "relax" else None
            values[name] = [check_real(name, value, low=0, high=high) for value in listed]
        check_eps(self.eps)
        check_real("tol", self.tol, low=0)
        for name in ("refit", "store_fold_coefs", "fit_intercept", "positive", "local_search"):
            check_bool(name, getattr(self, name))
        check_integer("verbose", self.verbose, low=0)
        check_rule("selection", self.selection)
        if self.max_nonzeros is not None:
            check_integer("max_nonzeros", self.max_nonzeros, low=0)
        self._regressor()._check_parameters()
        return values

    def _regressor(self, **params):
        """A regressor with the parameters of this estimator that it has too."""
        shared = {
            name: getattr(self, name)
            for name in (
                *("feature_weights", "fit_intercept", "positive", "solver", "local_search"),
                *("max_iter", "tol", "n_jobs"),
            )
        }
        return SparseLpRegressor(**shared, **params)

    def _problem(self, X, target, weights, folds):
        """All rows and, for each fold, its training rows, as problems of one batch."""
        design = as_design(X, self._n_threads(), self._tuning.designs, checked=True)
        views = views_of(design, weights, folds, self.fit_intercept)
        return LeastSquares(views, np.repeat(target[:, None], len(views), axis=1), self._tuning)

    def _grid(self, problem, values, feature_weights):
        """(setting, strengths, relative correlations) of each setting; those of all rows count."""
        whole = problem.rows.views[0]
        (c,) = problem.rows.correlate(problem.rows.Y[:, [0]], [0])
        unit = entering_curvature(c, whole, feature_weights, self.positive)
        grid = []
        for p, ratio, threshold, relax in product(*values.values()):
            ridge = ratio * unit
            largest = largest_of(
                c, whole, problem.y_scale[0], p, ridge, feature_weights, self.positive
            )
            setting = {
                "p": p,
                "alpha_l2": ridge,
                "alpha_l2_ratio": ratio,
                "sparsity_threshold": threshold,
                "relax": relax,
            }
            grid.append((setting, *check_alphas(self.alphas, self.eps, largest, p)))
        return grid

    # -- the fits ----------------------------------------------------------------------------------
    def _fit_settings(self, problem, dtype, grid, feature_weights):
        """The steps of each setting; settings that differ in `relax` alone share their fits."""
        steps, paths, fits = [], {}, {}
        for setting, alphas, _ in grid:
            key = tuple(setting[name] for name in ("p", "alpha_l2", "sparsity_threshold"))
            if key not in fits:
                threshold = setting["sparsity_threshold"]
                options = path_options(self._regressor(sparsity_threshold=threshold), dtype)
                # Gram matrices serve the settings that follow, too.
                path = Path(problem, **options, working_sets=paths)
                fits[key] = path, []
                for k, alpha in enumerate(alphas):
                    batch = problem.batch(
                        alpha, setting["p"], setting["alpha_l2"], feature_weights, self.positive
                    )
                    fits[key][1].append(path.step(batch, ahead_of(alphas, k)))
                    report(self.verbose, k, alphas, fits[key][1][-1])
            path, found = fits[key]
            if setting["relax"] > 0:
                found = [
                    step.toward(
                        path.relaxed(step),
                        setting["relax"],
                        partial(_penalty, alpha, setting, feature_weights),
                    )
                    for alpha, step in zip(alphas, found, strict=True)
                ]
            steps.append(found)
        whole = np.array([[_of_whole(step) for step in found] for found in steps])
        names = ("losses", "objectives", "gaps", "optimalities", "n_iters", "n_nonzeros", "worst")
        return {"steps": steps, **dict(zip(names, np.moveaxis(whole, -1, 0), strict=True))}

    def _of_folds(self, found):
        """For each fold, for each setting, its coefficients and intercepts along the grid."""
        n_problems = len(found["steps"][0][0].points)
        for t in range(1, n_problems):
            yield [
                (
                    [step.points[t] for step in steps],
                    np.array([step.intercepts[t] for step in steps]),
                )
                for steps in found["steps"]
            ]

    def _store(self, found, data, problem):
        steps = found["steps"]
        self.n_nonzeros_path_ = found["n_nonzeros"].astype(int)
        self.dual_gap_path_, self.optimality_path_ = found["gaps"], found["optimalities"]
        self.coef_path_ = [stacked([step.points[0] for step in of], data.dtype) for of in steps]
        self.intercept_path_ = np.array([[step.intercepts[0] for step in of] for of in steps])
        self._objective_path, self._n_iter_path = found["objectives"], found["n_iters"]

    # -- the choice --------------------------------------------------------------------------------
    def _place(self, rule, max_nonzeros, allowed):
        """(setting, strength) that a rule chooses among those allowed."""
        check_rule("rule", rule)
        counts = self.n_nonzeros_path_
        allowed = allowed & within_budget(np.where(allowed, counts, counts.max() + 1), max_nonzeros)
        flat = counts.ravel(), allowed.ravel()
        if rule in CRITERIA:
            powers = np.array([setting["p"] for setting in self.settings_])
            allowed = allowed & (powers <= 1)[:, None]
            if not allowed.any():
                raise ValueError(f"rule={rule!r} counts zeros: it needs settings with p <= 1")
            values = information_criterion(
                rule, self._loss_path, counts, self._n_samples, self.n_features_in_
            )
            place = best_by_score(-values.ravel(), counts.ravel(), allowed.ravel())
        elif rule == "1se":
            place = one_standard_error(
                self.mean_score_path_.ravel(), self.se_score_path_.ravel(), *flat
            )
        else:
            place = best_by_score(self.mean_score_path_.ravel(), *flat)
        return tuple(int(i) for i in np.unravel_index(place, counts.shape))

    def _choose(self):
        every = np.ones(self.alphas_.shape, dtype=bool)
        self.best_index_ = s, k = self._place(self.selection, self.max_nonzeros, every)
        setting = self.settings_[s]
        self.alpha_, self.p_ = float(self.alphas_[s, k]), setting["p"]
        self.alpha_l2_, self.alpha_l2_ratio_ = setting["alpha_l2"], setting["alpha_l2_ratio"]
        self.sparsity_threshold_, self.relax_ = setting["sparsity_threshold"], setting["relax"]
        if self.refit:
            model = self._model(self.best_index_)
            for name in (
                *("coef_", "intercept_", "sparsity_", "penalty_", "objective_"),
                *("dual_gap_", "optimality_", "n_iter_"),
            ):
                setattr(self, name, getattr(model, name))

    def _model(self, place):
        """The fit on all rows of a setting and strength."""
        s, k = place
        setting = self.settings_[s]
        params = self._regressor(
            alpha=float(self.alphas_[s, k]),
            p=setting["p"],
            alpha_l2=setting["alpha_l2"],
            sparsity_threshold=setting["sparsity_threshold"],
        ).get_params(deep=False)
        return fitted_regressor(
            params,
            self.coef_path_[s][[k]],
            self.intercept_path_[s, k],
            objective=self._objective_path[s, k],
            loss=self._loss_path[s, k],
            dual_gap=self.dual_gap_path_[s, k],
            optimality=self.optimality_path_[s, k],
            n_iter=self._n_iter_path[s, k],
            feature_names=getattr(self, "feature_names_in_", None),
        )

    def _results(self):
        """A row for each candidate."""
        shape = self.alphas_.shape
        results = {"param_alpha": self.alphas_.ravel()}
        for name in self.settings_[0]:
            column = np.array([setting[name] for setting in self.settings_])
            results[f"param_{name}"] = np.repeat(column, shape[1])
        results["correlation"] = self.correlations_.ravel()
        for k in range(self.score_path_.shape[-1]):
            results[f"split{k}_test_score"] = self.score_path_[..., k].ravel()
        mean, error = self.mean_score_path_.ravel(), self.se_score_path_.ravel()
        results["mean_test_score"] = mean
        results["std_test_score"] = error * np.sqrt(max(1, self.score_path_.shape[-1] - 1))
        results["se_test_score"] = error
        results["rank_test_score"] = np.searchsorted(np.sort(-mean), -mean).astype(np.int32) + 1
        results["n_nonzeros"] = self.n_nonzeros_path_.ravel()
        results["dual_gap"] = self.dual_gap_path_.ravel()
        results["optimality"] = self.optimality_path_.ravel()
        return results

    def _warn(self, found):
        s, k = self.best_index_
        n_alphas = self.alphas_.shape[1]
        if n_alphas > 1 and k == n_alphas - 1 and self.max_nonzeros is None:
            change = (
                "smaller alphas" if np.ndim(self.alphas) else f"a smaller eps (now {self.eps:g})"
            )
            warnings.warn(
                f"the choice lies at the end of the grid, alpha = {self.alphas_[s, k]:.3g}: try {change}",
                UserWarning,
                stacklevel=4,
            )
        worst = found["worst"].max()
        if worst > self.tol:
            warnings.warn(
                f"{type(self).__name__}: {np.sum(found['worst'] > self.tol)} of {found['worst'].size} "
                f"fits ended with a certificate above tol = {self.tol:.3g}, up to {worst:.3g}: increase "
                f"max_iter (now {self.max_iter}) or eps, or accept a larger tol",
                ConvergenceWarning,
                stacklevel=4,
            )


def _penalty(alpha, setting, feature_weights, u):
    """The penalty of coefficients in the units of the data."""
    size = np.abs(u.values[u.values != 0])
    weights = feature_weights[u.columns[u.values != 0]]
    return weights @ (alpha * size ** setting["p"] + 0.5 * setting["alpha_l2"] * size**2)


def _of_whole(step):
    """Of the fit on all rows: loss, objective, certificate, passes, coefficients; and the worst of all."""
    certificate = step.certificates[0]
    return (
        step.losses[0],
        step.objectives[0],
        certificate.gap,
        certificate.optimality,
        step.n_iter[0],
        np.count_nonzero(step.points[0].values),
        max(each.deciding[1] for each in step.certificates),
    )
