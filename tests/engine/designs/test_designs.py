"""The three questions and the moments, each kind of matrix against plain NumPy."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from pairwise import parametrize_pairwise

from skl_sparse.engine.cuts import line_parts
from skl_sparse.engine.designs import NotFiniteError, Parts, WeightedView, as_design
from skl_sparse.engine.designs.tuning import DEFAULT
from skl_sparse.engine.solvers.working_set._systems import SparseSystem

CONTAINERS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
    "C, packed": lambda X: packed(X),
    "C, float32": lambda X: X.astype(np.float32, order="C"),
    "Fortran, float32": lambda X: X.astype(np.float32, order="F"),
    "csr": sp.csr_array,
    "csc": sp.csc_array,
    "csr, float32": lambda X: sp.csr_array(X.astype(np.float32)),
    "csr, int64": lambda X: with_int64(sp.csr_array(X)),
    "csc, int64": lambda X: with_int64(sp.csc_array(X)),
}
FLOAT64 = [name for name in CONTAINERS if "float32" not in name]


def packed(X):
    """A field of a record array: rows are no whole number of values apart."""
    records = np.zeros(len(X), dtype=[("label", "u1"), ("X", X.dtype, X.shape[1:])])
    records["X"] = X
    return records["X"]


def with_int64(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def mixed_columns(rng, n=203, p=40):
    """Half-empty columns, a constant one, an empty one, one far from zero; float32 holds them."""
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.4)
    X[:, 3] += 1e3
    X[:, 5] = 2.0
    X[:, 6] = 0.0
    return X.astype(np.float32).astype(np.float64)


def row_weights(rng, n, kind):
    if kind == "equal":
        return np.full(n, 1.0 / n)
    if kind == "repeated":
        return np.broadcast_to(1.0 / n, n)
    weights = rng.random(n)
    if kind == "some zero":
        weights[::3] = 0.0
    return weights / weights.sum()


# Cuts everything into many pieces, as only large data would be.
SMALL_PIECES = replace(
    DEFAULT,
    most_entries=500,
    most_pairs=5000,
    chunk=1000,
    panel=700,
    least_rows=9,
    block=512,
    along_line=64,
    stretch=7,
    per_pass=4,
    room=600,
)


@parametrize_pairwise(container=list(CONTAINERS), center=[True, False], n_threads=[1, 3])
def test_answers_are_those_of_the_standardised_matrix(container, center, n_threads):
    rng = np.random.default_rng(0)
    X = mixed_columns(rng)
    n, p = X.shape
    weights = row_weights(rng, n, "some zero")
    mean = weights @ X if center else np.zeros(p)
    deviation = np.sqrt(weights @ (X - mean) ** 2)
    deviation[deviation < 1e-12] = 0.0
    scale = np.divide(1.0, deviation, out=np.zeros(p), where=deviation > 0)
    expected = np.sqrt(weights)[:, None] * (X - mean) * scale

    design = as_design(CONTAINERS[container](X), n_threads, SMALL_PIECES)
    A = WeightedView(design, weights, center)
    np.testing.assert_allclose(A.mean, mean, atol=1e-15, rtol=1e-13)
    np.testing.assert_allclose(A.deviation, deviation, atol=0, rtol=1e-9)
    close = {"atol": 2e-10, "rtol": 1e-10}
    for k in (1, 3):
        R = rng.standard_normal((n, k))
        np.testing.assert_allclose(A.correlate(R), expected.T @ R, **close)
        for n_rows in (0, 3, p):
            U = np.zeros((p, k))
            U[:n_rows] = rng.standard_normal((n_rows, k))
            np.testing.assert_allclose(A.predict(U), expected @ U, **close)
    columns = rng.permutation(p)[:30]
    gram = expected[:, columns].T @ expected[:, columns]
    for known in (0, 10, 29, 30):
        found = A.gram(columns[:known], columns[known:])
        np.testing.assert_allclose(found, gram[known:], **close)
        room = np.full((30, 50), 7.0)  # a Gram may lie in an array that is wider than it
        A.gram(columns[:known], columns[known:], out=room[known:, :30])
        np.testing.assert_array_equal(room[known:, :30], found)
        for exact, rounding in ((True, 6e-8), (False, 1e-6)):
            single = np.full((30, 50), 7.0, dtype=np.float32)
            A.gram(columns[:known], columns[known:], single[known:, :30], exact)
            np.testing.assert_allclose(single[known:, :30], gram[known:], rtol=0, atol=rounding)
            for array in (room, single):
                assert np.all(array[:, 30:] == 7.0)
                assert np.all(array[:known] == 7.0)
    np.testing.assert_allclose(A.dense(columns), expected[:, columns], **close)
    column_weights = rng.random(p) * (np.arange(p) % 4 > 0)
    products = (expected * column_weights) @ expected.T
    np.testing.assert_allclose(A.row_gram(column_weights), products, **close)
    v = rng.standard_normal(n)
    W, square = A.pull(v, column_weights)
    expected_pull = column_weights * (expected.T @ v) * scale
    np.testing.assert_allclose(W[:, 0], expected_pull, **close)
    assert square == pytest.approx(v @ products @ v)
    np.testing.assert_allclose(A.push(W)[:, 0], products @ v, **close)
    stored = (
        n * 30
        if "C" in container or "F" in container or container == "strided"
        else (np.count_nonzero(X[:, columns]))
    )
    assert A.design.stored_in(columns) == stored


@parametrize_pairwise(
    container=[sp.csr_array, sp.csc_array],
    center=[True, False],
    weights=["repeated", "some zero", "different"],
    dtype=[np.float64, np.float32],
)
def test_gathered_columns_share_a_value_where_all_are_alike(container, center, weights, dtype):
    rng = np.random.default_rng(2)
    X = mixed_columns(rng)
    n, p = X.shape
    X[:, 10:30] = (X[:, 10:30] != 0) * np.linspace(-2, 3, 20).astype(np.float32)
    X[:, 30] = np.arange(n) == 7  # a single entry
    kind, weights = weights, row_weights(rng, n, weights)
    stored = container(X.astype(dtype))
    zero = stored.tocoo().row[np.flatnonzero(stored.tocoo().col == 12)[3]]
    X[zero, 12] = 0.0
    stored[zero, 12] = 0.0  # stays stored: not all of the column's entries are alike
    A = WeightedView(as_design(stored, 1, replace(SMALL_PIECES, most_values=1)), weights, center)
    columns, q = rng.permutation(p), np.sqrt(weights)
    block, expected = A.gather(columns), A.dense(columns)
    mean = weights @ X if center else np.zeros(p)
    by_hand = q[:, None] * (X - mean) * A.scale
    np.testing.assert_allclose(expected, by_hand[:, columns], atol=2e-10, rtol=1e-10)

    sizes, counts = np.diff(block.starts), np.diff(block.indptr)
    alike = np.isin(columns, [5, 10, 11, *range(13, 30)])
    assert np.all(counts[alike] > 1)
    assert np.all(sizes[alike] == (1 if kind == "repeated" else counts[alike]))
    assert np.all(sizes[~alike] == counts[~alike])
    if not len(A.offset):  # those are held centred
        assert A.gathered_bytes(columns) == block.values.nbytes + block.rows.nbytes

    r = rng.standard_normal(n)
    r -= q * (q @ r)
    fields = block.values, block.starts, block.rows, block.indptr, block.shift
    system = SparseSystem(*fields, r)
    close = {"atol": 2e-9, "rtol": 1e-9}
    np.testing.assert_allclose(system.correlations(), expected.T @ r, **close)
    some, step = rng.permutation(p)[:25], rng.standard_normal(25)
    normal = expected[:, some].T @ (expected[:, some] @ step)
    np.testing.assert_allclose(system.normal(some, step), normal, **close)
    system.move(some, step)
    r -= expected[:, some] @ step
    np.testing.assert_allclose(system.copy().correlations(), expected.T @ r, **close)


@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_array])
def test_what_one_hot_columns_take_when_they_are_gathered(container):
    """Four bytes an entry; next to numbers too, but in text, where few are alike, none is found."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 10, (500, 8))
    one_hot = np.hstack([codes == level for level in range(10)]).astype(np.float64)
    text = one_hot * rng.random(one_hot.shape)
    numbers = rng.standard_normal((500, 2))
    weights, columns = np.broadcast_to(1 / 500, 500), np.arange(80)
    text[7] = 1.0
    both = np.hstack([numbers, one_hot])
    for X, first, rows, values in (
        (one_hot, 0, 4000, 80),
        (both, 2, 4000, 80),
        (text, 0, 4072, 4072),
    ):
        A = WeightedView(as_design(container(X)), weights, True)
        assert A.gathered_bytes(first + columns) == 4 * rows + 8 * values
        block = A.gather(first + columns)
        assert (len(block.rows), len(block.values)) == (rows, values)


