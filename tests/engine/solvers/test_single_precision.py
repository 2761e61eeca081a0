"""A Gram in single precision: fits end as exactly as ever, or go over to double."""

import itertools
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from figures import tuning, with_figures
from pairwise import parametrize_pairwise
from reference import POWERS, Problem, assert_certified
from regressions import SETTINGS, regression
from sklearn.exceptions import ConvergenceWarning
from systems import system_of

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.designs import WeightedView, as_design
from skl_sparse.engine.solvers.working_set.columns import WorkingSet
from skl_sparse.engine.solvers.working_set.prediction import Prediction

CONTAINERS = [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array]


@pytest.fixture
def went_over(monkeypatch):
    """Grams of any size are held in single; lists how often that did not do."""
    monkeypatch.setattr(SparseLpRegressor, "_tuning", tuning(working_set={"in_double": 0}))
    went_over, hold = [], WorkingSet.hold_in_double
    monkeypatch.setattr(
        WorkingSet, "hold_in_double", lambda held: hold(went_over.append(1) or held)
    )
    return went_over


@pytest.fixture
def made(monkeypatch):
    """The systems that descents had."""
    made, system = [], WorkingSet.system
    monkeypatch.setattr(
        WorkingSet, "system", lambda held, *at: made.append(system(held, *at)) or made[-1]
    )
    return made


@pytest.mark.parametrize("n", [1, 7, 8, 33, 1025])
def test_sums_are_in_double(n):
    rng = np.random.default_rng(n)
    A, r, delta = rng.standard_normal((30, n)), rng.standard_normal(30), rng.standard_normal(n)
    system = system_of("single", A, r)
    rounded = (A.T @ A).astype(np.float32).astype(np.float64)
    system.move(np.arange(n), delta)
    close = {"rtol": 1e-12, "atol": 1e-11 * n}
    np.testing.assert_allclose(system.correlations(), A.T @ r - rounded @ delta, **close)
    columns = rng.permutation(n)[: n // 2 + 1]
    block = rounded[np.ix_(columns, columns)]
    np.testing.assert_allclose(
        system.normal(columns, delta[: len(columns)]), block @ delta[: len(columns)], **close
    )
    np.testing.assert_array_equal(system.normal_block(columns, columns), block)
    assert system.copy().rounded


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_working_set_goes_from_double_to_single_and_back(container):
    figures = tuning(working_set={"in_double": 30, "moved": 500}).working_set
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 200)) * (rng.random((90, 200)) < 0.5)
    A = WeightedView(as_design(container(X)), np.full(90, 1 / 90), True)
    working_set = WorkingSet([A], tuning=figures)
    order = rng.permutation(200)

    def check(dtype, atol):
        columns, gram = A.dense(working_set.columns), working_set.gram(A)
        np.testing.assert_allclose(gram, columns.T @ columns, rtol=0, atol=atol)
        assert gram.dtype == dtype

    for start, stop, dtype in ((0, 20, "f8"), (20, 45, "f4"), (45, 90, "f4"), (90, 180, "f4")):
        working_set.add(order[start:stop])
        check(dtype, 1e-12 if dtype == "f8" else 5e-6)
    working_set.reset(np.sort(order[30:110]))
    check("f4", 5e-6)
    working_set.hold_in_double()
    check("f8", 1e-12)
    working_set.add(order[120:])
    check("f8", 1e-12)


@parametrize_pairwise(p=[p for p in POWERS if p <= 1], setting=SETTINGS, container=CONTAINERS)
def test_fits_converge_all_the_same(p, setting, container, went_over, made):
    for seed, share in itertools.product((0, 1), (0.5, 0.03)):
        X, y, s = regression(seed)
        alpha = share * Problem(X, y).alpha_max()
        model = SparseLpRegressor(alpha, p=p, tol=1e-10, **setting)
        model.fit(container(X), y, sample_weight=s)
        assert_certified(model, X, y, s, tol=1e-10)
    assert not went_over
    assert made
    assert all(system.rounded for system in made)


def nearly_collinear(near):
    """Pairs of columns a small difference apart, on which the target depends."""
    rng = np.random.default_rng(0)
    common, own = rng.standard_normal((2, 200, 40))
    y = own @ rng.uniform(1, 2, 40) + common[:, :5].sum(axis=1)
    return np.hstack([common, common + near * own]), y


@parametrize_pairwise(share=[1e-3, 1e-6, 0.0], near=[1e-1, 1e-2, 1e-3, 1e-4], container=CONTAINERS)
def test_fits_on_nearly_collinear_columns(share, near, container, went_over):
    X, y = nearly_collinear(near)
    alpha = share * Problem(X, y).alpha_max()
    with warnings.catch_warnings():  # rounding may have the last word, also in double
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = SparseLpRegressor(alpha, tol=1e-9).fit(container(X), y)
        double = with_figures(SparseLpRegressor(alpha, tol=1e-9), working_set={"in_double": np.inf})
        double.fit(container(X), y)
    if near >= 1e-2 or share == 1e-3:
        assert not went_over
    else:  # a rounded Gram tells no longer how the pairs differ
        assert len(went_over) == 1
    null = np.mean((y - y.mean()) ** 2) / 2
    assert model.objective_ <= double.objective_ * (1 + 1e-6) + 1e-12 * null


