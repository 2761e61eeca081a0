"""How data come in: malformed, oddly stored and unusual input, into every public function."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse import (
    SparseDropoutReplacer,
    SparseDropoutSampler,
    SparseLpRegressor,
    SparseNormalizer,
    operators,
)
from skl_sparse._storage import check_structure, repeats_indices

Y = np.arange(6.0)


def toy(dtype=np.float64):
    X = np.random.RandomState(0).uniform(0.5, 1.5, (6, 4)).round(2)
    X[X < 0.9] = 0
    return X.astype(dtype)


def fitted(estimator):
    return estimator.fit(toy(), Y)


def entries(resampled):
    """Resampled rows without the frame that they come back in."""
    return np.asarray(resampled, dtype=float) if hasattr(resampled, "iloc") else resampled


# Whatever of the package reads a matrix, and returns arrays.
READERS = {
    "normalizer.fit": lambda X: SparseNormalizer().fit(X).norms_,
    "normalizer.fit, weighted": lambda X: SparseNormalizer().fit(X, sample_weight=Y).norms_,
    "normalizer.partial_fit": lambda X: SparseNormalizer("l1").partial_fit(X).norms_,
    "normalizer.transform": lambda X: fitted(SparseNormalizer()).transform(X),
    "normalizer.inverse_transform": lambda X: fitted(SparseNormalizer()).inverse_transform(X),
    "replacer.fit": lambda X: (
        SparseDropoutReplacer(replacement_value="feature_mean").fit(X).replacement_
    ),
    "replacer.fit_transform": lambda X: SparseDropoutReplacer(
        0.4, replacement_value="feature_median", random_state=0
    ).fit_transform(X),
    "replacer.fit_transform, all": lambda X: SparseDropoutReplacer(
        0.4, replacement_value=-1.0, scope="all", random_state=0
    ).fit_transform(X),
    "replacer.transform": lambda X: fitted(SparseDropoutReplacer()).transform(X),
    "replacer.resample": lambda X: entries(SparseDropoutReplacer(random_state=0).resample(X, Y)[0]),
    "sampler": lambda X: entries(SparseDropoutSampler(random_state=0).fit_resample(X, Y)[0]),
    "regressor.fit": lambda X: SparseLpRegressor(1e-3).fit(X, Y).coef_,
    "regressor.fit, p = 2": lambda X: SparseLpRegressor(1e-3, p=2).fit(X, Y).coef_,
    "regressor.predict": lambda X: fitted(SparseLpRegressor(1e-3)).predict(X),
    "lp_penalty": lambda X: np.array(operators.lp_penalty(X)),
    "sparsity_mask": lambda X: operators.sparsity_mask(X, 1.0),
    "apply_sparsity_threshold": lambda X: operators.apply_sparsity_threshold(X, 1.0),
    "normalize_columns": operators.normalize_columns,
    "normalize_rows": lambda X: operators.normalize_rows(X, [0, 3]),
    "lp_regularize_rows": lambda X: operators.lp_regularize_rows(X, [0, 3], lam=0.3),
    "lp_regularize_rows, p = 2": lambda X: operators.lp_regularize_rows(X, lam=0.3, p=2),
    "dropout_replace": lambda X: operators.dropout_replace(X, 0.4, 2.0, random_state=0),
}
every_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())


def dense(X):
    return X.toarray() if sp.issparse(X) else np.asarray(X)


# Structure


def spoil(X, how):
    """A CSR or CSC matrix that is none."""
    last = len(X.indptr) - 1
    data, indices, indptr = X.data.copy(), X.indices.copy(), X.indptr.copy()
    if how == "index beyond the shape":
        indices[3] = X.shape[1] if X.format == "csr" else X.shape[0]
    elif how == "last index beyond the shape":
        indices[-1] = 10**6
    elif how == "negative index":
        indices[2] = -1
    elif how == "indptr falls":
        indptr[2] = indptr[-1] + 5
    elif how == "indptr does not start at 0":
        indptr[0] = 1
    elif how == "indptr is negative":
        indptr[1] = -(10**6)
    elif how == "indptr ends beyond the data":
        indptr[last] += 1000
    elif how == "indptr ends below zero":
        indptr[last] = -1
    elif how == "indptr wraps":
        indptr = indptr.astype(np.int64)
        indptr[1] += 1 << 32
    elif how == "unsigned indptr wraps":
        indptr = indptr.astype(np.uint64)
        indptr[1] = 2**64 - 1
    elif how == "indptr too short":
        indptr = indptr[:-1]
    elif how == "indptr too long":
        indptr = np.append(indptr, indptr[-1])
    elif how == "data shorter than indices":
        data = data[:-1]
    elif how == "indices shorter than data":
        indices = indices[:-1]
    elif how == "indices are floats":
        indices = indices.astype(float)
    elif how == "data is a table":
        data = data[:, None]
    X.data, X.indices, X.indptr = data, indices, indptr
    return X


WAYS = [
    "index beyond the shape",
    "last index beyond the shape",
    "negative index",
    "indptr falls",
    "indptr does not start at 0",
    "indptr is negative",
    "indptr ends beyond the data",
    "indptr ends below zero",
    "indptr wraps",
    "unsigned indptr wraps",
    "indptr too short",
    "indptr too long",
    "data shorter than indices",
    "indices shorter than data",
    "indices are floats",
    "data is a table",
]


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_matrix])
@every_reader
def test_a_malformed_matrix_is_refused(read, make):
    for how in WAYS:
        X = make(toy())
        assert X.has_canonical_format  # SciPy remembers it whatever follows
        with pytest.raises(ValueError, match=r"(X|w|W) is not a valid CS[RC] matrix: "):
            read(spoil(X, how))


@pytest.mark.parametrize("dtype", [np.int64, bool, np.float32])
@pytest.mark.parametrize("width", [np.int32, np.int64])
def test_malformed_matrices_of_other_types(dtype, width):
    X = sp.csr_array(toy(dtype))
    X.indices, X.indptr = X.indices.astype(width), X.indptr.astype(width)
    for how in WAYS:
        with pytest.raises(ValueError, match="is not a valid CSR matrix"):
            SparseNormalizer().fit(spoil(X.copy(), how))


def test_other_formats_are_checked_too():
    coo = sp.coo_array(toy())
    coo.coords[1][0] = 7
    bsr = sp.bsr_array(toy(), blocksize=(2, 2))
    bsr.indices[0] = 9
    dia = sp.dia_array(toy())
    dia.offsets = np.append(dia.offsets, 5)
    lil = sp.lil_array(toy())
    lil.rows[1] = [11]
    lil.data[1] = [1.0]
    for X in (coo, bsr, dia, lil):
        with pytest.raises(ValueError, match="X is not a valid"):
            SparseNormalizer().fit(X)
    for form in ("coo", "bsr", "dia", "lil", "dok"):
        X = sp.csr_array(toy()).asformat(form)
        assert_array_equal(SparseNormalizer().fit_transform(X).format, "csr")


@given(
    indices=st.lists(st.integers(-1, 4), max_size=8),
    indptr=st.lists(st.integers(-1, 9), min_size=4, max_size=4),
    width=st.sampled_from([np.int32, np.int64]),
    format=st.sampled_from(["csr", "csc"]),
)
def test_structure_check_against_its_definition(indices, indptr, width, format):
    X = sp.csr_array((3, 4)) if format == "csr" else sp.csc_array((4, 3))
    X.data, X.indices = np.ones(len(indices)), np.array(indices, dtype=width)
    X.indptr = np.array(indptr, dtype=width)
    ends = indptr[0] == 0 and indptr[-1] <= len(indices)
    valid = ends and indptr == sorted(indptr) and set(indices[: indptr[-1]]) <= set(range(4))
    if not valid:
        with pytest.raises(ValueError, match="is not a valid"):
            check_structure(X)
        return
    lines = [indices[a:b] for a, b in itertools.pairwise(indptr)]
    checked = check_structure(X)
    assert checked.has_canonical_format == all(line == sorted(set(line)) for line in lines)
    assert repeats_indices(checked) == any(len(line) > len(set(line)) for line in lines)
    assert len(checked.data) == indptr[-1]


@pytest.mark.parametrize("width", [np.int32, np.int64])
def test_structure_of_long_matrices(width):
    # The kernel reads in blocks; an index may be wrong at any place of one.
    X = sp.csr_array(np.ones((7, 400)))
    X.indices, X.indptr = X.indices.astype(width), X.indptr.astype(width)
    assert check_structure(X).has_canonical_format
    for place in (0, 511, 512, 1023, 1024, 2799):
        for wrong, message in ((400, "got 400"), (-1, "got -1")):
            bad = X.copy()
            bad.indices[place] = wrong
            with pytest.raises(ValueError, match=message):
                check_structure(bad)
        if place % 400 < 399:
            bad = X.copy()
            bad.indices[place + 1] = bad.indices[place]
            assert not check_structure(bad).has_canonical_format
            assert repeats_indices(bad)


@every_reader
def test_stale_flags_of_scipy_are_not_believed(read):
    # Two entries for one place, in descending order, and SciPy told that there are none.
    X = sp.csr_array(toy())
    stale = sp.csr_array(
        (
            np.repeat(X.data, 2)[::-1] / 2,
            np.repeat(X.indices, 2)[::-1],
            2 * (X.indptr[-1] - X.indptr[::-1]),
        ),
        shape=X.shape,
    )
    stale.has_canonical_format = True
    expected = read(sp.csr_array(stale.toarray()))
    stale.has_canonical_format = True
    assert_allclose(dense(read(stale)), dense(expected), rtol=1e-6, atol=1e-8)


# Storage


def stored(X, how):
    if how == "strided":
        X.data, X.indices, X.indptr = (
            np.repeat(part, 2)[::2] for part in (X.data, X.indices, X.indptr)
        )
    elif how == "reversed":
        X.data, X.indices, X.indptr = (
            part[::-1].copy()[::-1] for part in (X.data, X.indices, X.indptr)
        )
    elif how == "real part":
        X.data = (X.data + 1j).real
    elif how == "unaligned":
        for name in ("data", "indices", "indptr"):
            part = getattr(X, name)
            room = np.empty(part.nbytes + 1, dtype=np.uint8)[1:].view(part.dtype)
            room[:] = part
            setattr(X, name, room)
    elif how == "other integers":
        X.indices, X.indptr = X.indices.astype(np.uint16), X.indptr.astype(">i8")
    elif how == "longer than indptr says":
        X.data = np.append(X.data, [np.nan, np.inf, 5.0])
        X.indices = np.append(X.indices, [-7, 10**6, 0]).astype(X.indices.dtype)
    return X


ODD = ["strided", "reversed", "real part", "unaligned", "other integers", "longer than indptr says"]


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csc_array])
@every_reader
def test_odd_storage_is_read_as_any_other(read, make):
    expected = dense(read(make(toy())))
    for how in ODD:
        X = stored(make(toy()), how)
        before = [part.copy() for part in (X.data, X.indices, X.indptr)]
        assert_array_equal(dense(read(X)), expected, err_msg=how)
        for part, copy in zip((X.data, X.indices, X.indptr), before, strict=True):
            assert_array_equal(part, copy)


@every_reader
def test_broadcast_data(read):
    ones = (toy() != 0).astype(float)
    X = sp.csr_array(ones)
    X.data = np.broadcast_to(1.0, len(X.data))
    assert_allclose(dense(read(X)), dense(read(sp.csr_array(ones))), rtol=1e-14)


@pytest.mark.parametrize("how", ["strided", "longer than indptr says"])
@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array])
def test_odd_storage_in_place(make, how):
    for function in (
        lambda X: operators.normalize_columns(X, copy=False),
        lambda X: operators.apply_sparsity_threshold(X, 1.0, copy=False),
        lambda X: operators.dropout_replace(X, 0.4, random_state=0, copy=False),
    ):
        X = stored(make(toy()), how)
        assert_array_equal(function(X).toarray(), function(make(toy())).toarray())
        assert_array_equal(X.toarray(), toy())  # what cannot be written where it lies is copied


# Data frames


def sparse_frames():
    bools = pd.get_dummies(pd.Series(list("abcaab"), name="s"), sparse=True)
    integers = (3 * bools).astype(pd.SparseDtype(np.int64, 0))
    single = bools.astype(pd.SparseDtype(np.float32, 0.0))
    mixed = bools.astype({"a": pd.SparseDtype(np.float64, 0.0)})
    return {"bool": bools, "int": integers, "float32": single, "bool and float": mixed}


@pytest.mark.parametrize("kind", sparse_frames().keys())
@every_reader
def test_sparse_data_frames_are_read_as_dense_ones(read, kind, monkeypatch):
    frame = sparse_frames()[kind]
    monkeypatch.setitem(globals(), "toy", lambda: frame.sparse.to_dense().astype(float))
    expected = read(frame.sparse.to_dense())
    result = read(frame)
    assert dense(result).dtype == np.asarray(expected).dtype
    assert_allclose(dense(result), np.asarray(expected), rtol=1e-6, atol=1e-12)


def test_names_of_sparse_data_frames_are_recorded():
    frame = sparse_frames()["bool"]
    for estimator in (SparseNormalizer(), SparseDropoutReplacer(), SparseLpRegressor(1e-3)):
        estimator.fit(frame, Y)
        assert list(estimator.feature_names_in_) == ["a", "b", "c"]
        method = getattr(estimator, "transform", getattr(estimator, "predict", None))
        with pytest.raises(ValueError, match="feature names should match"):
            method(frame[["b", "a", "c"]])


def test_what_a_sparse_data_frame_may_not_hold():
    frame = sparse_frames()["bool"]
    holes = frame.astype(float).astype(pd.SparseDtype(float, np.nan))
    with pytest.raises(ValueError, match="fill value must be 0"):
        SparseNormalizer().fit(holes)
    words = frame.astype(object).replace({True: "yes", False: 0}).astype(pd.SparseDtype(object, 0))
    with pytest.raises(ValueError, match="could not convert string to float"):
        SparseNormalizer().fit(words)
    with pytest.raises(ValueError, match="Complex data not supported"):
        SparseNormalizer().fit(frame.astype(pd.SparseDtype(complex, 0)))