@pytest.mark.parametrize("n_rows", [65_535, 65_536])
@pytest.mark.parametrize("container", ["csr", "csc"])
def test_a_column_may_hold_every_row(container, n_rows):
    X = sp.vstack([sp.csr_array(np.array([[1.0, 0.0]])), np.array([[2.0, 0.0]] * (n_rows - 1))])
    design = as_design(CONTAINERS[container](X), 2)
    assert [design.stored_in(np.array(some)) for some in ([0], [1], [0, 1])] == [n_rows, 0, n_rows]


@pytest.mark.parametrize("container", ["csr", "csc", "C", "Fortran", "Fortran, float32"])
@pytest.mark.parametrize("copied", [0, np.inf])
def test_threads_share_a_large_gram_and_copy_a_small_one(copied, container):
    rng = np.random.default_rng(1)
    X = mixed_columns(rng)
    columns, weights = np.arange(40), np.full(len(X), 1 / len(X))
    tuning = replace(SMALL_PIECES, most_copied=copied)
    design = as_design(CONTAINERS[container](X), 3, tuning)
    for known in (0, 15):
        found = np.empty((40 - known, 40))
        design.gram(columns[:known], columns[known:], weights, found)
        expected = (X.T @ X)[known:] / len(X)
        np.testing.assert_allclose(found, expected, atol=1e-12, rtol=1e-12)


