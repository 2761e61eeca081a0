"""SparseDropoutReplacer and SparseDropoutSampler: exact where the seed decides, in law elsewhere."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pairwise import parametrize_pairwise
from scipy.stats import binom
from sklearn import config_context

from skl_sparse import SparseDropoutReplacer, SparseDropoutSampler
from skl_sparse.preprocessing import _dropout
from skl_sparse.preprocessing._dropout import draw_hits

CONTAINERS = {
    "dense_c": np.ascontiguousarray,
    "dense_f": np.asfortranarray,
    "dense_strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "csr_array": sp.csr_array,
    "csr_matrix": sp.csr_matrix,
    "csc_array": sp.csc_array,
}
ROW_MAJOR = [name for name in CONTAINERS if name != "csc_array"]
SCOPES = ["nonzero", "all"]
REPLACEMENTS = [0.0, -3.5, "mean", "median", "feature_mean", "feature_median"]


def toy(n_samples=60, n_features=15, density=0.4, seed=0):
    """Positive random data with an empty column and a feature with a single entry."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(1.0, 2.0, size=(n_samples, n_features)) * (1 + np.arange(n_features))
    X[rng.uniform(size=X.shape) >= density] = 0
    X[:, 3] = 0
    X[:, 5] = 0
    X[7, 5] = 9.0
    return X


def dense(X):
    return X.toarray() if sp.issparse(X) else np.asarray(X)


def replacement_of(X, kind):
    """What replaces an entry of each column, in plain NumPy."""
    columns = [column[column != 0] for column in X.T]
    everything = X[X != 0]
    values = {
        "mean": lambda: [np.mean(everything)] * X.shape[1],
        "median": lambda: [np.median(everything)] * X.shape[1],
        "feature_mean": lambda: [np.mean(c) if c.size else 0.0 for c in columns],
        "feature_median": lambda: [np.median(c) if c.size else 0.0 for c in columns],
    }
    return np.array(values[kind]() if kind in values else [kind] * X.shape[1])


def assert_count_is_binomial(count, n, rate):
    """Fail with probability 1e-9 if the law holds; the seeds are fixed, so always or never."""
    assert binom.cdf(count, n, rate) > 5e-10
    assert binom.sf(count - 1, n, rate) > 5e-10


# Drawing


@pytest.mark.parametrize("rate", [1e-4, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_hits_are_sorted_and_binomial(rate):
    n = 200_000
    hits = draw_hits(np.random.RandomState(0), rate, n)
    assert hits.dtype == np.int64
    assert (np.diff(hits) > 0).all()
    assert hits[0] >= 0
    assert hits[-1] < n
    assert_count_is_binomial(len(hits), n, rate)
    # Stretches and residues are hit alike: the gaps are independent of where they are.
    for part in np.array_split(np.arange(n), 4):
        assert_count_is_binomial(np.isin(part, hits).sum(), len(part), rate)
    for residue in range(3):
        assert_count_is_binomial((hits % 3 == residue).sum(), len(range(residue, n, 3)), rate)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.7])
def test_gaps_are_geometric(rate):
    gaps = np.diff(draw_hits(np.random.RandomState(1), rate, 300_000)) - 1
    for g in range(8):
        assert_count_is_binomial((gaps == g).sum(), len(gaps), rate * (1 - rate) ** g)


def test_neighbouring_hits_are_independent():
    rate, n = 0.3, 100_000
    hit = np.zeros(2 * n, dtype=bool)
    hit[draw_hits(np.random.RandomState(2), rate, 2 * n)] = True
    both = (hit[::2] & hit[1::2]).sum()
    assert_count_is_binomial(both, n, rate**2)


def test_edges_of_drawing():
    rng = np.random.RandomState(0)
    assert len(draw_hits(rng, 0.0, 10)) == 0
    assert len(draw_hits(rng, 0.3, 0)) == 0
    assert_array_equal(draw_hits(rng, 1.0, 4), np.arange(4))
    assert len(draw_hits(rng, 5e-324, 10**12)) == 0
    assert len(draw_hits(rng, 1e-300, 10**12)) == 0
    assert_count_is_binomial(len(draw_hits(rng, 1e-10, 10**12)), 10**12, 1e-10)
    assert len(draw_hits(rng, 1 - 2**-53, 1000)) == 1000


