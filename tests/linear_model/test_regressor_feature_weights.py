"""Weights of the columns by position, by name and from a function."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skl_sparse import SparseLpRegressor

pd = pytest.importorskip("pandas", reason="names come with data frames")

NAMES = ["age", "height", "weight"]
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(30, 3)), columns=NAMES)
Y = X.to_numpy() @ [1.0, 1.0, 1.0] + 0.1 * RNG.normal(size=30)
V = np.array([0.0, 2.0, 5.0])


def coef(weights, X=X):
    return SparseLpRegressor(0.1, tol=1e-8, feature_weights=weights).fit(X, Y).coef_


def one_each(X):
    return np.ones(X.shape[1])


def by_columns(X):
    return {name: 0.0 for name in X.columns if name.startswith("a")}


EXPECTED = coef(V)


@pytest.mark.parametrize(
    "weights",
    [
        list(V),
        tuple(V),
        pd.Series(V),
        pd.Series(V, index=NAMES),
        pd.Series(V, index=NAMES)[::-1],
        pd.Series(V[::-1], index=NAMES[::-1]).astype("Float64"),
        dict(zip(NAMES, V, strict=True)),
        dict(zip(NAMES[::-1], V[::-1], strict=True)),
        lambda X: V,
        lambda X: pd.Series(V[::-1], index=list(X.columns)[::-1]),
        lambda X: {"weight": 5, "height": 2, "age": 0},
    ],
)
def test_by_position_and_by_name(weights):
    np.testing.assert_array_equal(coef(weights), EXPECTED)


def test_names_that_are_not_there_have_weight_one():
    np.testing.assert_array_equal(coef({"age": 0.0}), coef([0.0, 1.0, 1.0]))
    np.testing.assert_array_equal(coef(pd.Series([3.0], index=["height"])), coef([1.0, 3.0, 1.0]))
    np.testing.assert_array_equal(coef({}), coef(None))
    np.testing.assert_array_equal(coef(by_columns), coef([0.0, 1.0, 1.0]))


def test_a_series_without_names_goes_by_position():
    array = X.to_numpy()
    np.testing.assert_array_equal(coef(pd.Series(V), array), EXPECTED)
    np.testing.assert_array_equal(coef(lambda X: V[: X.shape[1]], array), EXPECTED)


@pytest.mark.parametrize(
    ("weights", "error", "match"),
    [
        ({"age": 1.0, "shoe size": 2.0}, ValueError, "features of X only, got 'shoe size'"),
        (pd.Series(V, index=["a", "b", "c"]), ValueError, "got 'a', 'b', 'c'"),
        (pd.Series(V, index=[2, 1, 0]), ValueError, "features of X only, got 2, 1, 0"),
        (pd.Series([1.0, 2.0], index=["age", "age"]), ValueError, "once, got 'age' twice"),
        ({"age": -1.0}, ValueError, ">= 0, got -1"),
        ({"age": "much"}, ValueError, "real numbers"),
        ({"age": None}, (TypeError, ValueError), "real numbers|finite"),
        ({"age": float("nan")}, ValueError, "finite"),
        (lambda X: np.ones(2), ValueError, r"returned must have shape \(3,\)"),
        (lambda X: {"foot": 1.0}, ValueError, "returned must name features of X only"),
        (lambda X: "equal", (TypeError, ValueError), "returned"),
        (pd.DataFrame({"v": V}), ValueError, r"shape \(3,\)"),
    ],
)
def test_what_is_refused(weights, error, match):
    with pytest.raises(error, match=f"feature_weights.*(?:{match})"):
        coef(weights)


@pytest.mark.parametrize("weights", [{"age": 1.0}, pd.Series(V, index=NAMES)])
def test_names_need_names(weights):
    with pytest.raises(ValueError, match=r"feature_weights.* X has no feature names"):
        coef(weights, X.to_numpy())


@pytest.mark.parametrize(
    "weights", [{"age": 0.0}, pd.Series(V, index=NAMES), by_columns], ids=["dict", "Series", "call"]
)
def test_they_clone_and_pickle(weights):
    model = SparseLpRegressor(0.1, feature_weights=weights).fit(X, Y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    np.testing.assert_array_equal(clone(copy).fit(X, Y).coef_, model.coef_)
    repr(model)
    search = GridSearchCV(model, {"alpha": [0.1, 1.0]}, cv=3, error_score="raise").fit(X, Y)
    assert search.best_estimator_.feature_weights is not None


def test_a_length_that_only_the_pipeline_knows():
    levels = pd.DataFrame({"level": list("abcde") * 6})
    for make in (one_each, lambda X: {}):
        encode = OneHotEncoder(sparse_output=False).set_output(transform="pandas")
        pipe = make_pipeline(encode, SparseLpRegressor(0.01, feature_weights=make))
        assert pipe.fit(levels, Y)[-1].coef_.shape == (5,)
    pipe = make_pipeline(OneHotEncoder(), SparseLpRegressor(0.01, feature_weights=one_each))
    assert pipe.fit(levels, Y)[-1].coef_.shape == (5,)
