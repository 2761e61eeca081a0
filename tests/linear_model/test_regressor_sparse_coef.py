"""Models of few coefficients: predictions, sparse `coef_`, pickles."""

import pickle
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from pairwise import parametrize_pairwise
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE, RFECV, SelectFromModel
from sklearn.linear_model import Lasso
from sklearn.utils.validation import check_is_fitted

from skl_sparse import SparseLpRegressor
from skl_sparse.linear_model._predictions import SEARCH_COST, linear_predictions

CONTAINERS = [np.asarray, np.asfortranarray, sp.csr_array, sp.csr_matrix, sp.csc_array]


def data(n=40, n_features=30, n_targets=None, density=0.4, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, n_features)) * (rng.random((n, n_features)) < density)
    Y = X[:, : n_targets or 1] @ (2.0 * np.eye(n_targets or 1)) + 0.1 * rng.normal(
        size=(n, n_targets or 1)
    )
    return X.astype(dtype), (Y if n_targets else Y[:, 0]).astype(dtype)


# -- predictions ---------------------------------------------------------------------------------
@parametrize_pairwise(
    kept=[0, 1, 7, 30], n_targets=[1, 3], dtype=[np.float64, np.float32], container=CONTAINERS
)
def test_products_with_sparse_and_dense_coefficients(container, dtype, n_targets, kept):
    rng = np.random.default_rng(kept)
    X, _ = data(dtype=dtype)
    coef = rng.normal(size=(n_targets, 30)).astype(dtype) * (np.arange(30) < kept)
    # And so many columns that entries are looked for, not columns.
    wide = 2 * SEARCH_COST * np.count_nonzero(X)
    for width in (30, wide) if container in (sp.csr_array, sp.csr_matrix) else (30,):
        A = container(X)
        W = np.zeros((n_targets, width), dtype=dtype)
        W[:, width - 30 :] = coef
        if width > 30:
            A = container((A.data, A.indices + (width - 30), A.indptr), shape=(40, width))
        for form in (W, sp.csr_array(W)):
            found = linear_predictions(A, form)
            assert type(found) is np.ndarray
            assert found.dtype == dtype
            np.testing.assert_allclose(
                found, X @ coef.T, rtol=1e-5, atol=1e-12 if dtype == np.float64 else 1e-5
            )


@pytest.mark.parametrize("n_targets", [1, 4])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_a_row_is_predicted_without_a_pass_over_the_columns(n_targets, form):
    n_features = 1_000_000
    coef = np.zeros((n_targets, n_features))
    coef[:, ::100_000] = 1.0
    coef = form(coef)
    row = sp.csr_array(([1.0, 2.0], ([0, 0], [5, 200_000])), shape=(1, n_features))
    linear_predictions(row, coef)
    tracemalloc.start()
    found = linear_predictions(row, coef)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(found, np.full((1, n_targets), 2.0))
    assert peak < 50_000  # a vector as long as the columns takes a megabyte at least


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("container", CONTAINERS)
def test_the_type_of_predictions_is_that_of_the_lasso(container, dtype):
    for fitted_on in (np.float64, np.float32):
        X, y = data(dtype=fitted_on)
        lasso, ours = Lasso(0.01).fit(X, y), SparseLpRegressor(0.01).fit(X, y)
        rows = container(X.astype(dtype))
        expected = lasso.predict(rows).dtype
        assert ours.predict(rows).dtype == expected
        assert ours.sparsify().predict(rows).dtype == expected


# -- sparsify and densify ------------------------------------------------------------------------
@parametrize_pairwise(threshold=[0.0, 0.5, 1e3], n_targets=[None, 1, 3], container=CONTAINERS)
def test_sparsify_and_densify(container, n_targets, threshold):
    X, y = data(n_targets=n_targets)
    X = container(X)
    model = SparseLpRegressor(0.05, sparsity_threshold=threshold).fit(X, y)
    coef, mask, sparsity = model.coef_.copy(), model.mask_, model.sparsity_
    expected = model.predict(X)

    def is_the_same(model):
        np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(model.mask_, mask)
        assert type(model.mask_) is np.ndarray
        assert model.mask_.dtype == bool
        assert model.sparsity_ == sparsity
        assert type(model.sparse_coef_) is sp.csr_array
        np.testing.assert_array_equal(model.sparse_coef_.toarray(), np.atleast_2d(coef))
        assert model.score(X, y) == pytest.approx(model.score(X, y))

    is_the_same(model)
    for _ in range(2):  # a second time does nothing
        assert model.sparsify() is model
        assert type(model.coef_) is sp.csr_array
        assert model.coef_.shape == np.atleast_2d(coef).shape
        is_the_same(model)
        is_the_same(pickle.loads(pickle.dumps(model)))
    for _ in range(2):
        assert model.densify() is model
        assert type(model.coef_) is np.ndarray
        np.testing.assert_array_equal(model.coef_, coef)
        is_the_same(model)


@pytest.mark.parametrize("method", ["sparsify", "densify"])
def test_there_has_to_be_a_fit(method):
    with pytest.raises(NotFittedError):
        getattr(SparseLpRegressor(), method)()


