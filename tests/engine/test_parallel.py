"""BLAS has one setting for the whole process: a fit changes it, and gives it back."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from threadpoolctl import threadpool_info, threadpool_limits

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.problems.least_squares import LeastSquares


def blas_threads():
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, "blas"):
        assert blas_threads() == {2}
        yield
        assert blas_threads() == {2}


@pytest.fixture
def seen(monkeypatch):
    """What the fits of a test find BLAS set to."""
    found = []
    usual = LeastSquares.fit

    def fit(*args, **kwargs):
        found.append(blas_threads())
        return usual(*args, **kwargs)

    monkeypatch.setattr(LeastSquares, "fit", fit)
    return found


def data(container=np.asarray):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 8))
    return container(X), X[:, 0] + 0.1 * rng.standard_normal(30)


@pytest.mark.parametrize(
    ("container", "p", "n_jobs", "n_threads"),
    [
        (np.asarray, 1.0, None, 1),
        (np.asarray, 0.5, None, 1),
        (np.asarray, 2.0, None, 2),  # products of all data, which BLAS shares among threads
        (np.asarray, 1.5, None, 2),
        (np.asarray, 2.0, 2, 1),  # threads of ours share the data
        (csr_array, 1.0, None, 1),
        (csr_array, 2.0, None, 1),
        (csr_array, 1.0, 2, 1),
    ],
)
def test_a_fit_holds_blas_to_one_thread(seen, container, p, n_jobs, n_threads):
    SparseLpRegressor(0.01, p=p, n_jobs=n_jobs).fit(*data(container))
    assert seen == [{n_threads}]


def test_a_fit_that_fails_gives_it_back():
    X, y = data()
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        SparseLpRegressor(0.01).fit(X, y)
    # the fixture looks at what is left