def test_hits_of_a_seed_never_change():
    seed = np.array([2357136044, 2546248239, 3071714933, 3626093760], dtype=np.uint32)
    assert_array_equal(np.random.RandomState(0).randint(2**32, size=4, dtype=np.uint32), seed)
    # By hand: floor(log(1 - u) / log(0.9)) for the first uniforms of SFC64 with that seed,
    # .2509 .7123 .3626 .8216 .6817 ...
    assert_array_equal(draw_hits(np.random.RandomState(0), 0.1, 50), [2, 14, 19, 36, 47])


def test_number_of_random_draws_is_the_number_of_hits(monkeypatch):
    drawn = []

    class Counting(np.random.Generator):
        def random(self, out):
            drawn.append(len(out))
            return super().random(out=out)

    monkeypatch.setattr(np.random, "Generator", Counting)
    hits = draw_hits(np.random.RandomState(0), 0.01, 1_000_000)
    assert len(hits) <= sum(drawn) < 1.1 * len(hits)


@pytest.mark.parametrize(
    ("rate", "n"), [(0.001, 100), (0.02, 100), (0.5, 1), (0.999, 50), (0.3, 200_000)]
)
def test_more_hits_than_expected_find_room(rate, n):
    for seed in range(100 if n < 1000 else 2):
        key = np.random.RandomState(seed).randint(1 << 32, size=4, dtype=np.uint32)
        variates = np.random.Generator(np.random.SFC64(key)).random(n + 1)
        gaps = np.log(1 - variates) / np.log1p(-rate)
        expected = np.cumsum(1 + np.minimum(gaps, n).astype(int)) - 1
        hits = draw_hits(np.random.RandomState(seed), rate, n)
        assert_array_equal(hits, expected[expected < n])


# The law of the noise


@parametrize_pairwise(
    rate=[0.05, 0.5], scope=SCOPES, container=["dense_c", "csr_array", "csc_array"]
)
def test_law(container, scope, rate):
    X = toy(400, 30)
    replacer = SparseDropoutReplacer(rate, replacement_value=-1.0, scope=scope, random_state=0)
    hit = dense(replacer.fit_transform(CONTAINERS[container](X))) == -1.0
    present = X != 0
    assert_count_is_binomial(hit[present].sum(), present.sum(), rate)
    if scope == "all":
        assert_count_is_binomial(hit[~present].sum(), (~present).sum(), rate)
    else:
        assert not hit[~present].any()
    for j in range(X.shape[1]):  # each column alike
        exposed = present[:, j] if scope == "nonzero" else np.ones(len(X), dtype=bool)
        assert_count_is_binomial(hit[exposed, j].sum(), exposed.sum(), rate)


@parametrize_pairwise(
    rescale=[False, True], replacement=REPLACEMENTS, scope=SCOPES, container=list(CONTAINERS)
)
def test_values(container, scope, replacement, rescale):
    X = toy()
    rate = 0.3
    values = replacement_of(X, replacement)
    replacer = SparseDropoutReplacer(
        rate, replacement_value=replacement, scope=scope, rescale=rescale, random_state=1
    )
    given_X = CONTAINERS[container](X)
    result = replacer.fit_transform(given_X)
    assert type(result) is type(given_X)
    assert_allclose(np.broadcast_to(replacer.replacement_, X.shape[1]), values, rtol=1e-14)
    kept = X / (1 - rate) if rescale else X
    replaced = np.broadcast_to(values, X.shape)
    is_kept = np.isclose(dense(result), kept, rtol=1e-14, atol=0)
    is_replaced = np.isclose(dense(result), replaced, rtol=1e-14, atol=0)
    assert (is_kept | is_replaced).all()
    assert not is_kept.all()
    if scope == "nonzero":
        assert is_kept[X == 0].all()
    assert_array_equal(dense(given_X), X)
    if sp.issparse(result):
        assert result.has_canonical_format
        assert (result.data != 0).all()
        assert not np.shares_memory(result.indices, given_X.indices)


