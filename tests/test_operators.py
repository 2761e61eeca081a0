"""The operators as functions: their formulas, the documented examples, and bad arguments."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pairwise import parametrize_pairwise
from scipy.stats import binom

from skl_sparse import (
    SparseDropoutReplacer,
    SparseDropoutSampler,
    SparseLpRegressor,
    SparseNormalizer,
)
from skl_sparse.operators import (
    apply_sparsity_threshold,
    dropout_replace,
    dropout_segments,
    lp_penalty,
    lp_prox,
    lp_regularize_rows,
    normalize_columns,
    normalize_rows,
    sparsity_mask,
)

CONTAINERS = {
    "dense_c": np.ascontiguousarray,
    "dense_f": np.asfortranarray,
    "csr_array": sp.csr_array,
    "csr_matrix": sp.csr_matrix,
    "csc_array": sp.csc_array,
}
in_every_container = pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS.keys())


def toy(seed=0):
    rng = np.random.RandomState(seed)
    X = np.round(rng.normal(size=(8, 5)), 2)
    X[rng.uniform(size=X.shape) < 0.4] = 0
    X[2] = 0
    return X


def dense(X):
    return X.toarray() if sp.issparse(X) else np.asarray(X)


def assert_in_place(function, make, X, *args, **kwargs):
    """``copy=False`` writes the result into its argument, ``copy=True`` does not touch it."""
    kept = make(X)
    expected = function(kept, *args, **kwargs)
    assert_array_equal(dense(kept), X)
    assert type(expected) is type(kept)
    changed = make(X)
    assert function(changed, *args, copy=False, **kwargs) is changed
    assert_array_equal(dense(changed), dense(expected))
    if sp.issparse(changed):
        changed.check_format()
        assert (changed.data != 0).all()


# The three formulas


@in_every_container
@pytest.mark.parametrize("p", [0, 0.5, 1, 1.7, 2, 3])
def test_lp_penalty(make, p):
    w = toy()
    expected = 0.7 * np.sum(np.abs(w[w != 0]) ** p)
    assert_allclose(lp_penalty(make(w), 0.7, p), expected, rtol=1e-14)


def test_lp_penalty_of_other_shapes():
    assert lp_penalty([-2.0, 0.0, 3.0], 0.5) == 2.5
    assert lp_penalty(-2.0, 0.5, 2) == 2.0
    assert lp_penalty([], 0.5) == 0.0
    assert lp_penalty([1e200], 0.0, 2) == 0.0
    assert lp_penalty(np.full(3, 0.1, dtype=np.float32), p=0) == 3.0


@in_every_container
@pytest.mark.parametrize("threshold", [0.0, 0.5, 100.0])
def test_sparsity_mask(make, threshold):
    mask = sparsity_mask(make(toy()), threshold)
    assert mask.dtype == bool
    assert_array_equal(dense(mask), np.abs(toy()) > threshold)
    masked = apply_sparsity_threshold(make(toy()), threshold)
    assert_array_equal(dense(masked), toy() * (np.abs(toy()) > threshold))
    assert_in_place(apply_sparsity_threshold, make, toy(), threshold)


def test_threshold_is_exclusive_and_works_on_vectors():
    assert_array_equal(sparsity_mask([0.5, -1.0, 2.0], 1.0), [False, False, True])
    w = np.array([0.5, -1.0, 2.0])
    apply_sparsity_threshold(w, 1.0, copy=False)
    assert_array_equal(w, [0.0, 0.0, 2.0])


@in_every_container
@pytest.mark.parametrize("norm", ["l1", "l2", "max", "rms"])
def test_normalize_columns_is_the_normalizer(make, norm):
    result, norms = normalize_columns(make(toy()), norm, target_norm=2.0, return_norm=True)
    normalizer = SparseNormalizer(norm, target_norm=2.0)
    assert_array_equal(dense(result), dense(normalizer.fit_transform(make(toy()))))
    assert_array_equal(norms, normalizer.norms_)
    assert_in_place(normalize_columns, make, toy(), norm)


def test_normalize_columns_formula():
    X = toy()
    norms = np.sqrt((X**2).sum(axis=0))
    assert_allclose(normalize_columns(X), X / np.where(norms > 0, norms, 1), rtol=1e-15)


@in_every_container
@pytest.mark.parametrize("scope", ["nonzero", "all"])
def test_dropout_replace_is_the_replacer(make, scope):
    expected = SparseDropoutReplacer(
        0.4, replacement_value=-9.0, scope=scope, rescale=True, random_state=1
    ).fit_transform(make(toy()))
    result = dropout_replace(make(toy()), 0.4, -9.0, scope=scope, rescale=True, random_state=1)
    assert_array_equal(dense(result), dense(expected))
    assert_in_place(dropout_replace, make, toy(), 0.4, -9.0, scope=scope, random_state=1)


def test_functions_return_arrays_whatever_the_global_output():
    from sklearn import config_context

    with config_context(transform_output="pandas"):
        assert isinstance(normalize_columns(toy()), np.ndarray)
        assert isinstance(dropout_replace(toy()), np.ndarray)


# Rows


@in_every_container
@pytest.mark.parametrize("rows", [None, [], [1, 4, 1, 1], np.array([7, 0, 2], dtype=np.int32)])
@pytest.mark.parametrize(("p", "lam"), [(1, 0.3), (1, 0.0), (2, 0.3), (2, 1.0), (2, 0.0)])
def test_lp_regularize_rows(make, rows, p, lam):
    W = toy()
    listed = np.arange(len(W)) if rows is None else np.unique(rows).astype(int)
    expected = W.copy()
    if p == 1:
        expected[listed] = np.sign(W[listed]) * np.maximum(np.abs(W[listed]) - lam, 0)
    else:
        expected[listed] *= 1 - lam
    result = lp_regularize_rows(make(W), rows, lam=lam, p=p)
    assert_allclose(dense(result), expected, rtol=1e-15, atol=0)
    assert_in_place(lp_regularize_rows, make, W, rows, lam=lam, p=p)


@in_every_container
@parametrize_pairwise(
    target_norm=[0.5, 1.2, 10.0],
    mode=["max_norm", "constant"],
    rows=[None, [], [1, 4, 1, 1], np.array([7, 0, 2], dtype=np.uint8)],
)
def test_normalize_rows(make, rows, mode, target_norm):
    X = toy()
    expected = X.copy()
    for i in range(len(X)) if rows is None else set(np.asarray(rows).tolist()):
        n = np.sqrt(np.sum(X[i] ** 2))
        if n > target_norm or (mode == "constant" and n > 0):
            expected[i] = X[i] * (target_norm / (n + 1e-12))
    result = normalize_rows(make(X), rows, mode=mode, target_norm=target_norm)
    assert_allclose(dense(result), expected, rtol=1e-14, atol=0)
    assert_in_place(normalize_rows, make, X, rows, mode=mode, target_norm=target_norm)


def test_normalize_rows_divides_by_the_norm_plus_1e_12():
    X = np.array([[3e-12, 4e-12]])
    assert_allclose(normalize_rows(X, mode="constant"), [[0.5, 4 / 6]], rtol=1e-14)


@parametrize_pairwise(
    index_type=[np.int32, np.int64],
    dtype=[np.float32, np.float64],
    make=[sp.csr_array, sp.csc_array],
)
def test_rows_of_other_types(make, dtype, index_type):
    X = make(toy().astype(dtype))
    X.indices, X.indptr = X.indices.astype(index_type), X.indptr.astype(index_type)
    for result, expected in [
        (lp_regularize_rows(X, [0, 3], lam=0.25), lp_regularize_rows(toy(), [0, 3], lam=0.25)),
        (normalize_rows(X, [0, 3]), normalize_rows(toy(), [0, 3])),
    ]:
        assert result.dtype == dtype
        assert_allclose(result.toarray(), expected, rtol=1e-5)


@pytest.mark.parametrize("function", [lambda W: lp_regularize_rows(W, lam=0.5), normalize_rows])
def test_rows_of_noncanonical_input(function):
    messy = sp.csr_array(
        (np.array([1.0, 2.0, 3.0, 0.0]), np.array([2, 0, 2, 1]), np.array([0, 3, 4])), shape=(2, 3)
    )
    before = messy.data.copy()
    assert_array_equal(function(messy).toarray(), function(messy.toarray()))
    assert_array_equal(messy.data, before)
    assert messy.nnz == 4


# Segments


def test_documented_segments():
    # A generator whose only hit is the second of the two segments.
    seed = next(s for s in range(100) if _hits(s, 2, 0.5) == [1])
    values, lengths = dropout_segments([1, 2, 3, 4, 5], [2, 3], 0.5, -1, random_state=seed)
    assert values.tolist() == [1, 2, -1]
    assert lengths.tolist() == [2, 1]


def _hits(seed, n_segments, ratio):
    """Which segments of a seed are hit, from the lengths alone."""
    _, lengths = dropout_segments(
        np.zeros(2 * n_segments), np.full(n_segments, 2), ratio, 1, random_state=seed
    )
    return np.flatnonzero(lengths == 1).tolist()


def test_all_or_no_segments():
    values, lengths = dropout_segments([1, 2, 3], [2, 0, 1], 0, -1)
    assert (values.tolist(), lengths.tolist()) == ([1, 2, 3], [2, 0, 1])
    values, lengths = dropout_segments([1, 2, 3], [2, 0, 1], 1, -1)
    assert (values.tolist(), lengths.tolist()) == ([-1, -1, -1], [1, 1, 1])
    values, lengths = dropout_segments([], [], 0.5)
    assert (values.tolist(), lengths.tolist()) == ([], [])


@pytest.mark.parametrize("length", [0, 3])
def test_law_of_segments_empty_ones_included(length):
    n = 20_000
    lengths = np.full(n, length)
    _, new = dropout_segments(np.ones(n * length), lengths, 0.3, random_state=0)
    hit = (new == 1).sum()
    assert binom.cdf(hit, n, 0.3) > 5e-10
    assert binom.sf(hit - 1, n, 0.3) > 5e-10


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 4), max_size=8),
    ratio=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from([np.int32, np.int64, np.float32, np.float64]),
)
def test_segments_are_kept_whole_or_replaced(lengths, ratio, seed, dtype):
    values = np.arange(1, sum(lengths) + 1, dtype=dtype)
    new_values, new_lengths = dropout_segments(values, lengths, ratio, -1, random_state=seed)
    assert new_values.dtype == dtype
    assert new_lengths.sum() == len(new_values)
    old = np.split(values, np.cumsum(lengths)[:-1]) if lengths else []
    new = np.split(new_values, np.cumsum(new_lengths)[:-1]) if lengths else []
    for before, after in zip(old, new, strict=True):
        assert after.tolist() in (before.tolist(), [-1])


# Bad arguments: estimators and functions alike

X = np.eye(3)
BAD = [
    # estimator or function, arguments, exception, message
    (SparseNormalizer, {"norm": "l3"}, ValueError, "norm must be 'l1', 'l2', 'max' or 'rms', got"),
    (SparseNormalizer, {"norm": 2}, TypeError, "norm must be .* got 2"),
    (SparseNormalizer, {"norm": None}, TypeError, "norm must be .* got None"),
    (SparseNormalizer, {"mode": "max"}, ValueError, "mode must be 'unit' or 'max_norm', got 'max'"),
    (SparseNormalizer, {"target_norm": 0}, ValueError, "target_norm must .* > 0, got 0"),
    (SparseNormalizer, {"target_norm": -1.0}, ValueError, "target_norm must .* got -1.0"),
    (SparseNormalizer, {"target_norm": np.inf}, ValueError, "target_norm must be a finite.* inf"),
    (SparseNormalizer, {"target_norm": "1"}, TypeError, "target_norm must .* got '1'"),
    (SparseNormalizer, {"threshold": -0.1}, ValueError, "threshold must .* >= 0, got -0.1"),
    (SparseNormalizer, {"threshold": np.nan}, ValueError, "threshold must .* got nan"),
    (SparseNormalizer, {"threshold": True}, TypeError, "threshold must .* got True"),
    (SparseNormalizer, {"copy": 1}, TypeError, "copy must be a bool, got 1"),
    (SparseDropoutReplacer, {"dropout_rate": -0.1}, ValueError, "dropout_rate must .* got -0.1"),
    (SparseDropoutReplacer, {"dropout_rate": 1.1}, ValueError, ">= 0 and <= 1, got 1.1"),
    (SparseDropoutReplacer, {"dropout_rate": None}, TypeError, "dropout_rate must .* got None"),
    (SparseDropoutReplacer, {"dropout_rate": False}, TypeError, "dropout_rate must .* got False"),
    (
        SparseDropoutReplacer,
        {"replacement_value": "mode"},
        ValueError,
        "replacement_value .*'mode'",
    ),
    (SparseDropoutReplacer, {"replacement_value": None}, TypeError, "replacement_value .*None"),
    (SparseDropoutReplacer, {"replacement_value": True}, TypeError, "replacement_value .*True"),
    (SparseDropoutReplacer, {"replacement_value": np.inf}, ValueError, "replacement_value .* inf"),
    (SparseDropoutReplacer, {"scope": "zeros"}, ValueError, "scope must be 'nonzero' or 'all'"),
    (SparseDropoutReplacer, {"rescale": None}, TypeError, "rescale must be a bool, got None"),
    (SparseDropoutReplacer, {"copy": "no"}, TypeError, "copy must be a bool, got 'no'"),
    (SparseDropoutReplacer, {"random_state": -1}, ValueError, "random_state must .* got -1"),
    (SparseDropoutReplacer, {"random_state": "a"}, ValueError, "random_state must .* got 'a'"),
    (
        SparseDropoutSampler,
        {"n_copies": -1},
        ValueError,
        "n_copies must be an integer >= 0, got -1",
    ),
    (SparseDropoutSampler, {"n_copies": 1.5}, TypeError, "n_copies must be an integer"),
    (SparseDropoutSampler, {"dropout_rate": 2}, ValueError, "dropout_rate must .* got 2"),
    (lp_penalty, {"w": X, "alpha": -1}, ValueError, "alpha must .* >= 0, got -1"),
    (lp_penalty, {"w": X, "p": -0.5}, ValueError, "p must .* >= 0, got -0.5"),
    (lp_penalty, {"w": X, "p": "1"}, TypeError, "p must .* got '1'"),
    (lp_penalty, {"w": [np.nan]}, ValueError, "w contains NaN"),
    (sparsity_mask, {"w": X, "threshold": -1}, ValueError, "threshold must .* got -1"),
    (sparsity_mask, {"w": [np.inf]}, ValueError, "w contains infinity"),
    (apply_sparsity_threshold, {"w": X, "threshold": None}, TypeError, "threshold must .* None"),
    (apply_sparsity_threshold, {"w": X, "copy": 0}, TypeError, "copy must be a bool, got 0"),
    (normalize_columns, {"X": X, "norm": "l0"}, ValueError, "norm must .* got 'l0'"),
    (normalize_columns, {"X": X, "return_norm": 1}, TypeError, "return_norm must be a bool, got 1"),
    (normalize_columns, {"X": [1.0, 2.0]}, ValueError, "Expected 2D array"),
    (normalize_rows, {"X": X, "mode": "unit"}, ValueError, "mode must be 'max_norm' or 'constant'"),
    (normalize_rows, {"X": X, "target_norm": 0.0}, ValueError, "target_norm must .* > 0, got 0.0"),
    (normalize_rows, {"X": X, "rows": [3]}, ValueError, r"rows must lie in \[0, 2\], got 3"),
    (normalize_rows, {"X": X, "rows": [-1]}, ValueError, r"rows must lie in \[0, 2\], got -1"),
    (normalize_rows, {"X": X, "rows": [0.5]}, TypeError, "rows must be a 1-D array of integers"),
    (normalize_rows, {"X": X, "rows": [True]}, TypeError, "rows must be a 1-D array of integers"),
    (normalize_rows, {"X": X, "rows": [[0]]}, ValueError, "rows must be a 1-D array of integers"),
    (normalize_rows, {"X": X * np.nan}, ValueError, "X contains NaN"),
    (lp_regularize_rows, {"W": X, "lam": -0.1}, ValueError, "lam must .* >= 0, got -0.1"),
    (lp_regularize_rows, {"W": X, "lam": 1.5, "p": 2}, ValueError, "lam must .* <= 1, got 1.5"),
    (lp_regularize_rows, {"W": X, "lam": 1, "p": 1.5}, ValueError, "p must be 1 or 2, got 1.5"),
    (lp_regularize_rows, {"W": X, "lam": "1"}, TypeError, "lam must .* got '1'"),
    (dropout_replace, {"X": X, "dropout_rate": 7}, ValueError, "dropout_rate must .* got 7"),
    (dropout_segments, {"values": [1], "lengths": [2]}, ValueError, "lengths must sum to 1, got 2"),
    (dropout_segments, {"values": [1], "lengths": [2, -1]}, ValueError, "lengths must be >= 0"),
    (dropout_segments, {"values": [1], "lengths": [1.0]}, TypeError, "lengths must be a 1-D array"),
    (dropout_segments, {"values": [[1]], "lengths": [1]}, ValueError, "values must be a 1-D array"),
    (dropout_segments, {"values": ["a"], "lengths": [1]}, TypeError, "values must be .* numbers"),
    (
        dropout_segments,
        {"values": [1], "lengths": [1], "ratio": 1.1},
        ValueError,
        "ratio must .* got 1.1",
    ),
    (
        dropout_segments,
        {"values": [1], "lengths": [1], "replacement_value": 0.5},
        ValueError,
        "replacement_value must be a value that type int64 holds, got 0.5",
    ),
    (
        dropout_segments,
        {"values": np.array([1], np.uint8), "lengths": [1], "replacement_value": -1},
        ValueError,
        "replacement_value .* type uint8 holds, got -1",
    ),
    (
        dropout_segments,
        {"values": [1.0], "lengths": [1], "replacement_value": np.inf},
        ValueError,
        "replacement_value must be a finite",
    ),
    (
        dropout_segments,
        {"values": [1.0], "lengths": [1], "replacement_value": "x"},
        TypeError,
        "replacement_value must be a finite real number, got 'x'",
    ),
]


def _name(case):
    return f"{case[0].__name__}-{'-'.join(case[1])}-{case[2].__name__}"


@pytest.mark.parametrize(("target", "arguments", "error", "message"), BAD, ids=map(_name, BAD))
def test_bad_arguments(target, arguments, error, message):
    """Each with its type and a message that names the culprit, before any work."""
    if isinstance(target, type):
        estimator = target(**arguments)
        methods = [
            getattr(estimator, name)
            for name in ("fit", "fit_transform", "partial_fit", "fit_resample")
            if hasattr(estimator, name)
        ]
        for method in methods:
            with pytest.raises(error, match=message):
                method(np.eye(3), [0, 1, 2])
        assert not hasattr(estimator, "n_features_in_")
    else:
        with pytest.raises(error, match=message):
            target(**arguments)


@pytest.mark.parametrize(
    ("sample_weight", "message"),
    [
        ([1.0, 1.0], r"sample_weight must have shape \(3,\), .* got shape \(2,\)"),
        ([[1.0], [1.0], [1.0]], r"sample_weight must have shape \(3,\), .* got shape \(3, 1\)"),
        ([1.0, -1.0, 1.0], "sample_weight must be >= 0, got -1.0"),
        ([0.0, 0.0, 0.0], "sample_weight must not be zero for every row"),
        ([1.0, np.nan, 1.0], "sample_weight must be finite, got NaN"),
    ],
)
def test_bad_weights(sample_weight, message):
    skipped = not np.any(sample_weight)  # a batch without weight, by partial_fit
    for method in ("fit", "fit_transform") if skipped else ("fit", "partial_fit", "fit_transform"):
        with pytest.raises(ValueError, match=message):
            getattr(SparseNormalizer(), method)(np.eye(3), sample_weight=sample_weight)


def test_replacement_beyond_the_type_of_the_data():
    replacer = SparseDropoutReplacer(replacement_value=1e300)
    replacer.fit(np.eye(2))
    with pytest.raises(ValueError, match=r"replacement_value must lie .* float32, got 1e\+300"):
        replacer.fit(np.eye(2, dtype=np.float32))


# One rule for thresholds


@in_every_container
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threshold", [0.1, 0.3, 1e-50, 1e300])
def test_a_threshold_is_compared_in_the_type_of_the_data(make, dtype, threshold):
    values = np.array([[threshold, -threshold, 0.0, 1.0]] * 2)
    largest = np.finfo(dtype).max / 2
    values = np.clip(values, -largest, largest).astype(dtype)
    expected = np.abs(values) > (threshold if threshold < 1 else np.inf)
    expected[:, :2] = False  # exactly at the threshold
    w = make(values)
    assert_array_equal(dense(sparsity_mask(w, threshold)), expected)
    assert_array_equal(dense(apply_sparsity_threshold(w, threshold)), values * expected)
    assert_array_equal(dense(lp_regularize_rows(w, lam=threshold)) != 0, expected)
    assert_array_equal(lp_prox(values, threshold) != 0, expected)
    assert_array_equal(dense(normalize_columns(w, threshold=threshold)) != 0, expected)
    result = lp_regularize_rows(w, lam=threshold)
    assert result.dtype == dtype


def test_the_mask_of_a_fit_follows_the_same_rule():
    # p = 2 without intercept on orthogonal columns: the first coefficient is float32(0.1).
    X = np.eye(4, dtype=np.float32)
    y = np.array([0.1, 0.2, 0.0, 0.3], dtype=np.float32)
    for threshold in (0.1, 0.2):
        model = SparseLpRegressor(
            0.0, p=2, fit_intercept=False, sparsity_threshold=threshold, refit=False
        ).fit(X, y)
        assert model.coef_.dtype == np.float32
        assert_array_equal(model.mask_, sparsity_mask(y, threshold))


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64, np.uint64])
def test_lengths_keep_their_type(dtype):
    for ratio in (0, 0.5, 1):
        lengths = np.array([2, 0, 1], dtype=dtype)
        assert dropout_segments([1, 2, 3], lengths, ratio, random_state=0)[1].dtype == dtype
    with pytest.raises(ValueError, match=r"lengths must (sum|be)"):
        dropout_segments([1, 2, 3], np.array([np.iinfo(dtype).max] * 2 + [5], dtype=dtype))