@pytest.mark.parametrize("p", [0.0, 0.5])
def test_minima_of_a_rounded_gram_that_are_none(p, went_over):
    """Nearly collinear columns, where its quadratic falls without end and the penalty does not rise."""
    X, y = nearly_collinear(1e-4)
    alpha = 1e-6 * Problem(X, y).alpha_max()
    model = SparseLpRegressor(alpha, p=p, tol=1e-6).fit(X, y)
    assert_certified(model, X, y, tol=1e-6)
    assert went_over


def test_one_of_several_targets_needs_double(went_over):
    X, y = nearly_collinear(1e-4)
    Y = np.column_stack([X[:, 0] + X[:, 7], y, X[:, 3]])
    model = SparseLpRegressor(0.0, tol=1e-9).fit(X, Y)
    assert len(went_over) == 1
    assert np.max(model.optimality_) <= 1e-9
    assert_certified(SparseLpRegressor(0.0, tol=1e-9).fit(X, y), X, y, tol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("local_search", [False, True])
def test_containers_end_in_the_same_minimum(local_search, made):
    """Correlated columns at p = 1/2, which rounding of the Gram leads elsewhere: to 0.675 not 0.710."""
    rng = np.random.default_rng(2)
    X = rng.standard_normal((120, 300))
    for j in range(1, 300):
        X[:, j] = 0.9 * X[:, j - 1] + np.sqrt(1 - 0.9**2) * X[:, j]
    y = X[:, ::4] @ rng.standard_normal(75) + rng.standard_normal(120)
    alpha = 3e-3 * Problem(X, y).alpha_max()
    model = SparseLpRegressor(alpha, p=0.5, tol=1e-6, local_search=local_search)
    fits = [model.fit(container(X), y).objective_ for container in CONTAINERS]
    np.testing.assert_allclose(fits, fits[0], rtol=1e-9)
    assert any(system.rounded for system in made)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_curvatures_beyond_single(container, made):
    """A ridge whose weights are very uneven, on a support large enough for a packed factor."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 420))
    for j in range(1, 420):
        X[:, j] = 0.95 * X[:, j - 1] + np.sqrt(1 - 0.95**2) * X[:, j]
    y = X[:, :300] @ rng.standard_normal(300) + rng.standard_normal(600)
    uneven = np.where(np.arange(420) % 8 == 0, 1e60, 1e-6)
    ridge = 1e-5 * Problem(X, y).alpha_max()
    model = SparseLpRegressor(0.0, p=1, alpha_l2=ridge, feature_weights=uneven, tol=1e-6)
    model.fit(container(X), y)
    assert any(system.rounded for system in made)
    assert_certified(model, X, y, tol=1e-6)


def prediction(**changes):
    given = {"correlations": np.array([0.1, -0.2]), "square": 0.5, "violation": 0.1}
    return Prediction(np.array([4, 1]), **{**given, "square_before": 1.0, "coarse": 0.1, **changes})


def test_what_agrees_with_a_prediction():
    found = np.array([9.0, -0.2, 9.0, 9.0, 0.1])
    assert prediction().agrees(found)
    assert prediction().agrees(found + 0.009)
    assert not prediction().agrees(found + 0.011)
    assert not prediction(violation=0.01).agrees(found + 0.009)
    assert not prediction(correlations=np.array([0.1, np.nan])).agrees(found)


@pytest.mark.parametrize(("square", "possible"), [(2.0, True), (-0.01, True), (-0.2, False)])
def test_a_square_below_zero_is_not_possible(square, possible):
    assert prediction(square=square).is_possible == possible
    assert prediction(square=1e-13 * square, square_before=1e-16).is_possible  # rounding, no more
    assert not prediction(square=np.nan).is_possible


def test_what_is_predicted_is_so():
    rng = np.random.default_rng(3)
    A, r, step = rng.standard_normal((20, 5)), rng.standard_normal(20), rng.standard_normal(5)
    system, columns = system_of("single", A, r), np.arange(5)
    c = system.correlations()
    system.move(columns, step)
    said = Prediction.after(system, columns, step, c, float(r @ r), 0.1, 0.1)
    after = r - A @ step
    np.testing.assert_allclose(said.correlations, A.T @ after, rtol=1e-5)
    assert said.square == pytest.approx(after @ after, rel=1e-5)
    assert said.square_before == r @ r