@parametrize_pairwise(
    dtype=[np.float32, np.float64],
    rate=[0.0, 0.1, 0.8, 1.0],
    replacement=REPLACEMENTS,
    scope=SCOPES,
)
def test_dense_and_csr_agree_seed_for_seed(scope, replacement, rate, dtype):
    X = toy().astype(dtype)
    results = [
        dense(
            SparseDropoutReplacer(
                rate, replacement_value=replacement, scope=scope, rescale=True, random_state=7
            ).fit_transform(CONTAINERS[name](X))
        )
        for name in ROW_MAJOR
    ]
    for result in results:
        assert result.dtype == dtype
        assert_array_equal(result, results[0])


@pytest.mark.parametrize("scope", SCOPES)
def test_csc_is_csr_of_the_transpose(scope):
    X = toy()
    replacer = SparseDropoutReplacer(0.3, replacement_value=-1, scope=scope, random_state=0)
    by_columns = replacer.fit_transform(sp.csc_array(X)).toarray()
    by_rows = replacer.fit_transform(sp.csr_array(X.T.copy())).toarray()
    assert_array_equal(by_columns, by_rows.T)


@parametrize_pairwise(rescale=[False, True], scope=SCOPES, container=list(CONTAINERS))
def test_rates_zero_and_one(container, scope, rescale):
    X = CONTAINERS[container](toy())

    def noisy(rate, value):
        replacer = SparseDropoutReplacer(
            rate, replacement_value=value, scope=scope, rescale=rescale, random_state=0
        )
        return replacer.fit_transform(X)

    for value in (0.0, 2.0):
        assert_array_equal(dense(noisy(0.0, value)), toy())
    nothing = noisy(1, 0.0)
    assert_array_equal(dense(nothing), np.zeros(X.shape))
    if sp.issparse(nothing):
        assert nothing.nnz == 0
    everything = np.full(X.shape, 2.0) if scope == "all" else np.where(toy() != 0, 2.0, 0.0)
    assert_array_equal(dense(noisy(1, 2.0)), everything)


def test_replacing_zeros_by_zero_needs_no_draws():
    X = sp.csr_array(sp.eye(1_000_000, format="csr"))  # 1e12 cells
    result = SparseDropoutReplacer(0.5, scope="all", random_state=0).fit_transform(X)
    assert_count_is_binomial(result.nnz, X.nnz, 0.5)


def test_rescale_keeps_the_expectation():
    X = sp.csr_array(np.ones((200, 500)))
    result = SparseDropoutReplacer(0.5, rescale=True, random_state=0).fit_transform(X)
    assert set(result.data) == {2.0}
    assert_count_is_binomial(result.nnz, 100_000, 0.5)


# Seeds


def test_an_int_seed_repeats_and_a_generator_moves_on():
    X = sp.csr_array(toy())
    replacer = SparseDropoutReplacer(0.3, random_state=5)
    first = replacer.fit_transform(X).toarray()
    assert_array_equal(replacer.fit_transform(X).toarray(), first)
    other = SparseDropoutReplacer(0.3, random_state=6).fit_transform(X).toarray()
    assert (other != first).any()
    replacer.set_params(random_state=np.random.RandomState(5))
    assert_array_equal(replacer.fit_transform(X).toarray(), first)
    assert (replacer.fit_transform(X).toarray() != first).any()
    unseeded = SparseDropoutReplacer(0.3)
    assert (unseeded.fit_transform(X) != unseeded.fit_transform(X)).nnz > 0


# Evaluation


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("copy", [True, False])
def test_transform_passes_data_unchanged(container, copy):
    X = CONTAINERS[container](toy())
    replacer = SparseDropoutReplacer(0.9, scope="all", replacement_value=1.0, copy=copy).fit(X)
    new = CONTAINERS[container](toy(seed=1))
    result = replacer.transform(new)
    assert_array_equal(dense(result), toy(seed=1))
    old, fresh = (new.data, result.data) if sp.issparse(new) else (new, result)
    assert np.shares_memory(old, fresh) is not copy
    # What check_estimator skips for a non-deterministic transformer:
    rows = np.random.RandomState(0).permutation(new.shape[0])[:20]
    assert_array_equal(dense(replacer.transform(new[rows])), toy(seed=1)[rows])
    one_by_one = [dense(replacer.transform(new[[i]])) for i in range(5)]
    assert_array_equal(np.vstack(one_by_one), toy(seed=1)[:5])


