"""Bad parameters and bad data: refused at fit, by the right exception, the culprit named."""

from decimal import Decimal

import numpy as np
import pytest
import scipy.sparse as sp

from skl_sparse import SparseLpRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 4))
Y = RNG.normal(size=20)
nan, inf = float("nan"), float("inf")
EITHER = (ValueError, TypeError)


def changed(A, value, at=(3,)):
    A = np.array(A, dtype=complex if isinstance(value, complex) else float)
    A[at] = value
    return A


def changed_object(A, value):
    A = A.astype(object)
    A[3] = value
    return A


# parameter, bad values, exception
PARAMETERS = [
    ("alpha", [-1.0, -1e-300, nan, inf, -inf], ValueError),
    ("alpha", ["1", None, [1.0], 1j, np.ones(4), True], TypeError),
    ("p", [-0.1, nan, inf], ValueError),
    ("p", ["1", None, [1.0], (1, 2)], TypeError),
    ("alpha_l2", [-1.0, nan, inf], ValueError),
    ("alpha_l2", ["0", None], TypeError),
    ("sparsity_threshold", [-1e-3, nan, inf], ValueError),
    ("sparsity_threshold", ["0", None], TypeError),
    ("refit", ["yes", None, 2.5], TypeError),
    ("fit_intercept", ["yes", None, 2.5], TypeError),
    ("positive", ["yes", None, 2.5], TypeError),
    ("local_search", ["yes", None, 2.5], TypeError),
    ("warm_start", ["yes", None, 2.5], TypeError),
    ("solver", ["lbfgs", "CD", ""], ValueError),
    ("solver", [None, 3, ["cd"]], TypeError),
    ("max_iter", [0, -5], ValueError),
    ("max_iter", [1.5, "10", None, nan, True], TypeError),
    ("tol", [-1e-9, nan, inf], ValueError),
    ("tol", ["1e-4", None], TypeError),
    ("n_jobs", [1.5, "two"], TypeError),
    ("n_jobs", [0], ValueError),
    ("feature_weights", [np.ones(3), np.ones((4, 1)), []], ValueError),
    ("feature_weights", [[1, 1, -1, 1], [1, 1, nan, 1], [1, inf, 1, 1]], ValueError),
    ("feature_weights", [["a", "b", "c", "d"], "uniform", 1.0, [1j] * 4], EITHER),
]
PARAMETER_CASES = [
    pytest.param(name, value, error, id=f"{name}={value!r}"[:40])
    for name, values, error in PARAMETERS
    for value in values
]


@pytest.mark.parametrize(("name", "value", "error"), PARAMETER_CASES)
def test_bad_parameter(name, value, error):
    model = SparseLpRegressor(**{name: value})
    with pytest.raises(error, match=rf"\b{name}\b") as caught:
        model.fit(X, Y)
    message = str(caught.value)
    if isinstance(value, (str, float, int)) and name != "feature_weights":  # and the value given
        assert str(value) in message
    # before any work: nothing was fitted, not even looked at
    assert not [
        a
        for a in vars(model)
        if a.endswith("_") and not a.startswith("_") and a != "n_features_in_"
    ]


def test_parameters_are_checked_before_the_data():
    with pytest.raises(ValueError, match=r"\bp\b"):
        SparseLpRegressor(p=-1).fit(changed(X, nan), Y)


SPARSE = sp.csr_array(X)
BROKEN = sp.csr_array(X)
BROKEN.data = changed(BROKEN.data, nan)
BROKEN_INF = sp.csc_array(X)
BROKEN_INF.data = changed(BROKEN_INF.data, inf)
OUT_OF_RANGE = sp.csr_array(X)
OUT_OF_RANGE.indices = OUT_OF_RANGE.indices.copy()
OUT_OF_RANGE.indices[5] = 400
NEGATIVE_INDEX = sp.csc_array(X)
NEGATIVE_INDEX.indices = NEGATIVE_INDEX.indices.copy()
NEGATIVE_INDEX.indices[5] = -1

