"""What the working set holds while a fit goes on."""

import numpy as np
import pytest
import scipy.sparse as sp

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.design import StandardisedDesign, as_design
from skl_sparse.engine.solvers import working_set
from skl_sparse.engine.solvers.column_pool import ColumnPool

N_ROWS, N_COLUMNS = 150, 600


def problem(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS, N_COLUMNS)) * (rng.random((N_ROWS, N_COLUMNS)) < 0.3)
    return X, X[:, :40] @ rng.normal(size=40) + rng.normal(size=N_ROWS)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_columns_at_rest_leave_the_pool(container, monkeypatch):
    """It holds the support, what is new, and no more at rest than the support has columns."""
    sizes, grow = [], working_set.grow

    def spy(pool, problem, points, *args, **options):
        late = grow(pool, problem, points, *args, **options)
        sizes.append((len(pool), len(points[0].columns), pool.columns.copy()))
        assert set(points[0].columns) <= set(pool.columns)
        return late

    monkeypatch.setattr(working_set, "grow", spy)
    X, y = problem(0)
    model = SparseLpRegressor(0.02, tol=1e-8).fit(container(X), y)
    assert model.dual_gap_ <= 1e-8
    assert len(sizes) > 2
    for (size, support, columns), (_, _, before) in zip(sizes[1:], sizes, strict=False):
        fresh = len(np.setdiff1d(columns, before))
        assert size <= max(working_set.MOST_AT_REST * support, support + fresh)


def test_below_one_the_pool_keeps_what_it_had(monkeypatch):
    """Starts and search look for other minima among all that was gathered."""
    held, grow = [], working_set.grow

    def spy(pool, *args, **options):
        before = set(pool.columns)
        late = grow(pool, *args, **options)
        held.append(before <= set(pool.columns))
        return late

    monkeypatch.setattr(working_set, "grow", spy)
    X, y = problem(1)
    SparseLpRegressor(0.02, p=0.5).fit(X, y)
    assert held and all(held)


def test_a_pool_that_forgets_keeps_the_gram_of_the_rest():
    X, _ = problem(2)
    A = StandardisedDesign(as_design(X), np.full(N_ROWS, 1 / N_ROWS), True)
    pool = ColumnPool(A)
    pool.add(np.array([5, 3, 90, 17, 400, 1]))
    pool.gram()
    pool.reset(np.array([3, 17, 60, 90, 599]))
    assert set(pool.columns) == {3, 17, 60, 90, 599}
    assert np.array_equal(np.flatnonzero(pool.member), np.sort(pool.columns))
    columns = A.dense(pool.columns)
    np.testing.assert_allclose(pool.gram(), columns.T @ columns, atol=1e-12)
