"""Cross-validation against the plain way: the same folds and settings, fitted one by one."""

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    cross_val_score,
)

from skl_sparse import SparseLpRegressor, SparseLpRegressorCV
from skl_sparse.linear_model._selection import best_by_score, one_standard_error

TIGHT = 1e-14  # gaps that bring scores to 1e-8 of each other
GROUPS = np.arange(60) // 6
# The choice is often at the end of grids as short as these.
at_the_end = pytest.mark.filterwarnings("ignore:the choice lies at the end of the grid:UserWarning")
pytestmark = at_the_end


def data(seed=0, n=60, m=15):
    """Columns of several scales and means, half of their entries zero."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, m)) * (rng.random((n, m)) < 0.5) * rng.uniform(0.3, 3, m)
    w = np.where(np.arange(m) < 5, rng.choice([-1, 1], m) * rng.uniform(1, 2, m), 0)
    return X, X @ w + rng.standard_normal(n) + 2, rng.uniform(0.3, 2, n)


def split(model, X, groups=None):
    folds = model.cv.split(X, groups=groups) if hasattr(model.cv, "split") else model.cv
    return list(folds)


def single(model, setting, alpha, **options):
    """The regressor of one candidate."""
    return SparseLpRegressor(
        alpha,
        p=setting["p"],
        alpha_l2=setting["alpha_l2"],
        sparsity_threshold=setting["sparsity_threshold"],
        feature_weights=model.feature_weights,
        fit_intercept=model.fit_intercept,
        positive=model.positive,
        tol=model.tol,
        **options,
    )


def least_squares(X, y, weights, support, model):
    """Least squares on a support, by LAPACK: the end of the way of the relaxed Lasso."""
    A = np.column_stack([X[:, support], np.ones(len(y))]) if model.fit_intercept else X[:, support]
    root = np.sqrt(weights)
    found = np.linalg.lstsq(root[:, None] * A, root * y, rcond=None)[0]
    coef = np.zeros(X.shape[1])
    coef[support] = found[: np.sum(support)]
    return coef, found[-1] if model.fit_intercept else 0.0


def fit_one(model, setting, alpha, X, y, weights):
    fit = single(model, setting, alpha).fit(X, y, weights)
    if setting["relax"]:
        coef, intercept = least_squares(X, y, weights, fit.mask_, model)
        share = setting["relax"]
        fit.coef_ = (1 - share) * fit.coef_ + share * coef
        fit.intercept_ = (1 - share) * fit.intercept_ + share * intercept
    return fit


def scores_one_by_one(model, X, y, weights, groups=None):
    scores = np.empty(model.score_path_.shape)
    for f, (train, test) in enumerate(split(model, X, groups)):
        for s, setting in enumerate(model.settings_):
            for k, alpha in enumerate(model.alphas_[s]):
                fit = fit_one(model, setting, alpha, X[train], y[train], weights[train])
                errors = (y[test] - fit.predict(X[test])) ** 2
                scores[s, k, f] = -np.average(errors, weights=weights[test])
    return scores


SETTINGS = {
    "plain": {},
    "no intercept": {"fit_intercept": False},
    "positive": {"positive": True, "alpha_l2": [0.0, 1.0]},
    "weights of features": {"feature_weights": np.linspace(0.2, 3, 15)},
    "some columns without a penalty": {"feature_weights": np.r_[0, 0, np.ones(13)]},
    "ridge terms and exponents": {"p": [1.0, 1.5, 2.0], "alpha_l2": [0.0, 0.1, 10.0], "tol": 3e-15},
    "thresholds": {"sparsity_threshold": [0.0, 0.2]},
    "relaxed": {"relax": [0.0, 0.5, 1.0]},
    "relaxed after a threshold": {"sparsity_threshold": 0.2, "relax": 0.5},
    "shuffled": {"cv": ShuffleSplit(3, test_size=0.3, random_state=0)},
    "repeated": {"cv": RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)},
    "groups": {"cv": GroupKFold(3)},
    "given folds": {"cv": list(KFold(4, shuffle=True, random_state=1).split(np.empty((60, 1))))},
    "rows drawn twice": {"cv": [(np.r_[:40, :20], np.r_[40:60]), (np.r_[20:60], np.r_[:20])]},
}


@pytest.mark.parametrize("options", SETTINGS.values(), ids=SETTINGS)
def test_scores_and_choice_are_those_of_fits_one_by_one(options):
    X, y, weights = data()
    model = SparseLpRegressorCV(
        **{"alphas": 7, "eps": 0.02, "cv": KFold(4), "tol": TIGHT, **options}
    )
    groups = GROUPS if isinstance(model.cv, GroupKFold) else None
    model.fit(X, y, weights, groups=groups)
    expected = scores_one_by_one(model, X, y, weights, groups)
    np.testing.assert_allclose(model.score_path_, expected, rtol=0, atol=1e-8 * np.var(y))
    folds = [weights[test].sum() for _, test in split(model, X, groups)]
    mean = np.average(expected, axis=-1, weights=folds)
    np.testing.assert_allclose(model.mean_score_path_, mean, atol=1e-8 * np.var(y))
    assert mean[model.best_index_] >= mean.max() - 1e-8 * np.var(y)
    setting = model.settings_[model.best_index_[0]]
    whole = fit_one(model, setting, model.alpha_, X, y, weights)
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=1e-6)
    np.testing.assert_allclose(model.intercept_, whole.intercept_, atol=1e-6)
    np.testing.assert_array_equal(
        model.n_nonzeros_path_[model.best_index_], np.count_nonzero(whole.coef_)
    )


@pytest.mark.parametrize("options", [{"relax": [0.0, 0.5, 1.0]}, {"alpha_l2": 1.0, "relax": 0.7}])
def test_penalty_and_objective_are_those_of_the_chosen_coefficients(options):
    X, y, weights = data()
    model = SparseLpRegressorCV(alphas=7, eps=0.02, cv=KFold(4), tol=TIGHT, **options)
    model.fit(X, y, weights)
    for relax in np.ravel(options["relax"]):
        chosen = model.select(relax=relax)
        size = np.abs(chosen.coef_)
        penalty = np.sum(chosen.alpha * size + chosen.alpha_l2 / 2 * size**2)
        loss = np.average((y - chosen.predict(X)) ** 2, weights=weights) / 2
        assert chosen.penalty_ == pytest.approx(penalty, rel=1e-7)
        assert chosen.objective_ == pytest.approx(loss + penalty, rel=1e-7)


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0])
def test_a_weight_is_a_repeated_row(p):
    X, y, _ = data()
    times = np.random.default_rng(1).integers(1, 4, len(y))
    rows = np.repeat(np.arange(len(y)), times)
    options = {"alphas": 6, "eps": 0.03, "p": p, "alpha_l2": [0.0, 0.5]}
    # All copies of a row are in one fold.
    folds = np.arange(len(y)) % 3
    options["cv"] = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(3)]
    weighted = SparseLpRegressorCV(**options, tol=1e-12).fit(X, y, times)
    options["cv"] = [
        (np.flatnonzero(folds[rows] != k), np.flatnonzero(folds[rows] == k)) for k in range(3)
    ]
    repeated = SparseLpRegressorCV(**options, tol=1e-12).fit(X[rows], y[rows])
    assert weighted.best_index_ == repeated.best_index_
    for name in ("alphas_", "score_path_", "mean_score_path_", "se_score_path_", "coef_"):
        np.testing.assert_allclose(
            getattr(weighted, name), getattr(repeated, name), rtol=1e-5, atol=1e-5, err_msg=name
        )
    np.testing.assert_array_equal(weighted.n_nonzeros_path_, repeated.n_nonzeros_path_)
    for rule in ("1se", "bic", "ebic") if p <= 1 else ("1se",):
        assert weighted.select(rule).alpha == pytest.approx(repeated.select(rule).alpha)


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0])
def test_every_container_is_chosen_alike(p):
    X, y, weights = data()
    options = {"alphas": 6, "eps": 0.03, "p": p, "alpha_l2": [0.0, 0.5], "tol": 1e-12, "cv": 3}
    dense = SparseLpRegressorCV(**options).fit(X, y, weights)
    for container in (sp.csr_matrix, sp.csr_array, sp.csc_array, np.asfortranarray):
        other = SparseLpRegressorCV(**options).fit(container(X), y, weights)
        assert other.best_index_ == dense.best_index_
        np.testing.assert_allclose(other.score_path_, dense.score_path_, rtol=1e-6)
        np.testing.assert_allclose(other.coef_, dense.coef_, atol=1e-6)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_float32_stays_float32(container):
    X, y, weights = data()
    options = {"alphas": 6, "eps": 0.03, "alpha_l2": [0.0, 0.5], "cv": 3}
    single = SparseLpRegressorCV(**options).fit(container(X.astype(np.float32)), y, weights)
    double = SparseLpRegressorCV(**options).fit(X.astype(np.float32).astype(float), y, weights)
    assert single.coef_.dtype == np.float32 and single.select().coef_.dtype == np.float32
    assert all(coefs.dtype == np.float32 for coefs in single.coef_path_)
    assert np.asarray(single.intercept_).dtype == np.float32
    assert single.predict(container(X.astype(np.float32))).dtype == np.float32
    np.testing.assert_allclose(single.score_path_, double.score_path_, rtol=1e-4)
    assert single.best_index_ == double.best_index_


@pytest.mark.parametrize(
    "scoring",
    ["r2", "neg_mean_absolute_error", make_scorer(mean_absolute_error, greater_is_better=False)],
)
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_scorers_are_asked_as_cross_val_score_asks_them(scoring, container):
    X, y, _ = data()
    X = container(X)
    model = SparseLpRegressorCV(alphas=5, eps=0.05, cv=KFold(3), scoring=scoring, tol=TIGHT)
    model.fit(X, y)
    for k, alpha in enumerate(model.alphas_[0]):
        candidate = single(model, model.settings_[0], alpha)
        expected = cross_val_score(candidate, X, y, cv=model.cv, scoring=scoring)
        np.testing.assert_allclose(model.score_path_[0, k], expected, atol=1e-7)


@st.composite
def tables(draw):
    """Scores, standard errors, numbers of coefficients and what is allowed, many of them equal."""
    n = draw(st.integers(1, 12))
    small = st.integers(0, 4)
    columns = [draw(st.lists(small, min_size=n, max_size=n)) for _ in range(3)]
    scores, errors, counts = (np.array(column) for column in columns)
    allowed = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    allowed[draw(st.integers(0, n - 1))] = True
    return -scores / 2, errors / 3, counts, allowed


@given(tables())
def test_one_standard_error_never_chooses_a_larger_model(table):
    scores, errors, counts, allowed = table
    best, chosen = best_by_score(scores, counts, allowed), one_standard_error(*table)
    assert allowed[best] and allowed[chosen]
    assert counts[chosen] <= counts[best]
    assert scores[chosen] >= scores[best] - errors[best]
    assert scores[best] == scores[allowed].max()
    # A larger error only lets in sparser models.
    wider = one_standard_error(scores, errors + 0.5, counts, allowed)
    assert counts[wider] <= counts[chosen]
    # And without an error the choice is as good as the best.
    assert scores[one_standard_error(scores, 0 * errors, counts, allowed)] == scores[best]


@pytest.mark.parametrize("p", [0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_budgets_and_one_standard_error_on_fits(p, seed):
    X, y, weights = data(seed)
    model = SparseLpRegressorCV(alphas=15, p=p, alpha_l2=[0.0, 0.5], cv=3).fit(X, y, weights)
    counts, scores = model.n_nonzeros_path_, model.mean_score_path_
    lowest = np.inf
    for k in (0, 1, 3, 5, 15):
        chosen = model.select(max_nonzeros=k)
        assert np.count_nonzero(chosen.coef_) <= k
        again = SparseLpRegressorCV(alphas=15, p=p, alpha_l2=[0.0, 0.5], cv=3, max_nonzeros=k).fit(
            X, y, weights
        )
        np.testing.assert_array_equal(again.coef_, chosen.coef_)
        assert scores[again.best_index_] == scores[counts <= k].max()
        assert -scores[again.best_index_] <= lowest
        lowest = -scores[again.best_index_]
        sparser = model.select("1se", max_nonzeros=k)
        assert np.count_nonzero(sparser.coef_) <= np.count_nonzero(chosen.coef_)


def test_both_edges_of_the_grid():
    X, y, _ = data()
    with pytest.warns(UserWarning, match=r"end of the grid.*smaller eps \(now 0.5\)"):
        SparseLpRegressorCV(alphas=5, eps=0.5, cv=3).fit(X, y)
    with pytest.warns(UserWarning, match="end of the grid.*smaller alphas"):
        SparseLpRegressorCV(alphas=[1.0, 0.5], cv=3).fit(X, y)


@pytest.mark.parametrize("p", [0.5, 2 / 3])
def test_below_one_fits_are_as_good_as_single_ones(p):
    """Of each fold and strength; counts of better and worse are printed."""
    differences = []
    for seed in range(3):
        X, y, _ = data(seed, n=50, m=40)
        model = SparseLpRegressorCV(
            alphas=12, eps=0.02, p=p, alpha_l2=[0.0, 0.1], cv=KFold(3), store_fold_coefs=True
        ).fit(X, y)
        for f, (train, _) in enumerate(split(model, X)):
            null = np.var(y[train]) / 2
            for s, setting in enumerate(model.settings_):
                for k, alpha in enumerate(model.alphas_[s]):
                    own = model.fold_coef_path_[f][s][[k]].toarray()[0]
                    fit = single(model, setting, alpha).fit(X[train], y[train])
                    residual = y[train] - X[train] @ own
                    value = np.var(residual) / 2 + alpha * np.sum(np.abs(own[own != 0]) ** p)
                    value += setting["alpha_l2"] / 2 * (own @ own)
                    differences.append((value - fit.objective_) / null)
    differences = np.array(differences)
    better, worse = np.sum(differences < -1e-6), np.sum(differences > 1e-6)
    print(f"p = {p:.2g}: {better} better, {worse} worse of {len(differences)}")
    assert differences.mean() <= 1e-3
    assert better + worse < len(differences)  # most are the same minimum


def test_rows_of_folds_are_numbers_or_masks():
    X, y, _ = data()
    numbers = list(KFold(3, shuffle=True, random_state=0).split(X))
    masks = [tuple(np.isin(np.arange(60), rows) for rows in fold) for fold in numbers]
    backward = [tuple(rows - 60 for rows in fold) for fold in numbers]
    lists = [tuple(rows.tolist() for rows in fold) for fold in numbers]
    expected = SparseLpRegressorCV(alphas=4, cv=numbers).fit(X, y).score_path_
    for cv in (masks, backward, lists):
        scores = SparseLpRegressorCV(alphas=4, cv=cv).fit(X, y).score_path_
        np.testing.assert_allclose(scores, expected)


def test_no_folds_are_refused():
    X, y, _ = data()
    with pytest.raises(ValueError, match="cv must yield at least one fold, got none"):
        SparseLpRegressorCV(cv=[]).fit(X, y)
    once = SparseLpRegressorCV(alphas=4, cv=KFold(3).split(X)).fit(X, y)
    with pytest.raises(ValueError, match="an iterator serves one fit only"):
        once.fit(X, y)


def test_a_strength_to_select_is_a_number():
    X, y, _ = data()
    model = SparseLpRegressorCV(alphas=4, cv=3).fit(X, y)
    with pytest.raises(ValueError, match="alpha must be a finite real number >= 0, got -1"):
        model.select(alpha=-1)
    with pytest.raises(TypeError, match="alpha must be a finite real number"):
        model.select(alpha="small")
