"""Fits of real sparse data, whole: the certificates recomputed from outside."""

import numpy as np
import pytest
from reference import Problem, assert_certified

from skl_sparse import SparseLpRegressor


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.5, 1.0])
@pytest.mark.parametrize("data", ["riboflavin", "spamassassin", "flights_onehot"])
def test_certified_as_recomputed(benchmark_data, data, p):
    X, y = benchmark_data(data)
    alpha = 0.1 * Problem(X, y).alpha_max()
    before = [a.copy() for a in (X.data, X.indices, X.indptr, y)]
    model = SparseLpRegressor(alpha, p=p).fit(X, y)
    assert_certified(model, X, y, tol=1e-4, exact=1e-4)
    assert 0 < model.mask_.sum() < 2000
    for now, then in zip((X.data, X.indices, X.indptr, y), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("p", [0.5, 1.0])
def test_csc_and_dense_end_in_the_same_minimum(benchmark_data, p):
    X, y = benchmark_data("riboflavin")
    alpha = 0.05 * Problem(X, y).alpha_max()
    fits = [SparseLpRegressor(alpha, p=p, tol=1e-9).fit(A, y) for A in (X, X.tocsc(), X.toarray())]
    for fit in fits[1:]:
        assert fit.objective_ == pytest.approx(fits[0].objective_, rel=1e-8)
        np.testing.assert_array_equal(fit.mask_, fits[0].mask_)