# In place, odd input


@parametrize_pairwise(
    replacement=[0.0, -1.0, "feature_median"], scope=SCOPES, container=list(CONTAINERS)
)
def test_in_place(container, scope, replacement):
    parameters = {
        "replacement_value": replacement,
        "scope": scope,
        "rescale": True,
        "random_state": 0,
    }
    expected = SparseDropoutReplacer(0.4, **parameters).fit_transform(CONTAINERS[container](toy()))
    X = CONTAINERS[container](toy())
    result = SparseDropoutReplacer(0.4, copy=False, **parameters).fit_transform(X)
    assert result is X
    assert_array_equal(dense(X), dense(expected))


def test_integers_are_copied_even_in_place():
    X = sp.csr_array(np.arange(12).reshape(3, 4))
    result = SparseDropoutReplacer(0.5, copy=False, random_state=0).fit_transform(X)
    assert_array_equal(X.toarray(), np.arange(12).reshape(3, 4))
    assert result.dtype == np.float64


@parametrize_pairwise(copy=[True, False], scope=SCOPES, make=[sp.csr_array, sp.csr_matrix])
def test_noncanonical_input(make, scope, copy):
    X = np.round(toy(), 2) * 4
    coo = sp.coo_array(X)
    order = np.lexsort((-coo.col, coo.row))  # columns backwards, each entry in two parts
    rows = np.repeat(coo.row[order], 2)
    data = np.repeat(coo.data[order], 2) * np.tile([3, -2], len(coo.data))
    indptr = np.searchsorted(rows, np.arange(X.shape[0] + 1))
    messy = make((data, np.repeat(coo.col[order], 2), indptr), shape=X.shape)
    parts = [messy.data.copy(), messy.indices.copy(), messy.indptr.copy()]
    replacer = SparseDropoutReplacer(
        0.3, replacement_value="median", scope=scope, random_state=0, copy=copy
    )
    expected = replacer.fit_transform(make(X)).toarray()
    if copy:
        result = replacer.fit_transform(messy)
        for part, before in zip((messy.data, messy.indices, messy.indptr), parts, strict=True):
            assert_array_equal(part, before)
    else:
        result = replacer.fit_transform(messy)
    assert result.has_canonical_format
    assert_allclose(result.toarray(), expected, rtol=1e-14)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("replacement", REPLACEMENTS)
def test_explicit_zeros_are_zeros(scope, replacement):
    X = toy()
    with_zeros = sp.csr_array(X)
    with_zeros.data[::3] = 0
    without = with_zeros.copy()
    without.eliminate_zeros()
    parameters = {"replacement_value": replacement, "scope": scope, "random_state": 0}
    replacer = SparseDropoutReplacer(0.3, **parameters)
    noisy = replacer.fit_transform(with_zeros)
    learned = replacer.replacement_
    assert_array_equal(noisy.toarray(), replacer.fit_transform(without).toarray())
    assert_array_equal(learned, replacer.replacement_)
    assert (noisy.data != 0).all()
    copies, _ = SparseDropoutReplacer(0.3, **parameters).resample(with_zeros, n_copies=3)
    assert_array_equal(
        copies.toarray(),
        SparseDropoutReplacer(0.3, **parameters).resample(without, n_copies=3)[0].toarray(),
    )


@parametrize_pairwise(
    dtype=[np.float32, np.float64],
    index_type=[np.int32, np.int64],
    scope=SCOPES,
    make=[sp.csr_array, sp.csc_array],
)
def test_index_and_data_types(make, scope, index_type, dtype):
    X = make(toy().astype(dtype))
    replacer = SparseDropoutReplacer(0.3, scope=scope, replacement_value=1, random_state=0)
    expected = replacer.fit_transform(X).toarray()
    X.indices, X.indptr = X.indices.astype(index_type), X.indptr.astype(index_type)
    result = replacer.fit_transform(X)
    assert result.dtype == dtype
    assert_array_equal(result.toarray(), expected)


