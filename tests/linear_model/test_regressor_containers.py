"""Dense, CSR and CSC, index widths, dtypes, untidy storage, memory maps: one answer, input kept."""

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from pairwise import parametrize_pairwise
from reference import POWERS, Problem, assert_certified
from sklearn.base import clone

import skl_sparse.engine.designs.view as standardised
import skl_sparse.engine.problems.least_squares as least_squares
from skl_sparse import SparseLpRegressor, _storage

CONTAINERS = {
    "csr_array": sp.csr_array,
    "csc_array": sp.csc_array,
    "csr_matrix": sp.csr_matrix,
    "csc_matrix": sp.csc_matrix,
}


def data(seed=0, n=50, n_features=20):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_features)) * (rng.random((n, n_features)) < 0.4) + 0.0
    w = np.where(np.arange(n_features) % 4 == 0, rng.normal(size=n_features), 0)
    y = X @ w + 0.3 * rng.normal(size=n) + 1.0
    return X, y, rng.uniform(0.2, 2, n)


def strict(p, **parameters):
    parameters = {"alpha": 0.02, "tol": 1e-13, "max_iter": 100_000} | parameters
    return SparseLpRegressor(p=p, **parameters)


def wide_indices(X):
    X = X.copy()
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    assert X.indices.dtype == X.indptr.dtype == np.int64
    return X


@parametrize_pairwise(
    container=list(CONTAINERS),
    indices=[np.int32, np.int64, np.int16, np.uint32],
    indptr=[np.int32, np.int64, np.uint16],
)
def test_indices_of_any_type(container, indices, indptr):
    X, y, _ = data(0)
    XS = CONTAINERS[container](X)
    XS.indices, XS.indptr = XS.indices.astype(indices), XS.indptr.astype(indptr)
    model = strict(1).fit(XS, y)
    np.testing.assert_allclose(model.coef_, strict(1).fit(X, y).coef_, rtol=1e-9, atol=1e-9)
    assert (XS.indices.dtype, XS.indptr.dtype) == (indices, indptr)