# id: X, y, sample_weight, exception, what the message names
DATA = {
    "X nan": (changed(X, nan), Y, None, ValueError, "X contains NaN|Input X contains NaN"),
    "X inf": (changed(X, inf), Y, None, ValueError, "X contains inf"),
    "X inf and -inf": (changed(changed(X, inf, (0, 1)), -inf, (-1, 1)), Y, None, ValueError, "X c"),
    "X sparse nan": (BROKEN, Y, None, ValueError, "NaN"),
    "X sparse inf": (BROKEN_INF, Y, None, ValueError, "inf"),
    "X 1-D": (X[:, 0], Y, None, ValueError, "2D array"),
    "X 3-D": (X[:, :, None], Y, None, ValueError, "dim 3|3 dim|dimension"),
    "X scalar": (3.0, Y, None, ValueError, "2D array"),
    "X None": (None, Y, None, EITHER, "X|dtype|NoneType|array"),
    "X text": (X.astype(str).astype(object) + "a", Y, None, ValueError, "float|string"),
    "X complex": (X + 1j, Y, None, ValueError, "[Cc]omplex"),
    "X no rows": (X[:0], Y[:0], None, ValueError, "0 sample|minimum of 1"),
    "X no columns": (X[:, :0], Y, None, ValueError, "0 feature"),
    "X no columns, sparse": (SPARSE[:, :0], Y, None, ValueError, "0 feature"),
    "X index too large": (OUT_OF_RANGE, Y, None, ValueError, "ind"),
    "X index negative": (NEGATIVE_INDEX, Y, None, ValueError, "ind"),
    "y missing": (X, None, None, EITHER, r"\by\b"),
    "y nan": (X, changed(Y, nan), None, ValueError, "y contains NaN"),
    "y inf": (X, changed(Y, inf), None, ValueError, "y contains inf"),
    "y None": (X, [None, *Y[1:]], None, ValueError, "y contains NaN"),
    "y None among objects": (X, changed_object(Y, None), None, ValueError, "y contains NaN"),
    "y text nan": (X, changed_object(Y, "nan").astype(str), None, ValueError, "y contains NaN"),
    "y object nan": (X, changed_object(Y, "nan"), None, ValueError, "y contains NaN"),
    "y text inf": (X, changed_object(Y, "-inf").astype(str), None, ValueError, "y contains inf"),
    "y object inf": (X, changed_object(Y, inf), None, ValueError, "y contains inf"),
    "y Decimal inf": (X, changed_object(Y, Decimal("inf")), None, ValueError, "y contains inf"),
    "y Decimal nan": (X, changed_object(Y, Decimal("nan")), None, ValueError, "contains NaN"),
    "y long double": (X, Y * np.longdouble("1e400"), None, ValueError, "y contains inf"),
    "y too short": (X, Y[:-1], None, ValueError, "inconsistent|samples"),
    "y 3-D": (X, Y[:, None, None], None, ValueError, "dim|y"),
    "y scalar": (X, 1.0, None, EITHER, "y|array|scalar"),
    "y text": (X, np.array(["a"] * 20), None, ValueError, "y|float|string"),
    "y complex": (X, Y + 1j, None, ValueError, "[Cc]omplex"),
    "y no targets": (X, np.empty((20, 0)), None, ValueError, "y|feature"),
    "y sparse": (X, sp.csr_array(Y[:, None]), None, EITHER, "[Ss]parse"),
    "weights negative": (X, Y, changed(np.ones(20), -1), ValueError, "sample_weight"),
    "weights nan": (X, Y, changed(np.ones(20), nan), ValueError, "sample_weight"),
    "weights inf": (X, Y, changed(np.ones(20), inf), ValueError, "sample_weight"),
    "weights too short": (X, Y, np.ones(19), ValueError, "sample_weight"),
    "weights 2-D": (X, Y, np.ones((20, 2)), ValueError, "[Ss]ample.?weight"),
    "weights all zero": (X, Y, np.zeros(20), ValueError, "sample_weight"),
    "weights complex": (X, Y, np.ones(20) + 1j, TypeError, "sample_weight"),
    "weights text": (X, Y, np.array(["a"] * 20), EITHER, "sample_weight|float|string"),
}


@pytest.mark.parametrize("case", DATA)
def test_bad_data(case):
    bad_X, y, weights, error, fragment = DATA[case]
    with pytest.raises(error, match=fragment):
        SparseLpRegressor().fit(bad_X, y, sample_weight=weights)


@pytest.mark.parametrize("dtype", ["Int64", "Float32", "Float64", "boolean", "string", object])
def test_missing_targets_of_pandas(dtype):
    pd = pytest.importorskip("pandas", reason="its nullable types")
    values = ["1.5" if dtype == "string" else 1] * 19 + [pd.NA]
    targets = pd.Series(values, dtype=dtype)
    for y in (targets, pd.DataFrame({"a": targets, "b": Y})):
        with pytest.raises(ValueError, match="y contains NaN"):
            SparseLpRegressor().fit(X, y)
    full = pd.Series(values[:19] + values[:1], dtype=dtype)
    assert SparseLpRegressor().fit(X, full).intercept_ == float(values[0])


def test_targets_that_are_numbers_by_another_name():
    expected = SparseLpRegressor(0.01).fit(X, np.round(Y, 3)).coef_
    texts = np.array([f"{y:.3f}" for y in Y])
    for y in (texts, texts.astype(object), texts.astype(bytes), [Decimal(y) for y in texts]):
        np.testing.assert_array_equal(SparseLpRegressor(0.01).fit(X, y).coef_, expected)


@pytest.mark.parametrize(
    ("factors", "kind", "fragment"),
    [
        ((1.0, 1e60), np.float32, "float32, .*: scale X or y, or pass X as float64$"),
        ((1e-300, 1e100), np.float64, "float64, .*: scale X or y$"),
    ],
)
def test_coefficients_that_no_number_holds(factors, kind, fragment):
    model = SparseLpRegressor(0.0)
    with pytest.raises(ValueError, match=fragment):
        model.fit((factors[0] * X).astype(kind), factors[1] * Y)
    assert not hasattr(model, "coef_")


def test_there_are_enough_cases():
    assert len(PARAMETER_CASES) >= 40
    assert len(DATA) >= 30


@pytest.mark.parametrize("convert", [np.asarray, sp.csr_array, sp.csc_array])
def test_bad_data_at_predict(convert):
    model = SparseLpRegressor(0.01).fit(convert(X), Y)
    with pytest.raises(ValueError, match="4 features"):
        model.predict(convert(X[:, :3]))
    with pytest.raises(ValueError, match="NaN"):
        model.predict(convert(changed(X, nan)))
    with pytest.raises(ValueError, match=r"2D array|Expected"):
        model.predict(X[0])