@parametrize_pairwise(
    copy=[True, False], scope=SCOPES, make=[np.asarray, sp.csr_array, sp.csc_array]
)
def test_read_only_memory_maps(make, scope, copy, tmp_path):
    def mapped(array, name):
        np.save(tmp_path / name, array)
        return np.load(tmp_path / name, mmap_mode="r")

    X = make(toy())
    replacer = SparseDropoutReplacer(
        0.3, scope=scope, replacement_value="feature_median", random_state=0, copy=copy
    )
    expected = dense(replacer.fit_transform(X.copy()))
    if sp.issparse(X):
        X.data = mapped(X.data, "data.npy")
        X.indices = mapped(X.indices, "indices.npy")
        X.indptr = mapped(X.indptr, "indptr.npy")
    else:
        X = mapped(X, "X.npy")
    assert_array_equal(dense(replacer.fit_transform(X)), expected)
    assert_array_equal(dense(replacer.transform(X)), toy())
    assert_array_equal(dense(X), toy())


@parametrize_pairwise(
    method=["fit", "fit_transform", "resample"],
    bad=[np.nan, np.inf],
    make=[np.asarray, sp.csr_array, sp.csc_array],
)
def test_nan_and_infinity_are_refused(make, bad, method):
    X = toy()
    X[2, 4] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        getattr(SparseDropoutReplacer(), method)(make(X))


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("copy", [True, False])
def test_nan_is_refused_before_anything_is_written(replacement, copy):
    X = sp.csr_array(toy())
    X.data[-1] = np.nan
    before = X.data.copy()
    for finite in (False, True):  # what is found on the way is refused even so
        replacer = SparseDropoutReplacer(0.5, replacement_value=replacement, copy=copy)
        with config_context(assume_finite=finite), pytest.raises(ValueError):
            replacer.fit_transform(X)
        assert_array_equal(X.data, before)


@parametrize_pairwise(
    X=[np.zeros((3, 2)), np.array([[0.0, -2.0]]), np.array([[5.0], [0]])],
    replacement=REPLACEMENTS,
    scope=SCOPES,
)
def test_degenerate_shapes(scope, replacement, X):
    for rate in (0.0, 0.5, 1.0):
        results = [
            dense(
                SparseDropoutReplacer(
                    rate, replacement_value=replacement, scope=scope, random_state=0
                ).fit_transform(CONTAINERS[name](X))
            )
            for name in ROW_MAJOR
        ]
        for result in results:
            assert np.isfinite(result).all()
            assert_array_equal(result, results[0])


def test_learned_values_come_from_the_training_data_in_every_layout():
    X = toy()
    X[X > 12] *= -1
    for kind in REPLACEMENTS[2:]:
        for make in CONTAINERS.values():
            replacer = SparseDropoutReplacer(replacement_value=kind).fit(make(X))
            expected = replacement_of(X, kind)
            assert_allclose(
                np.broadcast_to(replacer.replacement_, X.shape[1]), expected, rtol=1e-14
            )


def test_medians_of_huge_values_do_not_overflow():
    X = np.array([[1.5e308], [1.7e308]])
    for make in CONTAINERS.values():
        replacer = SparseDropoutReplacer(replacement_value="feature_median").fit(make(X))
        assert_allclose(replacer.replacement_, [1.6e308])


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    density=st.floats(0, 1),
    rate=st.floats(0, 1),
    replacement=st.sampled_from(REPLACEMENTS),
    scope=st.sampled_from(SCOPES),
    rescale=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_small_matrix(shape, density, rate, replacement, scope, rescale, seed):
    rng = np.random.RandomState(seed)
    X = rng.normal(size=shape) * (rng.uniform(size=shape) < density)
    values = replacement_of(X, replacement if (X != 0).any() else 0.0)
    outputs = []
    for make in (np.asarray, sp.csr_array):
        replacer = SparseDropoutReplacer(
            rate,
            replacement_value=replacement,
            scope=scope,
            rescale=rescale,
            random_state=seed,
        )
        outputs.append(dense(replacer.fit_transform(make(X))))
    assert_array_equal(outputs[0], outputs[1])
    keep = 1 - rate if rescale and rate < 1 else 1.0
    if isinstance(replacement, float):
        values = np.full(shape[1], replacement)
    is_kept = np.isclose(outputs[0], X / keep, rtol=1e-12, atol=0)
    is_replaced = np.isclose(outputs[0], np.broadcast_to(values, shape), rtol=1e-12, atol=0)
    assert (is_kept | is_replaced).all()