def test_the_container_does_not_choose_among_exact_fits():
    """Nothing but rounding is left of the residual, and rounding must not rule a minimum out."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        n_rows, n_columns = rng.integers(1, 5), rng.integers(3, 12)
        X = rng.standard_normal((n_rows, n_columns)) * 10.0 ** rng.uniform(1, 3, n_columns)
        y, alpha = X @ rng.standard_normal(n_columns), 10 ** rng.uniform(-3, 0)
        y += 10.0 * np.abs(y).max()
        alpha *= np.mean(y**2)
        dense, *sparse = (
            SparseLpRegressor(alpha, p=0, fit_intercept=False, tol=1e-9).fit(container(X), y)
            for container in (np.asarray, sp.csr_array, sp.csc_array)
        )
        for model in sparse:
            assert model.objective_ == pytest.approx(dense.objective_, rel=1e-8)


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_objective_that_only_rounding_moves_ends_proximal_gradient(order):
    """Where it stands still a coordinate may yet gain: sweeps, which end the fit, have to begin."""
    rng = np.random.default_rng(47)
    X = np.array([35.2, 21.4, 33.0, 11.3]) + rng.standard_normal((7, 4)) * [0.4, 0.3, 0.5, 0.2]
    y = 100 + X[:, [0]].sum(axis=1) + 1.6 * X[:, 2] + 0.3 * rng.standard_normal(7)
    model = SparseLpRegressor(0.06, p=0.5, solver="proximal_gradient", tol=1e-9, max_iter=20_000)
    model.fit(np.asarray(X, order=order), y)
    assert model.n_iter_ < 2000
    assert model.optimality_ <= 1e-9


@parametrize_pairwise(p=POWERS, container=list(CONTAINERS), solver=["cd", "proximal_gradient"])
def test_sparse_equals_dense(p, container, solver):
    for seed, weighted, fit_intercept in ((0, False, True), (1, True, True), (2, True, False)):
        X, y, s = data(seed)
        s = s if weighted else None
        model = strict(p, solver=solver, fit_intercept=fit_intercept)
        dense = model.fit(X, y, s)
        coef, objective = dense.coef_.copy(), dense.objective_
        for indices in (np.int32, np.int64):
            XS = CONTAINERS[container](X)
            XS = wide_indices(XS) if indices == np.int64 else XS
            assert XS.indices.dtype == indices
            model = strict(p, solver=solver, fit_intercept=fit_intercept).fit(XS, y, s)
            assert model.objective_ == pytest.approx(objective, rel=1e-8)
            np.testing.assert_allclose(model.coef_, coef, rtol=1e-6, atol=1e-7)
            assert model.intercept_ == pytest.approx(dense.intercept_, rel=1e-6, abs=1e-7)
            np.testing.assert_allclose(model.predict(XS), dense.predict(X), rtol=1e-6, atol=1e-6)
            assert type(model.coef_) is np.ndarray
            assert model.coef_.dtype == np.float64
            assert sp.issparse(model.sparse_coef_)
            assert model.sparse_coef_.format == "csr"
            assert model.sparse_coef_.shape == (1, X.shape[1])


@parametrize_pairwise(p=POWERS, container=["dense", *CONTAINERS], weight=[None, 3.0])
def test_equal_weights_of_many_rows_are_one_number(p, container, weight, monkeypatch):
    roots, seen = standardised.roots, []
    for seed, fit_intercept in ((0, True), (2, False)):
        X, y, _ = data(seed)
        Y = np.column_stack([y, y - 2 * X[:, 0]]) if seed else y
        XS = X if container == "dense" else CONTAINERS[container](X)
        weights = None if weight is None else np.full(len(X), weight)
        model = strict(p, fit_intercept=fit_intercept)
        few = clone(model).fit(XS, Y, weights)
        with monkeypatch.context() as patch:
            patch.setattr(least_squares, "MANY_ROWS", 0)
            patch.setattr(standardised, "roots", lambda w: roots(seen.append(w.strides) or w))
            many = clone(model).fit(XS, Y, weights)
        np.testing.assert_allclose(many.coef_, few.coef_, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(many.intercept_, few.intercept_, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(many.objective_, few.objective_, rtol=1e-8)
    assert seen == [(0,), (0,)]


@pytest.mark.parametrize("container", ["dense", *CONTAINERS])
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0])
def test_one_number_for_all_weights_and_products_that_overflow_before_it_counts(
    p, container, monkeypatch
):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    X[:, 0] = 1e308 * (rng.random(400) < 0.5)
    X[:, 1] = 1e308
    y = X[:, 0] / 1e308 + 0.1 * rng.normal(size=400)
    XS = X if container == "dense" else CONTAINERS[container](X)
    alpha = {1.0: 1e305, 1.5: 1e-300, 2.0: 1e-300}[p]
    model = SparseLpRegressor(alpha, p=p, tol=1e-12)  # small coefficients are to agree
    few = clone(model).fit(XS, y)
    assert few.coef_[0] * 1e308 == pytest.approx(1.0, abs=0.2)
    monkeypatch.setattr(least_squares, "MANY_ROWS", 0)
    many = clone(model).fit(XS, y)
    assert many.objective_ == pytest.approx(few.objective_, rel=1e-7)
    np.testing.assert_allclose(many.coef_, few.coef_, rtol=1e-3)
    assert many.dual_gap_ <= 1e-9


@pytest.mark.parametrize("p", POWERS)
def test_default_tolerance_agrees_too(p):
    """The objective agrees to 1e-8 whatever the tolerance: the same steps are taken."""
    X, y, s = data(3)
    values = [
        SparseLpRegressor(0.01, p=p).fit(A, y, s).objective_
        for A in (X, sp.csr_array(X), sp.csc_array(X))
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-8)


def untidy(X, rng):
    """The same matrix as CSR with unsorted rows, split (duplicate) entries and stored zeros."""
    _n, m = X.shape
    data, indices, indptr = [], [], [0]
    for row in X:
        at = np.flatnonzero(row)
        pieces = [(j, 0.25 * row[j]) for j in at] + [(j, 0.75 * row[j]) for j in at]
        pieces += [(j, 0.0) for j in rng.integers(0, m, 3)]
        for k in rng.permutation(len(pieces)):
            indices.append(pieces[k][0])
            data.append(pieces[k][1])
        indptr.append(len(indices))
    return sp.csr_array((np.array(data), np.array(indices), np.array(indptr)), shape=X.shape)


@parametrize_pairwise(
    p=[0.0, 0.5, 1.0, 1.5, 2.0], format=["csr", "csc"], width=[np.int32, np.int64]
)
def test_untidy_storage(p, format, width):
    X, y, s = data(4)
    rng = np.random.default_rng(0)
    if format == "csr":
        M = untidy(X, rng)
    else:
        T = untidy(X.T, rng)
        M = sp.csc_array((T.data, T.indices, T.indptr), shape=X.shape)
    M.indices, M.indptr = M.indices.astype(width), M.indptr.astype(width)
    before = [a.copy() for a in (M.data, M.indices, M.indptr)]
    canonical = strict(p).fit(type(M)(X), y, s)
    for A in (M.data, M.indices, M.indptr):
        A.flags.writeable = False
    model = strict(p).fit(M, y, s)
    np.testing.assert_allclose(model.coef_, canonical.coef_, rtol=1e-7, atol=1e-9)
    assert model.objective_ == pytest.approx(canonical.objective_, rel=1e-10)
    np.testing.assert_allclose(model.predict(M), canonical.predict(X), rtol=1e-7)
    for now, then in zip((M.data, M.indices, M.indptr), before, strict=True):
        np.testing.assert_array_equal(now, then)
        assert now.dtype == then.dtype


@pytest.mark.parametrize("p", [0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("convert", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_matrix])
def test_nothing_of_the_callers_changes(p, convert):
    X, y, s = data(5)
    X = convert(X)
    v = np.linspace(0.1, 2, X.shape[1])
    arrays = [y, s, v] + ([X.data, X.indices, X.indptr] if sp.issparse(X) else [X])
    before = [a.copy() for a in arrays]
    strict(p, feature_weights=v, sparsity_threshold=0.05, tol=1e-6).fit(X, y, s)
    for now, then in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("order", ["C", "F", "strided", "reversed"])
def test_memory_layouts(order):
    X, y, s = data(6)
    wide = np.repeat(X, 2, axis=1)
    same = {
        "C": np.ascontiguousarray(X),
        "F": np.asfortranarray(X),
        "strided": wide[:, ::2],
        "reversed": np.ascontiguousarray(X[:, ::-1])[:, ::-1],
    }[order]
    for p in (0.5, 1, 1.5, 2):
        np.testing.assert_allclose(
            strict(p).fit(same, y[::-1][::-1], s).coef_,
            strict(p).fit(X, y, s).coef_,
            rtol=1e-7,
            atol=1e-10,
        )


@pytest.mark.parametrize("format", ["dense", "csr_array", "csc_array"])
@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_read_only_memory_maps(tmp_path, p, format):
    X, y, s = data(7)
    expected = strict(p).fit(X, y, s)
    M = X if format == "dense" else CONTAINERS[format](X)
    joblib.dump((M, y, s), tmp_path / "data.joblib")
    M, y, s = joblib.load(tmp_path / "data.joblib", mmap_mode="r")
    part = M if format == "dense" else M.data
    assert isinstance(part, np.memmap)
    assert not part.flags.writeable
    model = strict(p).fit(M, y, s)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(model.predict(M), expected.predict(X), rtol=1e-6)


@pytest.mark.parametrize("format", ["dense", "csr_array", "csc_array"])
@pytest.mark.parametrize("p", POWERS)
def test_float32_stays_float32(p, format):
    X, y, s = data(8)
    X, y = X.astype(np.float32), y.astype(np.float32)
    double = strict(p, tol=1e-6).fit(X.astype(float), y.astype(float), s)
    M = X if format == "dense" else CONTAINERS[format](X)
    model = strict(p, tol=1e-6).fit(M, y, s)
    assert model.coef_.dtype == np.float32
    assert model.sparse_coef_.dtype == np.float32
    assert model.predict(M).dtype == np.float32
    for name in ("dual_gap_", "optimality_", "objective_", "penalty_"):
        assert np.asarray(getattr(model, name)).dtype == np.float64, name
    assert model.objective_ == pytest.approx(double.objective_, rel=1e-4)
    value = Problem(X, y, alpha=0.02, p=p, sample_weight=s)
    assert value.objective(model.coef_, model.intercept_) == pytest.approx(
        double.objective_, rel=1e-4
    )
    np.testing.assert_allclose(model.coef_, double.coef_, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("convert", [np.asarray, *CONTAINERS.values()])
@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "column", "two"])
def test_what_needs_no_conversion_is_taken_as_scikit_learn_would(convert, kind, monkeypatch):
    """Its validation, which finds nothing to do there, is left out."""
    X, y, _ = data()
    targets = {"column": y[:, None], "two": np.column_stack([y, -y])}
    y = targets[kind] if kind in targets else (10 * y).astype(kind)
    X = convert(X.astype(np.float32 if kind == "float32" else np.float64))
    calls, found = [], []
    check_array = _storage.check_array
    monkeypatch.setattr(
        _storage, "check_array", lambda *a, **k: calls.append(1) or check_array(*a, **k)
    )
    for accepted in (_storage._is_accepted, lambda X: False):
        monkeypatch.setattr(_storage, "_is_accepted", accepted)
        model = SparseLpRegressor(0.05)
        model.feature_names_in_ = np.array(["left", "by", "another", "fit"])
        found.append(model.fit(X, y))
        assert model.n_features_in_ == X.shape[1]
        assert not hasattr(model, "feature_names_in_")
    assert len(calls) == 1
    for name in ("coef_", "intercept_", "objective_", "dual_gap_"):
        ours, theirs = (getattr(model, name) for model in found)
        np.testing.assert_array_equal(ours, theirs)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype


def test_other_dtypes_are_converted():
    X, y, _ = data(9)
    whole = np.round(5 * X)
    expected = strict(1.0).fit(whole, np.round(10 * y))
    for dtype in (np.int8, np.int64, np.uint8, bool, np.float16):
        A = np.abs(whole) if dtype in (np.uint8, bool) else whole
        reference = strict(1.0).fit(A.astype(dtype).astype(float), np.round(10 * y))
        for M in (
            A.astype(dtype),
            sp.csr_array(A.astype(np.float64).astype(dtype if dtype != np.float16 else np.float32)),
        ):
            model = strict(1.0, tol=1e-10).fit(M, np.round(10 * y).astype(int))
            assert model.coef_.dtype in (np.float64, np.float32)
            np.testing.assert_allclose(model.coef_, reference.coef_, rtol=1e-3, atol=1e-3)
    assert expected.coef_.dtype == np.float64


# -- weights -------------------------------------------------------------------------------------
@pytest.mark.parametrize("format", ["dense", "csr_array", "csc_array"])
@pytest.mark.parametrize("p", POWERS)
def test_weights_repeat_rows_and_zero_drops_them(p, format):
    X, y, _ = data(10)
    counts = np.random.default_rng(0).integers(0, 4, len(y))
    repeated = np.repeat(np.arange(len(y)), counts)

    def container(A):
        return A if format == "dense" else CONTAINERS[format](A)

    weighted = strict(p).fit(container(X), y, sample_weight=counts)
    rows = strict(p).fit(container(X[repeated]), y[repeated])
    dropped = strict(p).fit(
        container(X[counts > 0]), y[counts > 0], sample_weight=counts[counts > 0]
    )
    for other in (rows, dropped):
        assert weighted.objective_ == pytest.approx(other.objective_, rel=1e-9)
        np.testing.assert_allclose(weighted.coef_, other.coef_, rtol=1e-6, atol=1e-7)
        assert weighted.intercept_ == pytest.approx(other.intercept_, rel=1e-6)
    # only proportions count
    scaled = strict(p).fit(container(X), y, sample_weight=counts * 1e6)
    assert weighted.objective_ == pytest.approx(scaled.objective_, rel=1e-9)


def test_a_dropped_row_may_hold_anything_finite():
    X, y, s = data(11)
    s[3] = 0
    expected = strict(1.0).fit(X, y, s).coef_
    X[3], y[3] = 1e200, -1e200
    np.testing.assert_allclose(strict(1.0).fit(X, y, s).coef_, expected, rtol=1e-9, atol=1e-12)


def test_a_number_as_weight():
    X, y, _ = data(12)
    np.testing.assert_allclose(
        strict(0.5).fit(X, y, sample_weight=3.0).coef_, strict(0.5).fit(X, y).coef_, rtol=1e-9
    )


@pytest.mark.parametrize("p", POWERS)
def test_feature_weights(p):
    X, y, s = data(13)
    ones = strict(p, feature_weights=np.ones(20)).fit(X, y, s)
    np.testing.assert_allclose(ones.coef_, strict(p).fit(X, y, s).coef_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        strict(p, feature_weights=[2.0] * 20, alpha=0.01).fit(X, y, s).coef_,
        ones.coef_,
        rtol=1e-6,
        atol=1e-8,
    )
    free = strict(p, alpha=1e3, feature_weights=np.r_[0.0, 0.0, np.ones(18)]).fit(X, y, s)
    assert np.all(free.coef_[:2] != 0)
    assert np.abs(free.coef_[2:]).max() < 0.1
    assert_certified(free, X, y, s, tol=1e-13 if p >= 1 else None, exact=1e-3)


def test_feature_weight_is_a_rescaled_column():
    """v_j |w_j|^p is the penalty of a column divided by v_j^(1/p)."""
    X, y, s = data(14)
    v = np.linspace(0.5, 3, 20)
    for p in (0.5, 1.0, 2.0):
        scaled = strict(p).fit(X / v ** (1 / p), y, s)
        model = strict(p, feature_weights=v).fit(X, y, s)
        assert model.objective_ == pytest.approx(scaled.objective_, rel=1e-9)
        np.testing.assert_allclose(model.coef_, scaled.coef_ / v ** (1 / p), rtol=1e-5, atol=1e-7)


def test_positive():
    X, y, s = data(15)
    for p in POWERS:
        model = strict(p, positive=True).fit(X, y, s)
        assert np.all(model.coef_ >= 0)
        assert model.coef_.any()
        against = strict(p, positive=True, fit_intercept=False).fit(-np.abs(X), np.abs(y), s)
        assert not against.coef_.any()


# -- several targets -----------------------------------------------------------------------------
@pytest.mark.parametrize("format", ["dense", "csr_array"])
@pytest.mark.parametrize("p", POWERS)
def test_targets_are_independent(p, format):
    X, y, s = data(16)
    Y = np.c_[y, X[:, 0] - X[:, 4], np.full(len(y), 2.0), 1e4 * y]
    M = X if format == "dense" else CONTAINERS[format](X)
    model = strict(p, tol=1e-11, sparsity_threshold=0.01).fit(M, Y, s)
    assert model.coef_.shape == (4, 20)
    assert model.mask_.shape == (4, 20)
    assert model.sparse_coef_.shape == (4, 20)
    for name in ("intercept_", "dual_gap_", "optimality_", "objective_", "penalty_"):
        assert getattr(model, name).shape == (4,), name
    for k in range(4):
        one = strict(p, tol=1e-11, sparsity_threshold=0.01).fit(M, Y[:, k], s)
        np.testing.assert_allclose(model.coef_[k], one.coef_, rtol=1e-5, atol=1e-8)
        assert model.intercept_[k] == pytest.approx(one.intercept_, rel=1e-6, abs=1e-9)
        assert model.objective_[k] == pytest.approx(one.objective_, rel=1e-8, abs=1e-20)
        assert model.penalty_[k] == pytest.approx(one.penalty_, rel=1e-5, abs=1e-20)
    assert not model.coef_[2].any()
    assert model.objective_[2] == pytest.approx(0, abs=1e-25)
    assert model.predict(M).shape == (50, 4)
    assert model.sparsity_ == pytest.approx(np.mean(model.coef_ == 0, axis=None)) or np.allclose(
        model.sparsity_, np.mean(model.coef_ == 0, axis=1)
    )


def test_one_target_as_a_column():
    X, y, _ = data(17)
    model = strict(1.0).fit(X, y[:, None])
    assert model.predict(X).shape in ((50, 1), (50,))
    np.testing.assert_allclose(np.ravel(model.coef_), strict(1.0).fit(X, y).coef_)


def test_n_jobs_changes_nothing():
    X, y, s = data(18)
    Y = np.c_[y, np.roll(y, 1), np.roll(y, 2)]
    for M in (X, sp.csr_array(X), sp.csc_array(X)):
        for p in (0.5, 1.0, 1.5, 2.0):
            for target in (y, Y):
                one = strict(p, tol=1e-10, n_jobs=1).fit(M, target, s)
                two = strict(p, tol=1e-10, n_jobs=2).fit(M, target, s)
                np.testing.assert_allclose(two.coef_, one.coef_, rtol=1e-8, atol=1e-10)
                np.testing.assert_allclose(two.objective_, one.objective_, rtol=1e-12)


@pytest.mark.parametrize("p", [0.5, 1, 2])
def test_a_row_may_outweigh_all_others(p):
    """What the implicit zeros weigh is no difference from the heaviest row."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((5, 4)) * (rng.random((5, 4)) < 0.6)
        y = rng.standard_normal(5)
        for weights in (np.array([1.0] + 4 * [1e-20]), 10.0 ** rng.uniform(-30, 0, 5)):
            null = np.average((y - np.average(y, weights=weights)) ** 2, weights=weights) / 2
            model = SparseLpRegressor(1e-3 * null, p=p, tol=1e-8)
            dense, *sparse = (
                clone(model).fit(container(X), y, weights)
                for container in (np.asarray, sp.csr_array, sp.csc_array)
            )
            for fit in sparse:
                assert fit.objective_ == pytest.approx(dense.objective_, rel=0, abs=1e-6 * null)
                assert fit.dual_gap_ <= 1e-8 or fit.optimality_ <= 1e-8


@pytest.mark.parametrize("p", [0, 0.5])
def test_how_rows_are_written_does_not_choose_a_minimum(p):
    """One-hot columns with twins: weights, and rows repeated as often, end in the same minimum."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        codes = rng.integers(0, 6, (60, 4))
        X = np.hstack([codes == level for level in range(6)]).astype(float)
        X = np.hstack([X, X[:, :6]])
        y = X @ rng.normal(size=X.shape[1]) + rng.normal(size=60)
        times = rng.integers(1, 5, 60)
        model = SparseLpRegressor(0.05, p=p, tol=1e-8)
        weighted = clone(model).fit(sp.csr_array(X), y, times)
        repeated = model.fit(sp.csr_array(np.repeat(X, times, axis=0)), np.repeat(y, times))
        assert weighted.objective_ == pytest.approx(repeated.objective_, rel=1e-6)
