"""What the working set holds while a fit goes on."""

import numpy as np
import pytest
import scipy.sparse as sp

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.solvers import working_set

N_ROWS, N_COLUMNS = 150, 600


def problem(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS, N_COLUMNS)) * (rng.random((N_ROWS, N_COLUMNS)) < 0.3)
    return X, X[:, :40] @ rng.normal(size=40) + rng.normal(size=N_ROWS)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_columns_at_rest_leave_the_pool(container, monkeypatch):
    """It holds the support, what is new, and no more at rest than the support has columns."""
    sizes, grow = [], working_set.grow

    def spy(pool, problem, U, *args, **options):
        late = grow(pool, problem, U, *args, **options)
        sizes.append((len(pool), np.count_nonzero(U), pool.columns.copy()))
        assert set(np.flatnonzero(U[:, 0])) <= set(pool.columns)
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