# Memory


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array])
def test_scope_all_refuses_what_does_not_fit(make):
    X = make(sp.eye(1_000_000, 50_000_000, format=make((1, 1)).format))
    replacer = SparseDropoutReplacer(0.1, replacement_value=1.0, scope="all", random_state=0)
    message = r"scope='all' with dropout_rate=0.1 on 1000000 x 50000000 .* about 5e\+12 entries "
    with pytest.raises(ValueError, match=message + r"need .* GiB, .* GiB are available"):
        replacer.fit_transform(X)
    with pytest.raises(ValueError, match=message):
        replacer.resample(X)
    assert replacer.fit(X).transform(X).shape == X.shape


def test_the_estimate_counts_copies(monkeypatch):
    X = sp.csr_array(toy())
    replacer = SparseDropoutReplacer(0.5, replacement_value=1.0, scope="all", random_state=0)
    monkeypatch.setattr(_dropout, "available_memory", lambda: 40_000)
    replacer.fit_transform(X)
    with pytest.raises(ValueError, match="must fit in memory"):
        replacer.resample(X, n_copies=10)


def peak_of(run):
    """The result of a function, and the most memory that was taken meanwhile."""
    tracemalloc.start()
    result = run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return result, peak


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("n_copies", [None, 1, 4])
def test_the_estimate_foresees_the_peak(make, n_copies, monkeypatch):
    X = make(sp.random_array((500, 4000), density=0.01, format="csr", random_state=0))
    replacer = SparseDropoutReplacer(0.1, replacement_value=1.0, scope="all", random_state=0)

    def run():
        return (
            replacer.fit_transform(X) if n_copies is None else replacer.resample(X, None, n_copies)
        )

    _, peak = peak_of(run)
    # Refused if a little less is there than was used, let pass if a third more is.
    monkeypatch.setattr(_dropout, "available_memory", lambda: 0.95 * peak)
    with pytest.raises(ValueError, match="must fit in memory"):
        run()
    monkeypatch.setattr(_dropout, "available_memory", lambda: 1.35 * peak)
    run()


@pytest.mark.parametrize("scope", SCOPES)
def test_copies_are_written_once(scope):
    X = sp.csr_array(sp.random_array((1000, 2000), density=0.05, format="csr", random_state=0))
    replacer = SparseDropoutReplacer(0.1, replacement_value=1.0, scope=scope, random_state=0)
    (result, _), peak = peak_of(lambda: replacer.resample(X, n_copies=4))
    assert peak < 1.3 * (result.data.nbytes + result.indices.nbytes + result.indptr.nbytes)


@pytest.mark.parametrize("spare", [-100, 8])
def test_more_hits_than_chance_allows(spare, monkeypatch):
    X = sp.csr_array(sp.random_array((50, 400), density=0.01, format="csr", random_state=0))
    replacer = SparseDropoutReplacer(0.3, replacement_value=1.0, scope="all", random_state=0)
    expected = replacer.resample(X.toarray(), n_copies=3)[0]
    monkeypatch.setattr(_dropout, "SPARE", spare)
    assert_array_equal(replacer.resample(X, n_copies=3)[0].toarray(), expected)


def test_available_memory_is_plausible():
    assert 2**20 < _dropout.available_memory() < 2**50


# Resampling


