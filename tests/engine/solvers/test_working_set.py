"""What the working set holds while a fit goes on."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

import skl_sparse.engine.designs.view as standardised
from skl_sparse import SparseLpRegressor
from skl_sparse.engine.designs import StandardisedDesign, as_design
from skl_sparse.engine.solvers.multistart import starts
from skl_sparse.engine.solvers.working_set import outer_loop
from skl_sparse.engine.solvers.working_set.columns import ColumnPool

N_ROWS, N_COLUMNS = 150, 600


def problem(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS, N_COLUMNS)) * (rng.random((N_ROWS, N_COLUMNS)) < 0.3)
    return X, X[:, :40] @ rng.normal(size=40) + rng.normal(size=N_ROWS)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_columns_at_rest_leave_the_pool(container, monkeypatch):
    """It holds the support, what is new, and at rest half as many, on sparse data as many."""
    sizes, grow = [], outer_loop.grow

    def spy(pool, problem, points, *args, **options):
        late = grow(pool, problem, points, *args, **options)
        sizes.append((len(pool), len(points[0].columns), pool.columns.copy()))
        assert set(points[0].columns) <= set(pool.columns)
        return late

    monkeypatch.setattr(outer_loop, "grow", spy)
    monkeypatch.setattr(outer_loop, "LEAST_NEW", 64)
    monkeypatch.setattr(outer_loop, "LEAST_LATE", 8)
    X, y = problem(0)
    model = SparseLpRegressor(0.02, tol=1e-8).fit(container(X), y)
    assert model.dual_gap_ <= 1e-8
    assert len(sizes) > 2
    pairs = list(zip(sizes[1:], sizes, strict=False))
    # On sparse data twice as many are new, and may be at rest.
    small, most = (72, 1.5) if container is np.asarray else (136, 2)
    for (size, support, columns), (_, _, before) in pairs:
        fresh = len(np.setdiff1d(columns, before))
        assert size <= max(most * support, support + fresh, small)
    assert any(set(before) - set(columns) for (*_, columns), (*_, before) in pairs)


def test_columns_that_only_come_close_join_for_starts_and_search(monkeypatch):
    """Before those up to `LEAST_LATE` in all, afterwards a few for each column that violates optimality."""
    joined, grow, elsewhere = [], outer_loop.grow, starts.elsewhere

    def grow_spy(pool, problem, points, waiting, *rest, **options):
        (_, now), before = waiting[0], pool.member.copy()
        outside = int((~before[now.violators]).sum())
        late = grow(pool, problem, points, waiting, *rest, **options)
        if late:
            joined.append((outside, len(pool) - before.sum()))
        return late

    def elsewhere_spy(*args):
        before.extend(joined)
        joined.clear()
        return elsewhere(*args)

    monkeypatch.setattr(outer_loop, "grow", grow_spy)
    monkeypatch.setattr(starts, "elsewhere", elsewhere_spy)
    before, after = [], []
    for seed in range(16):
        X, y = problem(seed)
        SparseLpRegressor(0.01, p=0.5, tol=1e-8).fit(X, y)
        after += joined
        joined.clear()
    assert all(new <= outer_loop.LEAST_LATE for _, new in before)
    assert any(new > (1 + outer_loop.EACH) * outside for outside, new in before)
    assert sum(outside > 0 for outside, _ in after) > 3
    assert all(new <= (1 + outer_loop.EACH) * outside for outside, new in after)


@pytest.fixture
def held(monkeypatch):
    """For every look of a fit to come, whether the pool kept all columns that it had."""
    held, grow = [], outer_loop.grow

    def spy(pool, *args, **options):
        before = set(pool.columns)
        late = grow(pool, *args, **options)
        held.append(before <= set(pool.columns))
        return late

    monkeypatch.setattr(outer_loop, "grow", spy)
    return held


def test_columns_at_rest_leave_rather_than_the_gram(held, monkeypatch):
    X, y = problem(0)
    monkeypatch.setattr(outer_loop, "LEAST_NEW", 60)
    monkeypatch.setattr(outer_loop, "LEAST_LATE", 8)
    monkeypatch.setattr(outer_loop, "MOST_AT_REST", 1e6)  # no other reason to leave
    sizes, system = [], ColumnPool.system
    monkeypatch.setattr(
        ColumnPool, "system", lambda pool, *at: sizes.append(len(pool)) or system(pool, *at)
    )
    most = 10_000
    monkeypatch.setattr(ColumnPool, "holds_gram", lambda pool, columns: len(columns) <= most)
    model = SparseLpRegressor(0.1, tol=1e-8).fit(X, y)
    assert all(held)
    most = sizes[-1] - 1  # all that were held are one too many
    assert model.mask_.sum() < most
    held.clear()
    sizes.clear()
    model.fit(X, y)
    assert not all(held)
    assert max(sizes) <= most
    assert model.dual_gap_ <= 1e-8


def test_a_small_pool_keeps_what_is_at_rest(held, monkeypatch):
    """Columns that leave at one look often come back at the next."""
    monkeypatch.setattr(outer_loop, "LEAST_NEW", N_COLUMNS)
    X, y = problem(0)
    SparseLpRegressor(0.02, tol=1e-8).fit(X, y)
    assert held and all(held)


@pytest.mark.parametrize("p", [0.5, 1])
def test_few_join_where_few_violate_optimality(p, monkeypatch):
    """In convex problems four that come close for each that violates it, in others more, at first."""
    joined, grow = [], outer_loop.grow

    def spy(pool, problem, points, waiting, *args, **options):
        ((_, now),) = waiting
        held = np.union1d(pool.columns, points[0].columns)
        fresh, before = np.setdiff1d(now.violators, held), len(held)
        late = grow(pool, problem, points, waiting, *args, **options)
        assert late == (len(fresh) < outer_loop.LEAST_LATE)
        if late:
            joined.append((len(fresh), len(pool) - before))
        return late

    monkeypatch.setattr(outer_loop, "grow", spy)
    for seed in range(3):
        X, y = problem(seed)
        SparseLpRegressor(0.05, p=p, tol=1e-8).fit(X, y)
    few, close = np.transpose(joined)
    if p == 1:
        assert np.all(close <= (1 + outer_loop.EACH) * few)
        assert np.any(few == 0)
    else:
        assert np.any(close > (1 + outer_loop.EACH) * few)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_below_one_a_descent_is_free_by_shape_and_late(container, monkeypatch):
    """Early ones decide where the fit ends, and the container must not."""
    frees, descend = [], outer_loop.descend

    def spy(system, model, penalty, u, goal, square, cheap, free, late):
        frees.append((free, late))
        return descend(system, model, penalty, u, goal, square, cheap, free, late)

    monkeypatch.setattr(outer_loop, "descend", spy)
    X, y = problem(0)
    model = SparseLpRegressor(0.02, p=0.5).fit(container(X), y)
    assert model.optimality_ <= model.tol
    assert {late for _, late in frees} == {False, True}
    shape = outer_loop.FREE_OF_MANY * (N_ROWS + N_COLUMNS)
    assert all(free == (shape if late else 0.0) for free, late in frees)


def test_below_one_the_pool_keeps_what_it_had(held):
    """Starts and search look for other minima among all that was gathered."""
    X, y = problem(1)
    SparseLpRegressor(0.02, p=0.5).fit(X, y)
    assert held and all(held)


def test_a_column_joins_once_for_all_targets(monkeypatch):
    """What is close for one target may be a violator for another."""
    held, grow = [], outer_loop.grow

    def spy(pool, *args, **options):
        late = grow(pool, *args, **options)
        held.append(pool.columns.copy())
        return late

    monkeypatch.setattr(outer_loop, "grow", spy)
    rng = np.random.default_rng(3)
    X, Y = rng.normal(size=(11, 10)), rng.normal(size=(11, 5))
    model = SparseLpRegressor(0.05, tol=1e-8).fit(X, Y)
    assert np.max(model.dual_gap_) <= 1e-8
    assert all(len(columns) == len(set(columns)) for columns in held)


@pytest.mark.parametrize("p", [0.5, 1])
@pytest.mark.parametrize("container", [np.asfortranarray, sp.csr_array])
def test_a_sample_of_very_many_rows_tells_which_columns_to_gather(p, container, monkeypatch):
    rng = np.random.default_rng(4)
    common = rng.standard_normal((20_000, 1))  # what the columns share makes all of them violators
    X = rng.standard_normal((20_000, 80)) + 0.3 * common
    Y = X[:, :20] @ rng.uniform(1, 2, (20, 2)) + 0.1 * rng.standard_normal((20_000, 2))
    alpha = 0.1 * np.abs(X.T @ (Y - Y.mean(axis=0))).max() / len(Y)
    add, reset, gathered = ColumnPool.add, ColumnPool.reset, set()
    monkeypatch.setattr(ColumnPool, "add", lambda pool, new: add(pool, gathered.update(new) or new))
    monkeypatch.setattr(
        ColumnPool, "reset", lambda pool, new: reset(pool, gathered.update(new) or new)
    )
    model = SparseLpRegressor(alpha, p=p, tol=1e-7).fit(container(X), Y)
    assert np.array_equal(np.flatnonzero(model.coef_.any(axis=0)), np.arange(20))
    assert len(gathered) < 50
    assert np.max(model.optimality_) <= 1e-7
    monkeypatch.setattr(standardised, "LEAST_SPARED", np.inf)
    gathered.clear()
    same = SparseLpRegressor(alpha, p=p, tol=1e-7).fit(container(X), Y)
    assert len(gathered) > 70  # without a sample, all that violate
    np.testing.assert_allclose(same.coef_, model.coef_, atol=1e-6)


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


def peak_of(function, *given):
    """The most memory that is taken at a time while the function runs."""
    tracemalloc.start()
    try:
        function(*given)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def half_a_million_columns():
    X = sp.csr_array(sp.random(60, 1 << 19, 0.005, format="csr", random_state=0))
    return X, X[:, :300] @ np.ones(300) + X.sum(axis=1)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"alpha_l2": 0.005}, {"p": 0.5}, {"p": 0.0}], ids=str)
def test_few_vectors_are_as_long_as_the_columns(options, half_a_million_columns):
    """Means, scales, correlations, and lists of what violates optimality: most columns, at first."""
    X, y = half_a_million_columns
    model = SparseLpRegressor(0.01, tol=1e-6, **options)
    model.fit(X[:, :1000], y)  # what is imported and cached once
    peak = peak_of(model.fit, X, y)
    assert model.n_iter_ > 5
    assert peak <= 9.5 * 8 * X.shape[1]


def test_empty_columns_cost_no_more_than_others():
    """Of hashed text most are: their moments are in no doubt."""
    X = sp.random(60, 1000, 0.1, format="csr", random_state=0)
    X = sp.csr_array(sp.hstack([X, sp.csr_matrix((60, 1 << 17))]))
    y = X[:, :30] @ np.ones(30)
    model = SparseLpRegressor(0.01).fit(X[:, :1000], y)  # what is imported and cached once
    assert peak_of(model.fit, X, y) <= 7 * 8 * X.shape[1]


@pytest.mark.parametrize(("relevant", "joining"), [(6, 6), (7, 8)])
def test_a_sample_that_lets_nearly_all_columns_stay_tells_nothing(relevant, joining, monkeypatch):
    asked, promising = [], outer_loop.promising

    def spy(*args):
        asked.append(promising(*args))
        return asked[-1]

    monkeypatch.setattr(outer_loop, "promising", spy)
    monkeypatch.setattr(outer_loop, "LEAST_LATE", 0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8000, 8))
    # These violate optimality at zero, but not next to the first column.
    X[:, relevant:] += 0.5 * X[:, :1]
    y = X[:, :relevant].sum(axis=1) + rng.normal(size=8000)
    model = SparseLpRegressor(0.2, tol=1e-8).fit(X, y)
    assert np.array_equal(np.flatnonzero(model.mask_), np.arange(relevant))
    assert len(asked[0]) == 8
    assert asked[0].sum() == joining
