"""The estimator that chooses strength, exponent and ridge term by cross-validation."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skl_sparse import SparseLpRegressor, SparseLpRegressorCV, SparseNormalizer


# On data of a few random rows the choice often lies at the end of a grid of five: that is told.
@pytest.mark.filterwarnings("ignore:the choice lies at the end of the grid:UserWarning")
@parametrize_with_checks(
    [
        SparseLpRegressorCV(alphas=5, cv=3, tol=1e-14),
        SparseLpRegressorCV(
            alphas=4, cv=2, p=[0.5, 1.0], alpha_l2=[0.0, 0.1], relax=[0.0, 1.0], tol=1e-7
        ),
        SparseLpRegressorCV(alphas=4, cv=2, p=2.0, selection="1se"),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def data(seed=0, n=90, m=30):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, m)) * (rng.random((n, m)) < 0.5)
    w = np.zeros(m)
    w[:5] = rng.choice([-1, 1], 5) * rng.uniform(1, 2, 5)
    return X, X @ w + rng.standard_normal(n) + 2.0


@pytest.mark.parametrize("cv", [KFold(4), ShuffleSplit(3, random_state=0)])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.csc_array])
def test_the_scores_are_those_of_fits_one_by_one(container, cv):
    X, y = data()
    weights = np.random.default_rng(1).uniform(0.5, 2, len(y))
    options = {"alphas": 6, "p": [1.0, 2.0], "alpha_l2": [0.0, 0.3], "tol": 1e-14, "cv": cv}
    model = SparseLpRegressorCV(**options).fit(container(X), y, weights)
    for s, setting in enumerate(model.settings_):
        for k, alpha in enumerate(model.alphas_[s]):
            single = SparseLpRegressor(
                alpha, p=setting["p"], alpha_l2=setting["alpha_l2"], tol=1e-14
            )
            for f, (train, test) in enumerate(cv.split(X)):
                fit = clone(single).fit(X[train], y[train], weights[train])
                # A gap of 1e-14, as small as rounding lets it be, fixes coefficients to 1e-7.
                error = np.average((fit.predict(X[test]) - y[test]) ** 2, weights=weights[test])
                assert model.score_path_[s, k, f] == pytest.approx(-error, rel=5e-7)
    best = np.unravel_index(np.argmax(model.mean_score_path_), model.alphas_.shape)
    assert model.best_index_ == best
    setting = model.settings_[best[0]]
    whole = SparseLpRegressor(
        model.alpha_, p=setting["p"], alpha_l2=setting["alpha_l2"], tol=1e-10
    ).fit(X, y, weights)
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=1e-6)
    np.testing.assert_allclose(model.predict(X), whole.predict(X), atol=1e-5)


def test_choosing_again():
    X, y = data()
    model = SparseLpRegressorCV(alphas=15, p=[0.5, 1.0], alpha_l2=[0.0, 0.2]).fit(
        sp.csr_array(X), y
    )
    best, sparser = model.select("min"), model.select("1se")
    assert best.alpha == model.alpha_ and np.array_equal(best.coef_, model.coef_)
    assert sparser.mask_.sum() <= best.mask_.sum()
    s = model.mean_score_path_
    limit = s.max() - model.se_score_path_[model.best_index_]
    within = s >= limit
    assert sparser.mask_.sum() == model.n_nonzeros_path_[within].min()
    for k in (0, 2, 4):
        chosen = model.select(max_nonzeros=k)
        assert chosen.mask_.sum() <= k
        row = (model.alphas_ == chosen.alpha) & (model.n_nonzeros_path_ <= k)
        assert s[row].max() == s[model.n_nonzeros_path_ <= k].max()
    assert model.select(p=1.0, alpha_l2=0.2).p == 1.0
    assert model.select("bic", p=0.5).p == 0.5
    nearest = model.select(p=1.0, alpha_l2=0.0, alpha=model.alphas_[2, 7] * 1.01)
    assert nearest.alpha == pytest.approx(model.alphas_[2, 7])
    with pytest.raises(ValueError, match="no setting has"):
        model.select(p=0.7)
    with pytest.raises(ValueError, match="rule must be"):
        model.select("best")


def test_the_relaxed_lasso():
    X, y = data()
    model = SparseLpRegressorCV(alphas=10, relax=[0.0, 0.4, 1.0], tol=1e-10, cv=3).fit(X, y)
    fit, part, full = (path.toarray() for path in model.coef_path_)
    np.testing.assert_allclose(part, 0.6 * fit + 0.4 * full, atol=1e-8)
    for k in range(1, 10):
        support = np.flatnonzero(full[k])
        centred = X[:, support] - X[:, support].mean(axis=0)
        expected = np.linalg.lstsq(centred, y - y.mean(), rcond=None)[0]
        np.testing.assert_allclose(full[k, support], expected, atol=1e-5)
        assert model.select(relax=1.0, max_nonzeros=len(support)).mask_.sum() <= len(support)


def test_groups_scorers_and_pipelines():
    X, y = data()
    groups = np.arange(len(y)) // 9
    options = {"alphas": 5, "cv": GroupKFold(3)}
    error = SparseLpRegressorCV(**options).fit(X, y, groups=groups)
    scored = SparseLpRegressorCV(**options, scoring="neg_mean_squared_error")
    scored.fit(X, y, groups=groups)
    np.testing.assert_allclose(error.score_path_, scored.score_path_)
    pipeline = make_pipeline(SparseNormalizer(), SparseLpRegressorCV(alphas=5, cv=3))
    assert pipeline.fit(sp.csr_array(X), y).score(sp.csr_array(X), y) > 0.5


def test_an_edge_of_the_grid_warns():
    X, y = data()
    with pytest.warns(UserWarning, match="end of the grid"):
        SparseLpRegressorCV(alphas=5, eps=0.5, cv=3).fit(X, y)


def test_without_a_refit_there_is_no_model():
    X, y = data()
    model = SparseLpRegressorCV(alphas=5, cv=3, refit=False, store_fold_coefs=True).fit(X, y)
    assert not hasattr(model, "coef_") and model.select().mask_.any()
    assert len(model.fold_coef_path_) == 3 and model.fold_coef_path_[0][0].shape == (5, 30)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p": []}, "p must be a number or list"),
        ({"p": [0.5, -1]}, "p must be"),
        ({"alpha_l2": "a"}, "alpha_l2 must be"),
        ({"relax": 1.5}, "relax must be"),
        ({"selection": "best"}, "selection must be"),
        ({"max_nonzeros": -1}, "max_nonzeros must be"),
        ({"eps": 0}, "eps must be"),
        ({"alphas": 0}, "alphas must be"),
        ({"cv": 1}, "n_splits|k-fold"),
    ],
)
def test_bad_input(change, message):
    X, y = data()
    with pytest.raises((ValueError, TypeError), match=message):
        SparseLpRegressorCV(**change).fit(X, y)
