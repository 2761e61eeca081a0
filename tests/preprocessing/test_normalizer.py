"""SparseNormalizer against its formula, in every layout, at every scale."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from pairwise import parametrize_pairwise
from sklearn import config_context
from sklearn.exceptions import NotFittedError

from skl_sparse import SparseNormalizer

NORMS = ["l1", "l2", "max", "rms"]
MODES = ["unit", "max_norm"]
CONTAINERS = {
    "dense_c": np.ascontiguousarray,
    "dense_f": np.asfortranarray,
    "dense_strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "csr_array": sp.csr_array,
    "csr_matrix": sp.csr_matrix,
    "csc_array": sp.csc_array,
    "csc_matrix": sp.csc_matrix,
}


def toy(n_samples=40, n_features=12, seed=0, dtype=np.float64):
    """Random data with an empty column, a single entry, both signs, and norms around 1."""
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(n_samples, n_features)) * rng.uniform(0.01, 1.0, n_features)
    X[rng.uniform(size=X.shape) < 0.6] = 0
    X[:, 3] = 0
    X[:, 5] = 0
    X[7, 5] = -0.25
    return X.astype(dtype)


def dense(X):
    return X.toarray() if sp.issparse(X) else np.asarray(X)


def reference_norms(X, norm):
    X = np.asarray(X, dtype=np.float64)
    return {
        "l1": np.abs(X).sum(axis=0),
        "l2": np.sqrt((X**2).sum(axis=0)),
        "max": np.abs(X).max(axis=0),
        "rms": np.sqrt((X**2).mean(axis=0)),
    }[norm]


def reference(X, norm="l2", mode="unit", target_norm=1.0, threshold=0.0):
    X = np.where(np.abs(X) > threshold, X, 0.0)
    norms = reference_norms(X, norm)
    scale = norms / target_norm
    if mode == "max_norm":
        scale = np.maximum(scale, 1.0)
    scale[norms == 0] = 1.0
    return X / scale, norms, scale


@parametrize_pairwise(norm=NORMS, mode=MODES, container=list(CONTAINERS))
@pytest.mark.parametrize(("target_norm", "threshold"), [(1.0, 0.0), (0.3, 0.0), (2.5, 0.2)])
def test_formula(norm, mode, target_norm, threshold, container):
    X = toy()
    expected, norms, scale = reference(X, norm, mode, target_norm, threshold)
    given_X = CONTAINERS[container](X)
    before = dense(given_X).copy()
    normalizer = SparseNormalizer(norm, mode=mode, target_norm=target_norm, threshold=threshold)
    result = normalizer.fit_transform(given_X)
    assert type(result) is type(given_X)
    assert_allclose(normalizer.norms_, norms, rtol=1e-14)
    assert_allclose(normalizer.scale_, scale, rtol=1e-14)
    assert_allclose(dense(result), expected, rtol=1e-14)
    assert_array_equal(dense(normalizer.transform(given_X)), dense(result))
    assert_array_equal(dense(given_X), before)
    if sp.issparse(result):
        assert result.has_canonical_format
        assert result.nnz == np.count_nonzero(expected)
        assert not np.shares_memory(result.indices, given_X.indices)
        assert not np.shares_memory(result.indptr, given_X.indptr)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("mode", MODES)
def test_layouts_agree_bit_for_bit(norm, mode):
    X = toy(seed=1)
    results = [
        dense(SparseNormalizer(norm, mode=mode).fit_transform(make(X)))
        for make in CONTAINERS.values()
    ]
    for result in results[1:]:
        assert_array_equal(result, results[0])


def test_mode_max_norm_leaves_small_columns_alone():
    X = np.array([[3.0, 0.1], [4.0, 0.2]])
    result = SparseNormalizer(mode="max_norm", target_norm=2.5).fit_transform(X)
    assert_array_equal(result, [[1.5, 0.1], [2.0, 0.2]])


def test_new_data_are_scaled_as_the_training_data_were():
    normalizer = SparseNormalizer().fit(np.array([[3.0, 0.0], [4.0, 0.0]]))
    assert_array_equal(normalizer.transform(np.array([[10.0, 7.0]])), [[2.0, 7.0]])


def test_threshold_holds_in_transform_too():
    normalizer = SparseNormalizer(threshold=1.0).fit(np.array([[3.0], [1.0], [4.0]]))
    assert_array_equal(normalizer.norms_, [5.0])
    new = sp.csr_array(np.array([[1.0], [-1.0], [10.0]]))
    result = normalizer.transform(new)
    assert_array_equal(result.toarray(), [[0.0], [0.0], [2.0]])
    assert result.nnz == 1


def test_rms_does_not_depend_on_the_number_of_rows():
    X = toy()
    once = SparseNormalizer("rms").fit(X)
    thrice = SparseNormalizer("rms").fit(np.vstack([X] * 3))
    assert_allclose(thrice.scale_, once.scale_, rtol=1e-14)


@parametrize_pairwise(
    dtype=[np.float32, np.float64],
    index_type=[np.int32, np.int64],
    make=[sp.csr_array, sp.csc_array, sp.csr_matrix],
)
def test_index_and_data_types(make, index_type, dtype):
    X = make(toy(dtype=dtype))
    X.indices = X.indices.astype(index_type)
    X.indptr = X.indptr.astype(index_type)
    normalizer = SparseNormalizer()
    result = normalizer.fit_transform(X)
    assert result.dtype == dtype
    assert X.indices.dtype == index_type
    assert normalizer.norms_.dtype == np.float64
    assert_allclose(result.toarray(), reference(toy(dtype=dtype))[0], rtol=1e-6)


def test_mixed_index_types():
    X = sp.csr_array(toy())
    X.indices = X.indices.astype(np.int32)
    X.indptr = X.indptr.astype(np.int64)
    assert_allclose(SparseNormalizer().fit_transform(X).toarray(), reference(toy())[0], rtol=1e-14)


def test_float32_sums_are_double():
    # Of this many terms, a float32 sum would lose five digits.
    X = np.full((20_000, 1), 0.1, dtype=np.float32)
    expected = np.sqrt(np.sum(X.astype(np.float64) ** 2))
    for container in (X, sp.csr_array(X), sp.csc_array(X)):
        assert_allclose(SparseNormalizer().fit(container).norms_, expected, rtol=1e-12)


def scrambled(X, make):
    """The same matrix with unsorted indices, duplicates (x = 3x - 2x) and explicit zeros."""
    coo = sp.coo_array(X)
    rows = np.concatenate([coo.row, coo.row, [0, 1]])
    columns = np.concatenate([coo.col, coo.col, [3, 3]])
    data = np.concatenate([3 * coo.data, -2 * coo.data, [0.0, 0.0]])
    if make is sp.csc_array:
        major, minor, n_major = columns, rows, X.shape[1]
    else:
        major, minor, n_major = rows, columns, X.shape[0]
    order = np.argsort(major, kind="stable")
    indptr = np.searchsorted(major[order], np.arange(n_major + 1))
    return make((data[order], minor[order], indptr), shape=X.shape)


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array, sp.csr_matrix])
@pytest.mark.parametrize("copy", [True, False])
def test_noncanonical_input(make, copy):
    X = np.round(toy(), 3) * 8
    messy = scrambled(X, make)
    assert not messy.has_canonical_format
    parts = [messy.data.copy(), messy.indices.copy(), messy.indptr.copy()]
    fitted = SparseNormalizer(copy=copy).fit(messy)
    for part, before in zip((messy.data, messy.indices, messy.indptr), parts, strict=True):
        assert_array_equal(part, before)
    assert_allclose(fitted.norms_, reference(X)[1], rtol=1e-13)
    result = fitted.transform(messy)
    assert_allclose(result.toarray(), reference(X)[0], rtol=1e-13)
    assert result.has_canonical_format
    assert result.nnz == np.count_nonzero(X)
    if copy:
        for part, before in zip((messy.data, messy.indices, messy.indptr), parts, strict=True):
            assert_array_equal(part, before)
        assert_allclose(
            SparseNormalizer().fit_transform(messy).toarray(), result.toarray(), rtol=1e-15
        )
        for part, before in zip((messy.data, messy.indices, messy.indptr), parts, strict=True):
            assert_array_equal(part, before)
    else:
        assert result is messy


def test_other_sparse_formats_become_csr():
    result = SparseNormalizer().fit_transform(sp.coo_array(toy()))
    assert result.format == "csr"
    assert_allclose(result.toarray(), reference(toy())[0], rtol=1e-14)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("threshold", [0.0, 0.2])
def test_in_place(container, threshold):
    expected = reference(toy(), threshold=threshold)[0]
    X = CONTAINERS[container](toy())
    data = X.data if sp.issparse(X) else X
    result = SparseNormalizer(copy=False, threshold=threshold).fit_transform(X)
    assert_allclose(dense(result), expected, rtol=1e-14)
    assert_allclose(dense(X), expected, rtol=1e-14)
    assert np.shares_memory(result.data if sp.issparse(X) else result, data)


def test_fit_never_changes_its_input():
    for container, make in CONTAINERS.items():
        X = make(toy())
        SparseNormalizer(copy=False).fit(X).partial_fit(X)
        assert_array_equal(dense(X), toy(), err_msg=container)


def test_integers_are_copied_even_in_place():
    X = np.array([[3, 0], [4, 2]])
    result = SparseNormalizer(copy=False).fit_transform(X)
    assert_array_equal(X, [[3, 0], [4, 2]])
    assert_array_equal(result, [[0.6, 0.0], [0.8, 1.0]])
    S = sp.csr_array(X)
    result = SparseNormalizer(copy=False).fit_transform(S)
    assert_array_equal(S.toarray(), X)
    assert_array_equal(result.toarray(), [[0.6, 0.0], [0.8, 1.0]])


@pytest.mark.parametrize("make", [np.asarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("copy", [True, False])
def test_read_only_memory_maps(make, copy, tmp_path):
    def mapped(array, name):
        np.save(tmp_path / name, array)
        return np.load(tmp_path / name, mmap_mode="r")

    X = make(toy())
    if sp.issparse(X):
        X.data = mapped(X.data, "data.npy")
        X.indices = mapped(X.indices, "indices.npy")
        X.indptr = mapped(X.indptr, "indptr.npy")
    else:
        X = mapped(X, "X.npy")
    normalizer = SparseNormalizer(copy=copy)
    assert_allclose(dense(normalizer.fit_transform(X)), reference(toy())[0], rtol=1e-14)
    assert_allclose(dense(normalizer.transform(X)), reference(toy())[0], rtol=1e-14)
    assert_array_equal(dense(X), toy())


@pytest.mark.parametrize("container", ["dense_c", "csr_array", "csc_array"])
@pytest.mark.parametrize("norm", NORMS)
def test_partial_fit_equals_fit(norm, container):
    X = toy(90)
    X[:30, 1] = 0  # a column that only later batches fill
    whole = SparseNormalizer(norm).fit(X)
    parts = SparseNormalizer(norm)
    for start, stop in [(0, 30), (30, 31), (31, 90)]:
        parts.partial_fit(CONTAINERS[container](X[start:stop]))
    assert parts.n_samples_seen_ == whole.n_samples_seen_ == 90
    assert_allclose(parts.norms_, whole.norms_, rtol=1e-14)
    assert_allclose(parts.scale_, whole.scale_, rtol=1e-14)
    parts.fit(X[:30])
    assert parts.n_samples_seen_ == 30


@pytest.mark.parametrize("container", ["dense_c", "dense_f", "csr_array", "csc_array"])
@pytest.mark.parametrize("norm", NORMS)
def test_weights_equal_repeated_rows(norm, container):
    X = toy()
    weights = np.random.RandomState(3).randint(0, 4, size=len(X))
    repeated = SparseNormalizer(norm).fit(CONTAINERS[container](np.repeat(X, weights, axis=0)))
    weighted = SparseNormalizer(norm).fit(CONTAINERS[container](X), sample_weight=weights)
    assert weighted.n_samples_seen_ == weights.sum()
    assert_allclose(weighted.norms_, repeated.norms_, rtol=1e-13)
    in_parts = SparseNormalizer(norm)
    for part in (slice(0, 15), slice(15, 40)):
        in_parts.partial_fit(CONTAINERS[container](X[part]), sample_weight=weights[part])
    assert_allclose(in_parts.norms_, repeated.norms_, rtol=1e-13)


@parametrize_pairwise(
    norm=NORMS,
    scale=[1e200, 1e-200, 1e-290],
    container=["dense_c", "dense_f", "csr_array", "csc_array"],
)
def test_no_overflow_and_no_underflow(norm, scale, container):
    X = toy(90)
    expected, norms, _ = reference(X, norm)
    extreme = CONTAINERS[container](X * scale)
    normalizer = SparseNormalizer(norm)
    assert_allclose(dense(normalizer.fit_transform(extreme)), expected, rtol=1e-13)
    assert_allclose(normalizer.norms_ / scale, norms, rtol=1e-13)
    in_parts = SparseNormalizer(norm)
    for start in (0, 30, 60):
        in_parts.partial_fit(CONTAINERS[container](X[start : start + 30] * scale))
    assert_allclose(in_parts.norms_ / scale, norms, rtol=1e-13)


def test_scales_mixed_in_one_column():
    X = np.array([[3e200, 3e-200, 3e-200], [4e200, 4e-200, 1.0], [1e-200, 0.0, 0.0]])
    for make in CONTAINERS.values():
        assert_allclose(SparseNormalizer().fit(make(X)).norms_, [5e200, 5e-200, 1.0], rtol=1e-15)


@pytest.mark.parametrize("make", [np.asarray, sp.csr_array])
def test_norm_beyond_float64_is_refused(make):
    X = make(np.full((4, 2), 1.5e308))
    with pytest.raises(ValueError, match=r"norm='l2'.*range of float64.*column 0"):
        SparseNormalizer().fit(X)
    with pytest.raises(ValueError, match=r"target_norm=1e\+200.*range of float64"):
        SparseNormalizer(target_norm=1e200).fit(make(np.full((4, 2), 1e-200)))


@parametrize_pairwise(mode=MODES, norm=NORMS, container=list(CONTAINERS))
def test_inverse_transform(norm, mode, container):
    X = CONTAINERS[container](toy())
    normalizer = SparseNormalizer(norm, mode=mode, threshold=0.1).fit(X)
    scaled = normalizer.transform(X)
    before = dense(scaled).copy()
    back = normalizer.inverse_transform(scaled)
    assert_allclose(dense(back), np.where(np.abs(toy()) > 0.1, toy(), 0.0), rtol=1e-14)
    assert_array_equal(dense(scaled), before)
    assert type(back) is type(X)


def test_inverse_transform_checks_the_number_of_features():
    normalizer = SparseNormalizer().fit(toy())
    with pytest.raises(ValueError, match="X has 2 features, but SparseNormalizer is expecting 12"):
        normalizer.inverse_transform(np.ones((3, 2)))


@pytest.mark.parametrize("make", [np.asarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(make, bad):
    X = toy()
    X[2, 4] = bad
    for method in ("fit", "partial_fit", "fit_transform"):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            getattr(SparseNormalizer(), method)(make(X))
    for method in ("transform", "inverse_transform"):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            getattr(SparseNormalizer().fit(toy()), method)(make(X))


@pytest.mark.parametrize("container", ["dense_c", "dense_f", "csr_array", "csc_array"])
def test_nan_is_refused_before_anything_is_written(container):
    normalizer = SparseNormalizer(copy=False).fit(toy())
    X = toy()
    X[-1, -1] = np.nan
    X = CONTAINERS[container](X)
    before = dense(X).copy()
    for finite in (False, True):  # what is found on the way is refused even so
        for method in ("fit_transform", "transform", "inverse_transform"):
            with config_context(assume_finite=finite), pytest.raises(ValueError, match="NaN"):
                getattr(normalizer, method)(X)
            assert_array_equal(dense(X), before)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("X", [np.zeros((3, 2)), np.array([[0.0, -2.0]]), np.array([[5.0], [0.0]])])
def test_degenerate_shapes(norm, X):
    expected = reference(X, norm)[0]
    for make in CONTAINERS.values():
        assert_allclose(dense(SparseNormalizer(norm).fit_transform(make(X))), expected, rtol=1e-15)


magnitudes = st.floats(-1.0, 1.0, allow_subnormal=False).map(lambda x: 0.0 if abs(x) < 0.1 else x)


@settings(max_examples=60, deadline=None)
@given(
    X=hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=magnitudes
    ),
    exponent=st.integers(-290, 290),
    norm=st.sampled_from(NORMS),
    mode=st.sampled_from(MODES),
    container=st.sampled_from(sorted(CONTAINERS)),
)
def test_any_small_matrix_at_any_scale(X, exponent, norm, mode, container):
    scale = 10.0**exponent
    target = 0.5 * scale
    normalizer = SparseNormalizer(norm, mode=mode, target_norm=target)
    result = normalizer.fit_transform(CONTAINERS[container](X * scale))
    expected = reference(X, norm, mode, 0.5)[0]
    assert_allclose(dense(result) / scale, expected, rtol=1e-12)
    norms = reference_norms(dense(result) / scale, norm)
    assert (norms <= np.where(norms > 0, 0.5 * (1 + 1e-12), 0.0)).all()


@pytest.mark.parametrize("change", [{"norm": "l1"}, {"threshold": 0.5}])
def test_partial_fit_refuses_to_mix_norms(change):
    model = SparseNormalizer().partial_fit(np.eye(3))
    before = model.norms_.copy()
    with pytest.raises(ValueError, match=r"norm and threshold must stay 'l2' and 0\.0"):
        model.set_params(**change).partial_fit(np.eye(3))
    np.testing.assert_array_equal(model.norms_, before)
    np.testing.assert_array_equal(model.fit(2 * np.eye(3)).norms_, [2, 2, 2])


@parametrize_pairwise(
    threshold=[0.0, 0.5], dtype=[np.float32, np.float64], container=list(CONTAINERS)
)
def test_what_is_out_of_the_ordinary_far_inside(container, dtype, threshold):
    # Compiled passes look at many entries at once: zeros, tiny and huge values must not hide.
    X = np.random.RandomState(0).uniform(0.1, 1.0, (700, 9)).astype(dtype)
    X[600, 2] = 0
    X[3, 4] = X[650, 8] = 4 * np.finfo(dtype).tiny
    normalizer = SparseNormalizer(threshold=threshold).fit(CONTAINERS[container](X))
    kept = np.where(np.abs(X) > threshold, X, 0).astype(np.float64)
    assert_allclose(normalizer.norms_, reference_norms(kept, "l2"), rtol=1e-14)
    expected = (kept / normalizer.scale_).astype(dtype)
    normalizer.scale_[:] = normalizer.norms_
    new = CONTAINERS[container](X)
    if sp.issparse(new):
        new.data[new.data == X[11, 5]] = expected[11, 5] = 0  # a stored zero
    else:
        new[11, 5] = expected[11, 5] = 0
    result = normalizer.transform(new)
    assert_array_equal(dense(result), expected)
    if sp.issparse(result):
        assert (result.data != 0).all()
    normalizer.scale_[8] = 1e6  # an underflow in the result is a zero, an overflow stays
    normalizer.scale_[7] = np.finfo(np.float64).tiny
    with np.errstate(over="ignore"):
        expected = np.where(dense(new) > threshold, dense(new), 0) / normalizer.scale_
        expected = expected.astype(dtype)
    result = normalizer.transform(new)
    assert_array_equal(dense(result), expected)
    if sp.issparse(result):
        assert (result.data != 0).all()


@parametrize_pairwise(
    row=[0, 400, 699], bad=[np.nan, np.inf], norm=NORMS, container=list(CONTAINERS)
)
def test_a_bad_entry_is_found_wherever_it_is(container, norm, bad, row):
    X = np.random.RandomState(0).uniform(0.1, 1.0, (700, 9))
    normalizer = SparseNormalizer(norm).fit(X)
    X[row, 3] = bad
    for method in ("fit", "transform", "fit_transform"):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            getattr(normalizer, method)(CONTAINERS[container](X))


def test_sums_that_overflow_are_no_bad_entries():
    X = sp.csr_array(np.array([[1.7e308, 1.0], [1.7e308, 1.0]]))
    for norm in ("l1", "l2"):
        with pytest.raises(ValueError, match=r"range of float64.*column 0"):
            SparseNormalizer(norm).fit(X)
    assert_allclose(SparseNormalizer("max").fit(X).norms_, [1.7e308, 1.0])


def test_sparse_input_is_checked_for_what_it_is():
    empty = sp.csr_array((0, 3))
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        SparseNormalizer().fit(empty)
    with pytest.raises(ValueError, match=r"0 feature\(s\)"):
        SparseNormalizer().fit(sp.csr_array((3, 0)))
    swapped = sp.csr_array(np.eye(3))
    swapped.data = swapped.data.astype(">f8")
    assert SparseNormalizer().fit_transform(swapped).dtype == np.float64
    with pytest.raises(ValueError, match="X has 2 features"):
        SparseNormalizer().fit(sp.csr_array(np.eye(3))).transform(sp.csr_array(np.eye(2)))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("x", "w"), [(1e-70, 1e-200), (1e100, 1e-300), (1e-160, 1e10)])
def test_weights_far_from_one(norm, container, x, w):
    X = x * np.array([[3.0, 0.0], [4.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    model = SparseNormalizer(norm).fit(CONTAINERS[container](X), sample_weight=np.full(4, w))
    root = {"l1": w, "l2": np.sqrt(w), "max": 1.0, "rms": 1.0}[norm]
    assert_allclose(model.norms_ / x, root * reference_norms(X / x, norm), rtol=1e-12)
    assert_array_equal(model.scale_, model.norms_)


@pytest.mark.parametrize("w", [1e-300, 1e300])
def test_only_the_ratios_of_weights_count_for_rms(w):
    X = np.array([[3e-200, 1e200], [4e-200, 0.0]])
    for make in CONTAINERS.values():
        norms = SparseNormalizer("rms").fit(make(X), sample_weight=[w, w]).norms_
        assert_allclose(norms, [np.sqrt(12.5) * 1e-200, np.sqrt(0.5) * 1e200], rtol=1e-14)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("make", [np.asarray, sp.csr_array])
def test_a_batch_without_weight_is_skipped(norm, make):
    X = np.abs(toy()[:30])
    weights = np.repeat([0.0, 1.0, 0.0, 2.0, 0.0], 6)
    model = SparseNormalizer(norm)
    model.partial_fit(make(X[:6]), sample_weight=weights[:6])
    with pytest.raises(NotFittedError):
        model.transform(make(X))
    for start in range(6, 30, 6):
        rows = slice(start, start + 6)
        model.partial_fit(make(X[rows]), sample_weight=weights[rows])
    whole = SparseNormalizer(norm).fit(make(X), sample_weight=weights)
    assert_allclose(model.norms_, whole.norms_, rtol=1e-14)
    assert model.n_samples_seen_ == whole.n_samples_seen_ == 18.0
    with pytest.raises(ValueError, match="sample_weight must not be zero for every row"):
        SparseNormalizer(norm).fit(make(X), sample_weight=np.zeros(30))


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_threshold_is_compared_in_the_type_of_the_data(container):
    X = np.array([[0.1, 0.2], [0.0, 0.1]], dtype=np.float32)
    model = SparseNormalizer(threshold=0.1).fit(CONTAINERS[container](X))
    assert_allclose(model.norms_, [0.0, np.float32(0.2)])
    assert_array_equal(dense(model.transform(CONTAINERS[container](X))), [[0, 1], [0, 0]])