@parametrize_pairwise(n_copies=[0, 1, 3], scope=SCOPES, container=list(CONTAINERS))
def test_resample(container, scope, n_copies):
    X = CONTAINERS[container](toy())
    y = np.arange(60)
    replacer = SparseDropoutReplacer(0.3, replacement_value=-1.0, scope=scope, random_state=0)
    X_res, y_res = replacer.resample(X, y, n_copies=n_copies)
    assert type(X_res) is type(X)
    assert X_res.shape == ((1 + n_copies) * 60, 15)
    assert_array_equal(y_res, np.tile(y, 1 + n_copies))
    blocks = np.split(dense(X_res), 1 + n_copies)
    assert_array_equal(blocks[0], toy())
    for block, before in zip(blocks[1:], blocks[:-1], strict=True):
        assert (block != before).any()
        assert ((block == toy()) | (block == -1.0)).all()
    if n_copies:  # the rows of CSC are drawn for like those of others
        by_rows = X.tocsr() if sp.issparse(X) else X
        assert_array_equal(blocks[1], dense(replacer.fit_transform(by_rows)))
    assert replacer.resample(X, n_copies=n_copies)[1] is None
    assert_array_equal(dense(X), toy())
    sampler = SparseDropoutSampler(
        n_copies, dropout_rate=0.3, replacement_value=-1.0, scope=scope, random_state=0
    )
    X_sampled, y_sampled = sampler.fit_resample(X, y)
    assert_array_equal(dense(X_sampled), dense(X_res))
    assert_array_equal(y_sampled, y_res)


@pytest.mark.parametrize(
    "y", [["a", "b", "c"], [0.5, 1.5, 2.5], [[1, 2], [3, 4], [5, 6]], np.array([True, False, True])]
)
def test_resample_repeats_any_target(y):
    X = sp.csr_array(np.eye(3))
    _, y_res = SparseDropoutReplacer(random_state=0).resample(X, y)
    assert type(y_res) is type(y)
    assert_array_equal(y_res, np.concatenate([np.asarray(y)] * 2))
    assert np.asarray(y_res).dtype == np.asarray(y).dtype


def test_resample_refuses_targets_of_another_length():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        SparseDropoutReplacer().resample(np.eye(3), [1, 2])


@parametrize_pairwise(
    make=[sp.csr_array, sp.csc_array],
    copy=[True, False],
    rescale=[False, True],
    replacement=[0.0, -1.0, "feature_mean"],
    rate=[0.001, 0.05, 0.3, 0.95],
)
def test_many_rows_long_and_empty(rate, replacement, rescale, copy, make):
    rng = np.random.RandomState(0)
    X = rng.uniform(1.0, 2.0, (300, 60))
    X[rng.uniform(size=X.shape) > rng.choice([0, 0.02, 0.3, 1.0], size=(300, 1))] = 0
    X[[0, -1, 7, 8, 9]] = 0
    X[:, 5] = 0
    given_X = make(X)
    nnz = given_X.nnz
    hit = np.zeros(nnz, dtype=bool)
    hit[draw_hits(np.random.RandomState(3), rate, nnz)] = True
    values = np.where(hit, -2.0, given_X.data)
    noise = make((values, given_X.indices.copy(), given_X.indptr.copy()), shape=X.shape).toarray()
    kept = X / (1 - rate) if rescale else X
    expected = np.where(noise == -2.0, replacement_of(X, replacement), kept)
    replacer = SparseDropoutReplacer(
        rate, replacement_value=replacement, rescale=rescale, random_state=3, copy=copy
    )
    result = replacer.fit_transform(given_X)
    result.check_format(full_check=True)
    assert_allclose(result.toarray(), expected, rtol=1e-14)
    assert (result.data != 0).all()


@parametrize_pairwise(
    rate=[0.0, 1e-4, 0.1], place=[0, 1500, 8191, 8192, 20_000, 29_999], bad=[0.0, np.nan, np.inf]
)
def test_what_is_out_of_the_ordinary_is_found_wherever_it_is(bad, place, rate):
    X = sp.csr_array(np.random.RandomState(0).uniform(1.0, 2.0, (300, 100)))
    X.data[place] = bad
    replacer = SparseDropoutReplacer(rate, random_state=0)
    if bad != 0:
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            replacer.fit_transform(X)
    else:
        without = X.copy()
        without.eliminate_zeros()
        expected = replacer.fit_transform(without)
        assert_array_equal(replacer.fit_transform(X).toarray(), expected.toarray())
