"""What the working set holds while a fit goes on."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from figures import with_figures

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.designs import WeightedView, as_design
from skl_sparse.engine.solvers.multistart import starts
from skl_sparse.engine.solvers.working_set import outer_loop
from skl_sparse.engine.solvers.working_set.columns import WorkingSet
from skl_sparse.engine.solvers.working_set.tuning import DEFAULT

N_ROWS, N_COLUMNS = 150, 600


def problem(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS, N_COLUMNS)) * (rng.random((N_ROWS, N_COLUMNS)) < 0.3)
    return X, X[:, :40] @ rng.normal(size=40) + rng.normal(size=N_ROWS)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_inactive_columns_leave(container, monkeypatch):
    """What is held is the support, what is new, and half as many inactive columns, on sparse data as many."""
    sizes, grow = [], outer_loop.grow

    def spy(working_set, problem, points, *args, **options):
        late = grow(working_set, problem, points, *args, **options)
        sizes.append((len(working_set), len(points[0].columns), working_set.columns.copy()))
        assert set(points[0].columns) <= set(working_set.columns)
        return late

    monkeypatch.setattr(outer_loop, "grow", spy)
    X, y = problem(0)
    model = with_figures(
        SparseLpRegressor(0.02, tol=1e-8), working_set={"least_new": 64, "least_last": 8}
    ).fit(container(X), y)
    assert model.dual_gap_ <= 1e-8
    assert len(sizes) > 2
    pairs = list(zip(sizes[1:], sizes, strict=False))
    # On sparse data twice as many are new, and may be at rest.
    small, most = (72, 1.5) if container is np.asarray else (136, 2)
    for (size, support, columns), (_, _, before) in pairs:
        fresh = len(np.setdiff1d(columns, before))
        assert size <= max(most * support, support + fresh, small)
    assert any(set(before) - set(columns) for (*_, columns), (*_, before) in pairs)


def test_columns_that_only_come_close_enter_for_starts_and_search(monkeypatch):
    """Before those up to ``least_last`` in all, afterwards a few for each column that violates optimality."""
    joined, grow, elsewhere = [], outer_loop.grow, starts.elsewhere

    def grow_spy(working_set, problem, points, waiting, *rest, **options):
        (_, now), before = waiting[0], working_set.member.copy()
        outside = int((~before[now.violators]).sum())
        late = grow(working_set, problem, points, waiting, *rest, **options)
        if late:
            joined.append((outside, len(working_set) - before.sum()))
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
    assert all(new <= DEFAULT.least_last for _, new in before)
    assert any(new > (1 + DEFAULT.close_for_each) * outside for outside, new in before)
    assert sum(outside > 0 for outside, _ in after) > 3
    assert all(new <= (1 + DEFAULT.close_for_each) * outside for outside, new in after)


@pytest.fixture
def held(monkeypatch):
    """For every evaluation of a fit to come, whether the working set kept all columns that it had."""
    held, grow = [], outer_loop.grow

    def spy(working_set, *args, **options):
        before = set(working_set.columns)
        late = grow(working_set, *args, **options)
        held.append(before <= set(working_set.columns))
        return late

    monkeypatch.setattr(outer_loop, "grow", spy)
    return held


def test_inactive_columns_leave_rather_than_the_gram(held, monkeypatch):
    X, y = problem(0)
    figures = {"least_new": 60, "least_last": 8, "most_inactive": 1e6}  # no other reason to leave
    sizes, system = [], WorkingSet.system
    monkeypatch.setattr(
        WorkingSet,
        "system",
        lambda working_set, *at: sizes.append(len(working_set)) or system(working_set, *at),
    )
    most = 10_000
    monkeypatch.setattr(WorkingSet, "holds_gram", lambda working_set, columns: len(columns) <= most)
    model = with_figures(SparseLpRegressor(0.1, tol=1e-8), working_set=figures).fit(X, y)
    assert all(held)
    most = sizes[-1] - 1  # all that were held are one too many
    assert model.mask_.sum() < most
    held.clear()
    sizes.clear()
    model.fit(X, y)
    assert not all(held)
    assert max(sizes) <= most
    assert model.dual_gap_ <= 1e-8


def test_a_small_working_set_keeps_inactive_columns(held):
    """Columns that leave at one evaluation often come back at the next."""
    X, y = problem(0)
    model = SparseLpRegressor(0.02, tol=1e-8)
    with_figures(model, working_set={"least_new": N_COLUMNS}).fit(X, y)
    assert held and all(held)


@pytest.mark.parametrize("p", [0.5, 1])
def test_few_enter_where_few_violate_optimality(p, monkeypatch):
    """In convex problems four that come close for each that violates it, in others more, at first."""
    joined, grow = [], outer_loop.grow

    def spy(working_set, problem, points, waiting, *args, **options):
        ((_, now),) = waiting
        held = np.union1d(working_set.columns, points[0].columns)
        fresh, before = np.setdiff1d(now.violators, held), len(held)
        late = grow(working_set, problem, points, waiting, *args, **options)
        assert late == (len(fresh) < DEFAULT.least_last)
        if late:
            joined.append((len(fresh), len(working_set) - before))
        return late

    monkeypatch.setattr(outer_loop, "grow", spy)
    for seed in range(3):
        X, y = problem(seed)
        SparseLpRegressor(0.05, p=p, tol=1e-8).fit(X, y)
    few, close = np.transpose(joined)
    if p == 1:
        assert np.all(close <= (1 + DEFAULT.close_for_each) * few)
        assert np.any(few == 0)
    else:
        assert np.any(close > (1 + DEFAULT.close_for_each) * few)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_below_one_a_descent_is_free_by_shape_and_late(container, monkeypatch):
    """Early ones decide where the fit ends, and the container must not."""
    frees, descend = [], outer_loop.descend

    def spy(system, model, penalty, u, goal, square, cheap, free, late, tuning):
        frees.append((free, late))
        return descend(system, model, penalty, u, goal, square, cheap, free, late, tuning)

    monkeypatch.setattr(outer_loop, "descend", spy)
    X, y = problem(0)
    model = SparseLpRegressor(0.02, p=0.5).fit(container(X), y)
    assert model.optimality_ <= model.tol
    assert {late for _, late in frees} == {False, True}
    shape = DEFAULT.free_of_many * N_COLUMNS
    assert all(free == (shape if late else 0.0) for free, late in frees)


def test_below_one_no_column_leaves(held):
    """Starts and search look for other minima among all that was gathered."""
    X, y = problem(1)
    SparseLpRegressor(0.02, p=0.5).fit(X, y)
    assert held and all(held)


def test_a_column_enters_once_for_all_targets(monkeypatch):
    """What is close for one target may be a violator for another."""
    held, grow = [], outer_loop.grow

    def spy(working_set, *args, **options):
        late = grow(working_set, *args, **options)
        held.append(working_set.columns.copy())
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
    add, reset, gathered = WorkingSet.add, WorkingSet.reset, set()
    monkeypatch.setattr(
        WorkingSet, "add", lambda working_set, new: add(working_set, gathered.update(new) or new)
    )
    monkeypatch.setattr(
        WorkingSet,
        "reset",
        lambda working_set, new: reset(working_set, gathered.update(new) or new),
    )
    model = SparseLpRegressor(alpha, p=p, tol=1e-7).fit(container(X), Y)
    assert np.array_equal(np.flatnonzero(model.coef_.any(axis=0)), np.arange(20))
    assert len(gathered) < 50
    assert np.max(model.optimality_) <= 1e-7
    gathered.clear()
    same = with_figures(SparseLpRegressor(alpha, p=p, tol=1e-7), designs={"least_spared": np.inf})
    same.fit(container(X), Y)
    assert len(gathered) > 70  # without a sample, all that violate
    np.testing.assert_allclose(same.coef_, model.coef_, atol=1e-6)


def test_a_working_set_that_forgets_keeps_the_gram_of_the_rest():
    X, _ = problem(2)
    A = WeightedView(as_design(X), np.full(N_ROWS, 1 / N_ROWS), True)
    working_set = WorkingSet([A])
    working_set.add(np.array([5, 3, 90, 17, 400, 1]))
    working_set.gram(A)
    working_set.reset(np.array([3, 17, 60, 90, 599]))
    assert set(working_set.columns) == {3, 17, 60, 90, 599}
    assert np.array_equal(np.flatnonzero(working_set.member), np.sort(working_set.columns))
    columns = A.dense(working_set.columns)
    np.testing.assert_allclose(working_set.gram(A), columns.T @ columns, atol=1e-12)


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
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8000, 8))
    # These violate optimality at zero, but not next to the first column.
    X[:, relevant:] += 0.5 * X[:, :1]
    y = X[:, :relevant].sum(axis=1) + rng.normal(size=8000)
    model = with_figures(SparseLpRegressor(0.2, tol=1e-8), working_set={"least_last": 0}).fit(X, y)
    assert np.array_equal(np.flatnonzero(model.mask_), np.arange(relevant))
    assert len(asked[0]) == 8
    assert asked[0].sum() == joining


def test_a_gram_grows_where_it_lies_unless_somebody_has_it():
    """Its pages are neither copied nor held twice; what a system works on does not move."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((60, 200))
    view = WeightedView(as_design(X), np.full(60, 1 / 60), True)
    working_set = WorkingSet([view])
    A = view.dense(np.arange(200))
    entries = []
    for stop in (10, 30, 100):
        working_set.hold(np.arange(stop))
        gram = working_set.gram(view)
        np.testing.assert_allclose(gram, A[:, :stop].T @ A[:, :stop], atol=1e-12)
        entries.append(gram.base if gram.base.base is None else gram.base.base)
        del gram
    assert entries[0] is entries[1] is entries[2]
    system = working_set.system(view, np.zeros(60), np.zeros(100))
    before = system.matrix.copy()
    working_set.hold(np.arange(120))
    np.testing.assert_allclose(working_set.gram(view), A[:, :120].T @ A[:, :120], atol=1e-12)
    np.testing.assert_array_equal(system.matrix, before)
