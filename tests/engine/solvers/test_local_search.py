"""The search around a minimum, and the starts before it, for p < 1."""

import numpy as np
import pytest
from figures import with_figures
from pairwise import parametrize_pairwise
from sklearn.base import clone
from systems import system_of

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.penalties import LpPenalty
from skl_sparse.engine.solvers import Batch, QuadraticModel
from skl_sparse.engine.solvers.multistart import local_search, starts
from skl_sparse.engine.solvers.multistart._exchanges import first_better
from skl_sparse.engine.solvers.multistart.local_search import NONE, Search
from skl_sparse.engine.solvers.multistart.point import Point, is_lower
from skl_sparse.engine.solvers.working_set._sweeps import coordinate_descent
from skl_sparse.engine.solvers.working_set._systems import GramSystem
from skl_sparse.engine.tuning import DEFAULT

M, SWEEPS, TOL, BUDGET = 10, 500, 1e-12, 1e9


def settled_point(kind, p, seed, m=M):
    """A coordinate-wise minimum of a small problem with correlated columns."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(25, m)) + rng.normal(size=(25, 1))
    A /= np.linalg.norm(A, axis=0)
    y = A @ rng.normal(size=m) + 0.1 * rng.normal(size=25)
    penalty = LpPenalty(np.full(m, 0.05), np.zeros(m), p)
    system, u = system_of(kind, A, y), np.zeros(m)
    coordinate_descent(system, penalty, u, np.arange(m), SWEEPS, TOL, BUDGET)
    return A, y, Point(QuadraticModel(), penalty, system, u, np.sum((y - A @ u) ** 2), DEFAULT)


def objective(A, y, penalty, u):
    inside = u != 0
    return np.sum((y - A @ u) ** 2) / 2 + np.sum(
        penalty.lam[inside] * np.abs(u[inside]) ** penalty.p
    )


def every_exchange(point):
    zeros, support = np.flatnonzero(point.u == 0), np.flatnonzero(point.u)
    pairs = [(j, NONE) for j in support] + [(NONE, j) for j in zeros]
    pairs += [(i, j) for i in support for j in zeros]
    leaving, entering = np.array(pairs).T.copy()
    return leaving, entering, np.where(entering == NONE, 0.0, 0.3)


def settle(system, penalty, u, columns):
    """A sweep over all columns, then ten over the non-zeros, until one over all moves nothing."""

    def largest(order):
        return coordinate_descent(system, penalty, u, order, 1, TOL, BUDGET)[1]

    while largest(columns) > TOL:
        for _ in range(10):
            if largest(columns[u[columns] != 0]) <= TOL:
                break


def by_hand(A, y, penalty, u, leaving, entering, value):
    """The objective after one exchange: what is around the two settles first, then everything."""
    u = u.copy()
    for j, new in ((leaving, 0.0), (entering, value)):
        if j != NONE:
            u[j] = new
    system = GramSystem(A.T @ A, A.T @ (y - A @ u))
    around = np.setdiff1d(np.arange(M), [leaving, entering])
    for columns in (around, np.arange(M)):
        settle(system, penalty, u, columns)
    return objective(A, y, penalty, u)


@parametrize_pairwise(seed=range(5), p=[0.0, 0.5, 2 / 3], kind=["gram", "dense", "sparse"])
def test_the_first_better_exchange_is_found(kind, p, seed):
    A, y, point = settled_point(kind, p, seed)
    exchanges = every_exchange(point)
    reached = [by_hand(A, y, point.penalty, point.u, *one) for one in zip(*exchanges, strict=True)]
    better = np.flatnonzero(np.array(reached) < point.objective - 1e-8)
    there, new = point.system.copy(), point.u.copy()
    limits = 1e-8, SWEEPS, TOL, BUDGET
    tried, found, spent = first_better(
        point.system, point.u, point.c, there, new, point.penalty, *exchanges, *limits
    )
    assert found == (len(better) > 0) and spent > 0
    assert tried == (better[0] + 1 if found else len(reached))
    # the neighbour is at hand, unless it led back, and the point itself is where it was
    expected, back = reached[tried - 1], np.array_equal(np.sign(new), np.sign(point.u))
    if back:
        assert not found and expected == pytest.approx(point.objective, rel=1e-9)
    else:
        assert objective(A, y, point.penalty, new) == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(there.correlations(), A.T @ (y - A @ new), atol=1e-12)
    np.testing.assert_allclose(point.system.correlations(), point.c, atol=1e-14)


@pytest.mark.parametrize("p", [0.5, 2 / 3])
def test_an_exchange_that_leads_back_is_left_at_once(p):
    """The same support and signs are no better minimum: nothing need settle there."""
    left = []
    for seed in range(5):
        _, _, point = settled_point("gram", p, seed)
        for one in zip(*every_exchange(point), strict=True):
            there, new = point.system.copy(), point.u.copy()
            exchange = [np.array([x]) for x in one]
            limits = 1e-8, SWEEPS, TOL, BUDGET
            first_better(
                point.system, point.u, point.c, there, new, point.penalty, *exchange, *limits
            )
            steps = point.penalty.violations(new, there.correlations())
            if np.array_equal(np.sign(new), np.sign(point.u)):
                left.append(steps.max() > 1e3 * TOL)
            else:
                assert steps.max() <= 10 * TOL
    assert len(left) > 10 and np.mean(left) > 0.5


def test_no_exchange_begins_beyond_the_budget():
    _, _, point = settled_point("gram", 0.5, 0)
    there, new = point.system.copy(), point.u.copy()
    exchanges, limits = every_exchange(point), (np.inf, SWEEPS, TOL, 1.0)
    tried, found, _ = first_better(
        point.system, point.u, point.c, there, new, point.penalty, *exchanges, *limits
    )
    assert (tried, found) == (1, False)


def test_no_start_begins_beyond_its_share():
    *_, point = settled_point("gram", 0.5, 0)
    assert len(list(starts.other_starts(point, True, 1e-6, np.inf))) == 3
    assert len(list(starts.other_starts(point, False, 1e-6, np.inf))) == 2
    assert len(list(starts.other_starts(point, False, 1e-6, 0.0))) == 1


def test_a_minimum_found_again_keeps_its_certificate(monkeypatch):
    """Where all starts lead to one minimum the fit ends with the look that certified it."""
    looks, elsewhere = [], starts.elsewhere
    evaluate = Batch.evaluate
    monkeypatch.setattr(Batch, "evaluate", lambda *a, **k: looks.append(1) or evaluate(*a, **k))

    def spy(*args):
        before = len(looks)
        u = elsewhere(*args)
        looks[:] = looks[:before]
        looks.append("search")
        return u

    monkeypatch.setattr(starts, "elsewhere", spy)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 20))
    y = X[:, :5] @ np.full(5, 2.0) + 0.1 * rng.normal(size=400)
    model = SparseLpRegressor(0.05, p=0.5).fit(X, y)
    assert model.mask_.sum() == 5 and model.optimality_ <= model.tol
    assert looks[-1] == "search"


@pytest.mark.parametrize("perturbs", [True, False])
def test_a_better_minimum_is_certified_by_one_look(perturbs, monkeypatch):
    """What starts and search find settles before the next look, whatever found it."""
    looks, elsewhere = [], starts.elsewhere
    evaluate = Batch.evaluate
    monkeypatch.setattr(Batch, "evaluate", lambda *a, **k: looks.append(1) or evaluate(*a, **k))
    if not perturbs:  # exchanges settle to 1e-5
        monkeypatch.setattr(starts, "other_starts", lambda *given: ())
        monkeypatch.setattr(starts, "perturbed", lambda point, *given: point)

    def spy(working_set, here, solution, *rest):
        u = elsewhere(working_set, here, solution, *rest)
        looks.clear()
        better.append(u is not solution.u)
        return u

    monkeypatch.setattr(starts, "elsewhere", spy)
    found = 0
    for seed in range(20):
        A, y, _ = settled_point("gram", 0.5, seed)  # so few columns that all are in the pool
        better = []
        model = SparseLpRegressor(0.003, p=0.5, tol=1e-9).fit(A, y)
        assert model.optimality_ <= model.tol
        assert len(looks) == sum(better)
        found += sum(better)
    assert found > 3


def test_a_fit_perturbs_the_penalty(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 200))
    X += 0.7 * np.roll(X, 1, axis=1)
    y = X[:, ::20] @ rng.normal(size=10) + rng.normal(size=60)
    fits = [SparseLpRegressor(alpha, p=0.5).fit(X, y) for alpha in np.geomspace(0.01, 0.1, 12)]
    monkeypatch.setattr(starts, "perturbed", lambda point, *given: point)
    ratios = [fit.objective_ / clone(fit).fit(X, y).objective_ for fit in fits]
    assert min(ratios) < 1 - 1e-4 and np.mean(ratios) < 1


def test_the_penalty_is_perturbed_until_that_leads_back(monkeypatch):
    """More than once, if need be; what has settled only better is no other minimum."""
    calls, descend = [], Point.descend
    monkeypatch.setattr(Point, "descend", lambda *given: calls.append(1) or descend(*given))

    def perturbed(point, work):
        calls.clear()
        return starts.perturbed(point, 1e-9, work), len(calls) // 2

    most = 0
    for seed in range(20):
        *_, point = settled_point("gram", 0.9, seed, 100)
        best, rounds = perturbed(point, np.inf)
        assert (best is point) == (rounds == 1)
        once, one = perturbed(point, 1e-300)
        assert one == 1 and best.objective <= once.objective
        most = max(most, rounds)
    assert most > 2
    A, y, point = settled_point("gram", 0.5, 0)
    system, u = point.system.copy(), point.u.copy()
    system.move(np.arange(M), 1e-3 * u)
    u *= 1 + 1e-3
    rough = Point(QuadraticModel(), point.penalty, system, u, np.sum((y - A @ u) ** 2), DEFAULT)
    assert is_lower(point, rough, DEFAULT)
    assert (
        starts.perturbed(point, 1e-9, np.inf) is point
        and starts.perturbed(rough, 1e-9, np.inf) is rough
    )


@pytest.mark.parametrize(("columns", "most"), [(10, 64), (32, 64), (64, 32), (500, 16)])
def test_a_brief_search_tries_fewer_exchanges_in_a_large_pool(columns, most, monkeypatch):
    asked = []
    monkeypatch.setattr(Search, "run", lambda search, most, tries, **options: asked.append(most))
    A, y = np.eye(columns), np.zeros(columns)
    penalty = LpPenalty(np.ones(columns), np.zeros(columns), 0.5)
    point = Point(
        QuadraticModel(), penalty, system_of("gram", A, y), np.zeros(columns), 0.0, DEFAULT
    )
    local_search.brief(point, np.inf)
    assert asked == [most]


@pytest.mark.parametrize("kind", ["gram", "sparse", "dense"])
@pytest.mark.parametrize("p", [0.0, 0.5, 2 / 3])
def test_a_perturbed_penalty_leads_to_a_minimum_no_higher(kind, p):
    lower = 0
    for seed in range(60):
        A, y, point = settled_point(kind, p, seed)
        before = point.u.copy(), point.c.copy()
        perturbed = starts.perturbed(point, 1e-9, np.inf)
        assert np.array_equal(point.u, before[0])
        assert np.array_equal(point.system.correlations(), before[1])
        assert perturbed.objective == pytest.approx(
            objective(A, y, point.penalty, perturbed.u), rel=1e-9
        )
        assert point.penalty.violations(perturbed.u, A.T @ (y - A @ perturbed.u)).max() <= 1e-8
        assert perturbed is point or is_lower(perturbed, point, DEFAULT)
        lower += perturbed is not point
        assert starts.perturbed(point, 1e-9, 0.0) is point
    assert lower > 0


def test_a_perturbed_penalty_is_not_followed_to_what_cannot_be(monkeypatch):
    """A Gram too small, as a rounded one may be along some direction, tells of squares below zero."""

    def squares():
        for seed in range(60):
            A, _, point = settled_point("gram", 0.5, seed)
            point.system = GramSystem(0.2 * A.T @ A, point.c.copy())
            yield starts.perturbed(point, 1e-6, 2e4).square / point.square

    assert min(squares()) > -0.11
    monkeypatch.setattr(Point, "is_lower", lambda new, old: is_lower(new, old, DEFAULT))
    assert min(squares()) < -0.11


@pytest.mark.parametrize("p", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_a_minimum_that_settles_is_no_better_one(p, seed):
    """What descent still has to gain is not credited to an exchange."""
    A, y, point = settled_point("gram", p, seed)
    system, u = point.system.copy(), point.u.copy()
    shift = 1e-3 * u
    system.move(np.arange(M), shift)
    u += shift
    rough = Point(QuadraticModel(), point.penalty, system, u, np.sum((y - A @ u) ** 2), DEFAULT)
    leaving, entering, values = every_exchange(rough)
    limits = 1e-12, SWEEPS, TOL, BUDGET
    for k in range(len(leaving)):
        there, new = system.copy(), u.copy()
        one = leaving[k : k + 1], entering[k : k + 1], values[k : k + 1]
        _, found, _ = first_better(system, u, rough.c, there, new, point.penalty, *one, *limits)
        assert not (found and (np.sign(new) == np.sign(u)).all())


@pytest.mark.parametrize("p", [0.0, 0.5])
@pytest.mark.parametrize("alpha_l2", [0.0, 0.3, 3.0])
def test_exchanges_come_in_the_order_of_what_they_gain(p, alpha_l2):
    """With the ridge: a column enters where loss and ridge alone are least."""
    A, y, _ = settled_point("gram", p, 0)
    lam = np.linspace(0.1, 0.3, M)
    penalty = LpPenalty(lam, alpha_l2 * np.linspace(0.5, 2, M), p)
    system, u = system_of("gram", A, y), np.zeros(M)
    coordinate_descent(system, penalty, u, np.arange(M), SWEEPS, TOL, BUDGET)
    point = Point(QuadraticModel(), penalty, system, u, np.sum((y - A @ u) ** 2), DEFAULT)
    leaving, entering, values = Search(point).exchanges(1000)
    assert len(leaving) == len(every_exchange(point)[0]) > M

    def value(v):
        return objective(A, y, penalty, v) + 0.5 * penalty.ridge @ (v * v)

    reached = []
    for i, j, x in zip(leaving, entering, values, strict=True):
        v = u.copy()
        if i != NONE:
            v[i] = 0.0
        if j != NONE:
            v[j] = A[:, j] @ (y - A @ v) / (1 + penalty.ridge[j])
            assert x == pytest.approx(v[j], rel=1e-9)
        reached.append(value(v))
    assert (np.diff(reached) >= -1e-12).all()
    # Some of them are the first of all.
    for most in (1, 2, 3, 10, len(leaving) - 1):
        for some, every in zip(
            Search(point).exchanges(most), (leaving, entering, values), strict=True
        ):
            np.testing.assert_array_equal(some, every[:most])


def correlated(n, m, k):
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(n, m)), np.zeros(m)
    for j in range(1, m):
        X[:, j] = 0.6 * X[:, j - 1] + 0.8 * X[:, j]
    w[rng.choice(m, k, replace=False)] = rng.normal(size=k)
    y = X @ w
    y += 0.5 * y.std() * rng.normal(size=n)
    return X, y, np.abs(X.T @ (y - y.mean())).max() / n


def test_a_thorough_search_is_bounded_by_work(monkeypatch):
    """Correlated columns, a large support: exchanges alone would take many times as long."""
    spent, refits = [], []

    def counted(*args):
        answer = first_better(*args)
        spent.append(answer[2])
        return answer

    def refitted(self, system, u):
        before = self.spent
        fit_support(self, system, u)
        refits.append(self.spent - before)

    fit_support = Search.fit_support
    monkeypatch.setattr(local_search, "first_better", counted)
    monkeypatch.setattr(Search, "fit_support", refitted)
    X, y, alpha_max = correlated(150, 200, 60)
    model = SparseLpRegressor(alpha_max / 300, p=0.5, local_search=True)
    with_figures(model, multistart={"thorough_work": (1e8, 100)}).fit(X, y)
    assert model.mask_.sum() > 60 and refits and min(refits) > 0
    assert 1e7 < sum(spent) + sum(refits) < 1.1e8


@pytest.mark.slow
def test_a_thorough_search_starts_where_a_brief_one_ends():
    X, y, alpha_max = correlated(300, 400, 20)
    brief, thorough = (
        SparseLpRegressor(alpha_max / 50, p=0.5, local_search=search).fit(X, y)
        for search in (False, True)
    )
    assert thorough.objective_ <= brief.objective_ * (1 + 1e-9)


def test_twins_in_a_refit():
    """Their Gram is singular: they share, and nothing overflows."""
    A, y, _ = settled_point("gram", 0.5, 1)
    A = np.column_stack([A, A])
    penalty, u = LpPenalty(np.full(2 * M, 0.05), np.zeros(2 * M), 0.5), np.full(2 * M, 0.1)
    system = system_of("gram", A, y - A @ u)
    search = Search(Point(QuadraticModel(), penalty, system, u, np.sum((y - A @ u) ** 2), DEFAULT))
    search.fit_support(system, u)
    assert np.abs(A.T @ (y - A @ u)).max() < 1e-6
    assert np.abs(u).max() < 100


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_looks_count_for_an_interrupt(kind):
    """Columns that stay as they are cost a look each: so many that an interrupt waits for them."""
    A = np.random.default_rng(0).normal(size=(2000, M))
    A /= np.linalg.norm(A, axis=0)
    penalty, columns = LpPenalty(np.full(M, 0.1), np.zeros(M), 0.5), np.arange(M)
    system, u = system_of(kind, A, A[:, 0]), np.zeros(M)
    # Until no column moves, not by rounding either.
    coordinate_descent(system, penalty, u, columns, SWEEPS, 0.0, BUDGET)
    for budget, expected in ((1.0, 1), (5 * M * 2000.0, 2 if kind == "sparse" else 5), (1e9, 9)):
        sweeps, _, spent = coordinate_descent(system, penalty, u, columns, 9, -1.0, budget)
        assert sweeps == expected and spent <= 10 * M * 9
    there, new = system.copy(), u.copy()
    every = np.full(100, NONE), np.full(100, NONE), np.zeros(100)
    budget, limits = 20 * M * 2000.0, (np.inf, SWEEPS, TOL)
    point = Point(QuadraticModel(), penalty, system, u, 1.0, DEFAULT)
    tried, *_ = first_better(system, u, point.c, there, new, penalty, *every, *limits, budget)
    assert tried <= 10


@pytest.mark.parametrize("y", [np.zeros(6), np.full(6, 3.0), np.eye(6)[0]])
def test_no_exchange_to_try(y):
    X = np.vstack([np.zeros((1, 2)), np.tile([[1.0, -1.0], [-1.0, 1.0]], (2, 1)), np.zeros((1, 2))])
    model = SparseLpRegressor(0.1, p=0.5, local_search=True).fit(X, y)
    assert not model.coef_.any()
    assert model.optimality_ == 0.0