@parametrize_pairwise(
    container=["csr", "csr, float32", "csr, int64", "csc"],
    rare=[slice(0, 600), slice(0, 300), slice(300, 600)],
    n_threads=[1, 2],
)
def test_a_gram_of_columns_that_few_rows_hold(container, rare, n_threads):
    """Where most rows hold no new column they are asked for one first, until most hold one."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((600, 20)) * (rng.random((600, 20)) < 0.4)
    X[rare, 12:] *= rng.random((len(X[rare]), 1)) < 0.03
    X = X.astype(np.float32).astype(np.float64)
    design = as_design(CONTAINERS[container](X), n_threads)
    columns, weights = np.arange(20), row_weights(rng, len(X), "random")
    for known in (0, 12):
        found = np.empty((20 - known, 20))
        design.gram(columns[:known], columns[known:], weights, found)
        expected = (X * weights[:, None]).T @ X
        np.testing.assert_allclose(found, expected[known:], atol=1e-14, rtol=1e-12)
    # Nothing but the new columns, which most rows do not hold.
    found = np.empty((8, 8))
    design.gram(columns[:0], columns[12:], weights, found)
    np.testing.assert_allclose(found, expected[12:, 12:], atol=1e-14, rtol=1e-12)


def exact_moments(X, weights, center):
    """Mean and deviation in extended precision, rows of weight zero left out."""
    live = weights > 0
    X, weights = X[live].astype(np.longdouble), weights[live].astype(np.longdouble)
    weights = (weights / weights.sum())[:, None]
    unit = np.abs(X).max(axis=0)
    unit[unit == 0] = 1
    X = X / unit
    mean = (weights * X).sum(axis=0) if center else np.zeros(X.shape[1], np.longdouble)
    return mean * unit, np.sqrt((weights * (X - mean) ** 2).sum(axis=0)) * unit


def hard_columns(rng, n=400):
    normal = rng.standard_normal((n, 4))
    sparse = normal * (rng.random((n, 4)) < 0.2)
    nearly_full = 1.0 * (np.arange(n)[:, None] != [0, 1, 2, n - 1])
    few = np.array([[1e-3, 1.0, 1e3, 1e6]])
    for scale in (1.0, 1e-150, 1e150, 1e-200, 1e200, 1e-290):
        yield f"normal * {scale:g}", normal * scale
        yield f"sparse * {scale:g}", sparse * scale
        yield f"nearly full * {scale:g}", nearly_full * scale
        yield f"positive * {scale:g}", (np.abs(normal) + 3) * scale
    yield "far", normal + 1e8
    yield "sparse and far", np.where(sparse != 0, sparse + 1e8, 0.0)
    yield "far by many deviations", normal + few
    yield "first row far off", np.vstack([np.full((1, 4), 1e6), normal[1:]])
    yield "first row beyond squares", np.vstack([np.full((1, 4), 1e200), normal[1:]])


@parametrize_pairwise(
    container=FLOAT64, kind=["equal", "repeated", "random", "some zero"], far=[0.0, 3.0, 1e8]
)
def test_products_of_whole_data(container, kind, far):
    """All columns, and rows weighed alike in the units of X: taken as they lie where that is safe."""
    rng = np.random.default_rng(7)
    X = mixed_columns(rng, n=60)
    X[:, 3] = rng.standard_normal(60)
    X[:, 7] += far
    weights = row_weights(rng, 60, kind)
    A = WeightedView(as_design(CONTAINERS[container](X), 1, SMALL_PIECES), weights, True)
    expected = np.sqrt(weights)[:, None] * (X - weights @ X) * A.scale
    every = np.arange(X.shape[1])
    close = {"atol": 1e-12 if far < 1e8 else 3e-8, "rtol": 1e-12}
    np.testing.assert_allclose(A.gram(every[:0], every), expected.T @ expected, **close)
    column_weights = 0.3 * A.deviation**2
    products = (expected * column_weights) @ expected.T
    np.testing.assert_allclose(A.row_gram(column_weights), products, **close)


@parametrize_pairwise(n_columns=range(1, 10), n_rows=[2, 5, 11, 9001], order=["C", "F"])
def test_moments_of_any_number_of_columns(n_columns, n_rows, order):
    X = np.random.default_rng(8).normal(1.0, 2.0, (n_rows, n_columns))
    weights = row_weights(np.random.default_rng(9), len(X), "random")
    found = as_design(np.asarray(X, order=order)).moments(weights, True)
    mean, deviation = exact_moments(X, weights, True)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-13)
    np.testing.assert_allclose(found.deviation, deviation, rtol=1e-13)


@parametrize_pairwise(
    container=FLOAT64, kind=["equal", "repeated", "random", "some zero"], center=[True, False]
)
def test_moments_of_hard_columns(container, kind, center):
    rng = np.random.default_rng(2)
    for name, X in hard_columns(rng):
        weights = row_weights(rng, len(X), kind)
        found = as_design(CONTAINERS[container](X)).moments(weights, center)
        mean, deviation = exact_moments(X, weights, center)
        constant = deviation <= 1e-15 * np.abs(mean)
        assert np.array_equal(found.deviation == 0, constant), name
        relative = np.abs(found.deviation[~constant] / deviation[~constant] - 1)
        assert relative.max(initial=0) < 1e-10, name
        rounding = 1e-12 * deviation + 1e-13 * np.abs(mean)
        assert np.all(np.abs(found.mean - mean) <= rounding), name


@parametrize_pairwise(
    container=["C", "Fortran", "strided"], n_threads=[1, 3], kind=["equal", "repeated", "some zero"]
)
def test_the_pass_for_the_moments_finds_products(container, n_threads, kind):
    rng = np.random.default_rng(10)
    for name, X in hard_columns(rng, n=403):
        weights = row_weights(rng, len(X), kind)
        v = rng.standard_normal(len(X)) * (weights > 0)
        expected = X.astype(np.longdouble).T @ v
        rounding = 1e-13 * (np.abs(X.T) @ np.abs(v))
        design = as_design(CONTAINERS[container](X), n_threads)
        for center in (True, False):
            found = design.moments(weights, center, v).products
            assert np.all(np.abs(found - expected) <= rounding), name


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("first", ["correlate", "pull"])
def test_products_with_the_target_are_known(container, first, monkeypatch):
    rng = np.random.default_rng(11)
    X, weights = mixed_columns(rng), row_weights(rng, 203, "random")
    Y = rng.standard_normal((203, 1))
    design, passes = as_design(CONTAINERS[container](X)), []
    first_pass = 0 if design.traits.finds_products else 1
    assert design.traits.finds_products == ("cs" not in container)
    expected = WeightedView(design, weights, True).correlate(Y)
    A = WeightedView(design, weights, True, Y)
    correlate = type(design).correlate
    monkeypatch.setattr(
        type(design), "correlate", lambda self, R: passes.append(len(R)) or correlate(self, R)
    )
    close = {"atol": 2e-10, "rtol": 1e-10}
    if first == "correlate":
        np.testing.assert_allclose(A.correlate(Y.copy()), expected, **close)
    else:
        W, square = A.pull(Y[:, 0].copy(), np.ones(40))
        np.testing.assert_allclose(W, expected * A.scale[:, None], **close)
        assert square == pytest.approx(float(np.sum(expected**2)))
    assert len(passes) == first_pass
    np.testing.assert_allclose(A.correlate(Y), expected, **close)
    assert len(passes) == 2 * first_pass
    # Nor are they taken for those of another vector.
    np.testing.assert_allclose(A.correlate(-Y), -expected, **close)
    assert len(passes) == 2 * first_pass + 1


@pytest.mark.parametrize("container", FLOAT64)
def test_constant_columns_have_no_deviation(container):
    values = [0.1, 1e100, 1e-100, 0.0, 3.0, 7.0, 1e300, -1.0, 1 / 3]
    X = np.tile(values, (300, 1))
    for kind in ("equal", "repeated", "random", "some zero"):
        weights = row_weights(np.random.default_rng(3), len(X), kind)
        found = as_design(CONTAINERS[container](X)).moments(weights, True)
        assert not found.deviation.any(), kind
        np.testing.assert_allclose(found.mean, values, rtol=1e-13)


@pytest.mark.parametrize("container", FLOAT64)
def test_columns_that_vary_by_rounding_alone_have_no_deviation(container):
    X = np.tile([5.0, 1e-3, 1e8], (300, 1))
    X[::2] = np.nextafter(X[::2], np.inf)
    found = as_design(CONTAINERS[container](X)).moments(np.full(300, 1 / 300), True)
    assert not found.deviation.any()


@pytest.mark.parametrize("container", FLOAT64)
def test_rows_of_weight_zero_do_not_count(container):
    # Neither their values nor, in a column that is full elsewhere, their zeros.
    rng = np.random.default_rng(4)
    X = rng.standard_normal((90, 4))
    X[:, 1] = 5.0
    weights = row_weights(rng, 90, "some zero")
    idle = weights == 0
    expected = as_design(X[~idle]).moments(weights[~idle], True)
    for value in (0.0, 1e300, -1e-300):
        X[idle] = value
        found = as_design(CONTAINERS[container](X)).moments(weights, True)
        np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-12)
        np.testing.assert_allclose(found.deviation, expected.deviation, rtol=1e-12)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("center", [True, False])
def test_a_gram_over_some_rows(container, center):
    rng = np.random.default_rng(8)
    X, weights = mixed_columns(rng), row_weights(rng, 203, "some zero")
    mean = weights @ X if center else np.zeros(40)
    rows = [slice(3, 60), slice(100, 101), slice(150, 203)]
    chosen = np.concatenate([np.arange(203)[some] for some in rows])
    scale = rng.random(40)
    scaled = ((X - mean) * scale)[chosen]
    columns = rng.permutation(40)
    for known in (0, 15):
        found = np.empty((40 - known, 40))
        given = columns[:known], columns[known:], weights, found, mean, scale
        as_design(CONTAINERS[container](X), 1, SMALL_PIECES).gram(*given, rows=rows)
        expected = scaled[:, columns].T @ (weights[chosen, None] * scaled[:, columns])
        np.testing.assert_allclose(found, expected[known:], atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("container", ["C", "Fortran", "csr", "csc"])
def test_a_sample_of_the_rows_is_believed_where_it_gives_the_norms(container):
    rng = np.random.default_rng(9)
    X = rng.standard_normal((60_000, 12)) @ rng.standard_normal((12, 12)) + 3.0
    X[:, 11] = np.arange(60_000) < 90  # in any order, but for this one nearly all of it
    columns, few, too_few = np.arange(11), np.arange(3), 60_000 // DEFAULT.sampled_rows
    A = WeightedView(as_design(CONTAINERS[container](X)), row_weights(rng, 60_000, "any"), True)
    sampled = A.sampled_gram(columns)
    np.testing.assert_allclose(sampled, A.gram(columns[:0], columns), atol=0.2)
    assert np.abs(sampled - A.gram(columns[:0], columns)).max() > 1e-4  # it is not all of them
    np.testing.assert_allclose(sampled.diagonal(), 1.0, rtol=1e-12)
    assert np.linalg.eigvalsh(sampled).min() > -1e-12
    assert A.sampled_gram(np.resize(columns, too_few)) is None
    assert A.sampled_gram(few) is not None
    assert A.sampled_gram(np.arange(12)) is None


@parametrize_pairwise(
    container=["Fortran", "Fortran, float32", "C", "strided"],
    n_columns=[1, 3, 4, 5],
    n_threads=[1, 2],
)
def test_few_dense_columns_are_combined_over_long_stretches(container, n_columns, n_threads):
    rng = np.random.default_rng(7)
    X = mixed_columns(rng, n=5003)
    design = as_design(CONTAINERS[container](X), n_threads)
    for k in (1, 3):
        W = np.zeros((40, k))
        W[rng.permutation(40)[:n_columns]] = rng.standard_normal((n_columns, k))
        np.testing.assert_allclose(design.predict(W), X @ W, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("container", ["csr", "csc", "csr, int64"])
def test_the_order_of_entries_does_not_matter(container):
    rng = np.random.default_rng(6)
    dense = rng.standard_normal((40, 12)) * (rng.random((40, 12)) < 0.5)
    X = CONTAINERS[container](dense)
    for first, last in zip(X.indptr, X.indptr[1:], strict=False):
        order = first + rng.permutation(last - first)
        X.indices[first:last], X.data[first:last] = X.indices[order], X.data[order]
    X.has_canonical_format = X.has_sorted_indices = True  # a promise that does not hold
    design, weights = as_design(X), np.full(40, 1 / 40)
    assert design.data is X.data
    expected = WeightedView(as_design(dense), weights, True)
    found = WeightedView(design, weights, True)
    R, U, columns = rng.standard_normal((40, 2)), rng.standard_normal((12, 2)), np.arange(12)
    np.testing.assert_allclose(found.correlate(R), expected.correlate(R), atol=1e-12)
    np.testing.assert_allclose(found.predict(U), expected.predict(U), atol=1e-12)
    np.testing.assert_allclose(found.dense(columns), expected.dense(columns), atol=1e-12)
    for n_known in (0, 5):
        some = columns[:n_known], columns[n_known:]
        np.testing.assert_allclose(found.gram(*some), expected.gram(*some), atol=1e-12)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("container", ["csr", "csc", "csr, int64"])
def test_duplicates_are_added_up_unseen(container, n_threads):
    X = CONTAINERS[container](np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0], [5.0, 6.0, 0.0]]))
    X.indices[1] = X.indices[0]  # x at one place, and what was elsewhere
    X.has_canonical_format = X.has_sorted_indices = True  # a promise that does not hold
    before = X.indices.copy(), X.data.copy()
    design = as_design(X, n_threads)
    assert len(design.data) == len(before[1]) - 1
    np.testing.assert_allclose(design.correlate(np.eye(3)), X.toarray().T)
    np.testing.assert_array_equal(X.indices, before[0])
    np.testing.assert_array_equal(X.data, before[1])
    X.indices[0] = 3
    with pytest.raises(ValueError, match=r"indices must lie in \[0, 2\]"):
        as_design(X, n_threads)


def test_parts_cover_the_lines_in_order():
    rng = np.random.default_rng(5)
    for n_lines in (1, 2, 50):
        for lengths in (np.zeros(n_lines), rng.integers(0, 30, n_lines), np.full(n_lines, 1000)):
            indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            for n_parts in (1, 2, 7):
                parts = line_parts(indptr, n_parts, most=100)
                assert 1 <= len(parts) <= n_parts
                ranges = [r for part in parts for r in part]
                assert [a for a, _ in ranges] == [0, *(b for _, b in ranges[:-1])]
                assert ranges[-1][1] == n_lines
                # No more entries than asked, but for a line that has more by itself.
                for a, b in ranges:
                    assert indptr[b - 1] - indptr[a] <= 100 + lengths.max()


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_moments_find_what_is_not_finite(container, bad):
    for row in (0, 7, 19):
        X = np.random.default_rng(row).normal(size=(20, 5))
        X[row, 3] = bad
        with pytest.raises(NotFiniteError, match="nan or infinity"):
            as_design(CONTAINERS[container](X)).moments(np.full(20, 1 / 20), True)


@pytest.mark.parametrize("container", [name for name in CONTAINERS if "float32" not in name])
def test_sums_that_overflow_are_no_sign_of_infinity(container):
    X = np.random.default_rng(0).normal(size=(20, 5))
    X[1:5, 0], X[0, 0], X[-1, 0] = 1e308, 1.7e308, -1e308
    moments = as_design(CONTAINERS[container](X)).moments(np.full(20, 1 / 20), True)
    np.testing.assert_allclose(moments.mean[0], 2.35e307)
    np.testing.assert_allclose(moments.deviation[0], 5.824731753480155e307)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_gram_with_any_weights_centres_and_scales(container, n_threads):
    """Weights that sum to anything, raw or about any centre, all rows or parts of them."""
    rng = np.random.default_rng(12)
    X = mixed_columns(rng)
    weights, columns = 7.0 * rng.random(203), rng.permutation(40)
    weights[::5] = 0.0
    design = as_design(CONTAINERS[container](X), n_threads, SMALL_PIECES)
    parts = rng.integers(0, 4, 203).astype(np.int32)
    center, scale = rng.standard_normal(40), rng.random(40)
    for frame in ((), (center, scale)):
        Z = (X - center) * scale if frame else X
        expected = (Z * weights[:, None]).T @ Z
        for known in (0, 15, 39):
            some = columns[:known], columns[known:], weights
            of_some = np.ix_(columns[known:], columns)
            close = {"rtol": 1e-10, "atol": 1e-9 * np.abs(expected).max()}
            found = np.empty((40 - known, 40))
            design.gram(*some, found, *frame)
            np.testing.assert_allclose(found, expected[of_some], **close)
            found = np.empty((4, 40 - known, 40))
            if frame and not design.traits.centres_products:
                continue
            design.gram(*some, found, *frame, parts=parts)
            for k in range(4):
                has = parts == k
                by_hand = (Z[has] * weights[has, None]).T @ Z[has]
                np.testing.assert_allclose(found[k], by_hand[of_some], **close)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("container", CONTAINERS)
def test_grams_of_views_that_leave_out_a_part(container, center):
    rng = np.random.default_rng(13)
    X = mixed_columns(rng)
    X[:, 9] = np.where(np.arange(203) % 5 == 0, 1e7, X[:, 9])  # far off in one of the parts
    X[:, 11] = np.arange(203) % 5 == 0  # constant in all others
    X = X.astype(np.float32).astype(np.float64)
    labels, weights = np.arange(203) % 5, rng.random(203)
    design = as_design(CONTAINERS[container](X), 2, SMALL_PIECES)
    parts = Parts(design, weights, labels, center)
    views = [parts.whole, *(parts.without(part) for part in (0, 3))]
    columns = rng.permutation(40)
    for known in (0, 25):
        outs = [np.empty((40 - known, 40)) for _ in views]
        parts.fill_grams(views, columns[:known], columns[known:], outs)
        for view, found in zip(views, outs, strict=True):
            A = view.dense(columns)
            np.testing.assert_allclose(found, A[:, known:].T @ A, rtol=0, atol=3e-10)
        single = [np.empty((40 - known, 40), dtype=np.float32) for _ in views]
        parts.fill_grams(views, columns[:known], columns[known:], single)
        for rounded, found in zip(single, outs, strict=True):
            np.testing.assert_allclose(rounded, found, rtol=0, atol=1e-7)


@pytest.mark.parametrize("container", ["csr", "C"])
def test_views_that_leave_out_a_part_share_a_pass(container, monkeypatch):
    rng = np.random.default_rng(13)
    X, columns, passes = mixed_columns(rng), np.arange(40), []
    design = as_design(CONTAINERS[container](X))
    parts = Parts(design, np.ones(203), np.arange(203) % 10, True)
    views = [parts.without(part) for part in range(10)]
    gram = type(design).gram
    monkeypatch.setattr(
        type(design), "gram", lambda self, *given, **k: passes.append(k) or gram(self, *given, **k)
    )
    parts.fill_grams(views, columns[:0], columns, [np.empty((40, 40)) for _ in views])
    assert len(passes) == 1


@pytest.mark.parametrize("container", ["csr", "csc", "C", "Fortran"])
def test_many_callers_may_ask_one_design_at_once(container):
    rng = np.random.default_rng(14)
    X = mixed_columns(rng, n=3000)
    design = as_design(CONTAINERS[container](X), 2)
    R = [rng.standard_normal((3000, 1)) for _ in range(8)]
    W = [rng.standard_normal((40, 1)) for _ in range(8)]
    weights, columns = np.full(3000, 1 / 3000), np.arange(40)

    def ask(k):
        gram = np.empty((40, 40))
        design.gram(columns[:0], columns, weights, gram)
        return design.correlate(R[k]), design.predict(W[k]), gram

    expected = [ask(k) for k in range(8)]
    with ThreadPoolExecutor(8) as callers:
        for k, found in enumerate(callers.map(ask, list(range(8)) * 20)):
            for one, other in zip(found, expected[k % 8], strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("container", FLOAT64)
@pytest.mark.parametrize("heavy", [1.0, 1e16, 1e30])
def test_moments_where_a_row_outweighs_all_others(container, heavy):
    """The weight of implicit zeros is none that a difference from the heaviest row could tell."""
    rng = np.random.default_rng(15)
    X = rng.standard_normal((40, 6)) * (rng.random((40, 6)) < 0.5)
    X[3] = [1.0, 2.0, 0.0, 3.0, 1e4, -1.0]
    weights = 10.0 ** rng.uniform(-3, 0, 40)
    weights[3] = heavy
    weights /= weights.sum()
    found = as_design(CONTAINERS[container](X)).moments(weights, True)
    mean, deviation = exact_moments(X, weights, True)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-13, atol=1e-13 * np.abs(deviation).max())
    np.testing.assert_allclose(found.deviation, deviation, rtol=1e-9)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("container", CONTAINERS)
def test_moments_of_views_that_leave_out_a_part_take_one_pass(container, center, monkeypatch):
    rng = np.random.default_rng(16)
    X = mixed_columns(rng)
    X[:, 9] = np.where(np.arange(203) % 5 == 0, 1e7, X[:, 9])
    X[:, 11] = np.arange(203) % 5 == 0
    X = X.astype(np.float32).astype(np.float64)
    weights, passes = rng.random(203), []
    weights[::4] = 0.0
    design = as_design(CONTAINERS[container](X), 2, SMALL_PIECES)
    sums = type(design).sums
    monkeypatch.setattr(type(design), "sums", lambda self, *of: passes.append(1) or sums(self, *of))
    parts = Parts(design, weights, np.arange(203) % 5, center)
    views = [parts.whole, *(parts.without(part) for part in range(5))]
    assert len(passes) == 1
    for view in views:
        mean, deviation = exact_moments(X, view.weights, center)
        constant = deviation <= 1e-15 * np.abs(mean)
        assert np.array_equal(view.deviation == 0, constant)
        np.testing.assert_allclose(view.deviation[~constant], deviation[~constant], rtol=1e-9)
        np.testing.assert_allclose(view.mean, mean, rtol=1e-12, atol=1e-12)