@pytest.mark.parametrize("p", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("n_targets", [None, 3])
def test_a_sparse_coef_is_a_start(p, n_targets):
    X, y = data(n_targets=n_targets)
    options = {"p": p, "tol": 1e-9, "warm_start": True}
    dense = SparseLpRegressor(0.05, **options).fit(X, y)
    sparse = SparseLpRegressor(0.05, **options).fit(X, y).sparsify()
    dense.set_params(alpha=0.03).fit(X, y)
    sparse.set_params(alpha=0.03).fit(X, y)
    assert type(sparse.coef_) is np.ndarray  # a fit ends with a dense one
    np.testing.assert_array_equal(sparse.coef_, dense.coef_)
    np.testing.assert_array_equal(sparse.n_iter_, dense.n_iter_)
    for form in (sp.csr_matrix, sp.csc_array, sp.coo_array):
        sparse.coef_ = form(dense.sparse_coef_)
        np.testing.assert_allclose(sparse.fit(X, y).coef_, dense.coef_, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="warm_start"):
        sparse.sparsify().fit(X[:, :4], y)


def test_no_coef_is_a_cold_start():
    X, y = data()
    cold = SparseLpRegressor(0.05).fit(X, y)
    warm = SparseLpRegressor(0.05, warm_start=True)
    warm.coef_ = None
    with pytest.raises(NotFittedError):
        check_is_fitted(warm)
    np.testing.assert_array_equal(warm.fit(X, y).coef_, cold.coef_)
    assert warm.n_iter_ == cold.n_iter_


def test_pickles_hold_what_is_in_use():
    n_features, n_targets = 20_000, 20
    rng = np.random.default_rng(0)
    X = sp.random_array((100, n_features), density=0.01, format="csr", random_state=rng)
    Y = X[:, :n_targets].toarray() + 0.01 * rng.normal(size=(100, n_targets))
    model = SparseLpRegressor(0.01, sparsity_threshold=1e-3).fit(X, Y)
    dense = len(pickle.dumps(model))
    assert dense < 1.01 * model.coef_.nbytes + 10_000
    assert len(pickle.dumps(model.sparsify())) < 20 * model.coef_.nnz + 10_000 < dense / 20


def test_clones_know_nothing_of_a_sparse_coef():
    X, y = data()
    model = SparseLpRegressor(0.05).fit(X, y).sparsify()
    fresh = clone(model)
    assert not hasattr(fresh, "coef_")
    np.testing.assert_array_equal(fresh.fit(X, y).coef_, model.densify().coef_)


# -- selection of features -----------------------------------------------------------------------
def test_what_is_selected_by_default():
    X, y = data()
    for p, penalty in ((0, "l1"), (0.5, "l1"), (1, "l1"), (1.0001, "l2"), (2, "l2")):
        assert SparseLpRegressor(p=p).penalty == penalty
    assert "penalty" not in SparseLpRegressor().get_params()
    with pytest.raises(ValueError, match="penalty"):
        SparseLpRegressor().set_params(penalty="l2")
    with pytest.raises(AttributeError):
        SparseLpRegressor().penalty = "l2"

    for p in (0.5, 1.0):
        select = SelectFromModel(SparseLpRegressor(0.02, p=p)).fit(X, y)
        assert select.threshold_ == 1e-5
        kept = np.abs(select.estimator_.coef_) > 1e-5
        assert 0 < kept.sum() < 30
        np.testing.assert_array_equal(select.get_support(), kept)
    ridge = SelectFromModel(SparseLpRegressor(0.02, p=2)).fit(X, y)
    assert ridge.threshold_ == pytest.approx(np.abs(ridge.estimator_.coef_).mean())
    zero = SelectFromModel(SparseLpRegressor(1e3)).fit(X, y)
    assert not zero.get_support().any()


class Sparse(BaseEstimator):
    """Any estimator with sparse coefficients."""

    def fit(self, X=None, y=None):
        self.coef_ = sp.csr_array(np.eye(3))
        return self


def selects_by_sparse_coefficients():
    try:
        SelectFromModel(Sparse().fit(), prefit=True).get_support()
    except np.exceptions.AxisError:  # scikit-learn 1.6 for one
        return False
    return True


@pytest.mark.parametrize("n_targets", [None, 3])
def test_what_is_selected_of_a_sparse_coef(n_targets):
    X, y = data(n_targets=n_targets)
    model = SparseLpRegressor(0.05).fit(X, y)
    expected = SelectFromModel(model, prefit=True).get_support()
    np.testing.assert_array_equal(expected, model.mask_.reshape(-1, 30).any(axis=0))
    if not selects_by_sparse_coefficients():
        pytest.skip("this version of scikit-learn selects by dense coefficients alone")
    sparse = SelectFromModel(model.sparsify(), prefit=True)
    np.testing.assert_array_equal(sparse.get_support(), expected)
    assert sparse.transform(X).shape == (40, expected.sum())


@pytest.mark.parametrize("n_targets", [None, 3])
@pytest.mark.parametrize("p", [0.5, 1.0, 2.0])
def test_recursive_elimination(p, n_targets):
    X, y = data(n_targets=n_targets)
    X = sp.csr_array(X)
    kept = RFE(SparseLpRegressor(0.01, p=p), n_features_to_select=3, step=5).fit(X, y).support_
    np.testing.assert_array_equal(np.flatnonzero(kept)[: n_targets or 1], np.arange(n_targets or 1))
    search = RFECV(SparseLpRegressor(0.01, p=p), step=5, cv=3, min_features_to_select=2).fit(X, y)
    assert np.all(search.support_[: n_targets or 1])
