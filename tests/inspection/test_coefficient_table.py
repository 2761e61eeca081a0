import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_array, csr_array, csr_matrix, random_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.pipeline import make_pipeline

from skl_sparse import SparseLpRegressor, coefficient_table
from skl_sparse.inspection import coefficient_table as module_level

CONTAINERS = [np.asarray, np.asfortranarray, csr_array, csc_array, csr_matrix, pd.DataFrame]


@pytest.fixture
def data(rng):
    """Columns 1 and 6 are twins up to a factor, 3 and 7 up to their sign, 8 is constant."""
    X = rng.poisson(0.5, size=(80, 6)).astype(float)
    X = np.column_stack([X, 10 * X[:, 1], 1.0 - (X[:, 3] > 0), np.ones(80)])
    X[:, 3] = X[:, 3] > 0
    return X, X[:, [0, 1, 3]] @ [0.2, -3.0, 1.0]


@pytest.fixture
def model(data):
    model = SparseLpRegressor(alpha=1e-3)
    model.fit(*data)
    model.coef_ = np.array([0.2, -3.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    return model


def test_what_there_is_without_data(model):
    table = coefficient_table(model)
    assert list(table.columns) == ["name", "coefficient"]
    assert list(table["name"]) == ["x1", "x3", "x0"]
    assert list(table["coefficient"]) == [-3.0, 1.0, 0.2]


@pytest.mark.parametrize("container", CONTAINERS)
def test_deviations_and_twins(data, model, container):
    X = container(data[0])
    if container is pd.DataFrame:
        X.columns = [f"x{j}" for j in range(9)]
        model.feature_names_in_ = X.columns.to_numpy()
    table = coefficient_table(model, X)
    expected = model.coef_[[1, 3, 0]] * data[0].std(axis=0)[[1, 3, 0]]
    np.testing.assert_allclose(table["standardized_coefficient"], expected, rtol=1e-12)
    assert list(table["twins"]) == [("x6",), ("x7",), ()]


def test_twins_are_those_of_a_correlation_matrix(rng):
    X = random_array((300, 200), density=0.1, format="csr", random_state=rng).toarray()
    X[:, 100:] = X[:, :100] * rng.choice([-2.0, 1.0], 100) + 0.02 * rng.normal(size=(300, 100)) * (
        rng.random(100)
    )
    model = Lasso(alpha=1e-6, max_iter=10**5, tol=1e-2).fit(X, X @ rng.normal(size=200))
    model.coef_ = np.ones(200)
    correlations = np.abs(np.corrcoef(X.T))
    np.fill_diagonal(correlations, 0.0)
    expected = {
        f"x{j}": tuple(f"x{k}" for k in np.flatnonzero(correlations[j] >= 0.999))
        for j in range(200)
    }
    assert 20 < sum(map(bool, expected.values())) < 180
    for container in (np.asarray, csr_array):
        table = coefficient_table(model, container(X))
        assert dict(zip(table["name"], table["twins"], strict=True)) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_columns_far_from_zero_have_their_twins(rng, dtype):
    X = (rng.random((50, 3)) < 0.4).astype(dtype)
    if dtype != bool:
        X = X + dtype(2**20)
    X[:, 2] = X[:, 0]
    model = SparseLpRegressor().fit(rng.normal(size=(5, 3)), np.arange(5.0))
    model.coef_ = np.array([1.0, 1.0, 0.0])
    for container in (np.asarray, csr_array):
        table = coefficient_table(model, container(X))
        assert dict(zip(table["name"], table["twins"], strict=True)) == {"x0": ("x2",), "x1": ()}


def test_a_constant_column_has_no_twin_and_no_deviation(data, model):
    model.coef_ = np.eye(9)[8]
    table = coefficient_table(model, csr_array(data[0]))
    assert table["standardized_coefficient"][0] == 0
    assert table["twins"][0] == ()


def test_blocks_of_columns_make_no_difference(data, model, monkeypatch):
    whole = coefficient_table(model, data[0])
    monkeypatch.setattr(sys.modules["skl_sparse.inspection.coefficient_table"], "MOST_AT_ONCE", 1)
    pd.testing.assert_frame_equal(coefficient_table(model, data[0]), whole)


def test_the_strongest_rows(data, model):
    assert list(coefficient_table(model, max_rows=1)["name"]) == ["x1"]
    assert len(coefficient_table(model, data[0], max_rows=0)) == 0
    assert len(coefficient_table(model, max_rows=99)) == 3


def test_an_empty_model(data):
    model = SparseLpRegressor(alpha=1e6).fit(*data)
    table = coefficient_table(model, data[0])
    assert len(table) == 0
    assert list(table) == ["name", "coefficient", "standardized_coefficient", "twins"]


def test_several_targets_and_classes(data):
    X, y = data
    model = SparseLpRegressor(alpha=0.05).fit(X, np.column_stack([y, X[:, 4]]))
    for fitted in (model, model.sparsify()):
        table = coefficient_table(fitted, X)
        coefs = fitted.sparse_coef_.toarray()
        assert len(table) == np.count_nonzero(coefs)
        for row in table.itertuples():
            assert coefs[row.target, int(row.name[1:])] == row.coefficient
    labels = np.array(["a", "b", "c"])[np.arange(80) % 3]
    table = coefficient_table(LogisticRegression(max_iter=1000).fit(X, labels))
    assert set(table["target"]) == {"a", "b", "c"}
    table = coefficient_table(LogisticRegression(max_iter=1000).fit(X, labels == "a"))
    assert "target" not in table


def test_share_of_folds(model):
    kept = np.array([[1, 1, 0, 1, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0, 0, 0, 0]])
    chosen = [csr_array(np.vstack([0 * row, row])) for row in kept]
    model.best_index_ = (1, 1)
    model.fold_coef_path_ = [[csr_array((2, 9)), coefs] for coefs in chosen]
    table = coefficient_table(model)
    assert dict(zip(table["name"], table["fold_share"], strict=True)) == {
        "x0": 0.5,
        "x1": 1.0,
        "x3": 1.0,
    }


def test_names_within_a_pipeline():
    texts = ["win cash now", "cash prize now", "see you at lunch", "lunch at noon"] * 5
    pipeline = make_pipeline(TfidfVectorizer(), SparseLpRegressor(alpha=0.01))
    pipeline.fit(texts, np.tile([1.0, 1.0, 0.0, 0.0], 5))
    names = pipeline[:-1].get_feature_names_out()
    X = pipeline[:-1].transform(texts)
    table = coefficient_table(pipeline[-1], X, names)
    assert set(table["name"]) <= set(names)
    assert all(isinstance(twin, str) for twins in table["twins"] for twin in twins)
    with pytest.raises(TypeError, match=r"pipeline\[:-1\].get_feature_names_out\(\)"):
        coefficient_table(pipeline)


def test_names_that_the_model_has_seen(data):
    X = pd.DataFrame(data[0], columns=list("abcdefghi"))
    model = SparseLpRegressor(alpha=0.01).fit(X, data[1])
    assert set(coefficient_table(model)["name"]) <= set("abcdefghi")
    with pytest.raises(ValueError, match="feature names"):
        coefficient_table(model, X[list("ihgfedcba")])


def test_without_pandas_a_dict_of_arrays(data, model, monkeypatch):
    frame = coefficient_table(model, data[0])
    monkeypatch.setitem(sys.modules, "pandas", None)
    table = coefficient_table(model, data[0])
    assert type(table) is dict
    assert list(table) == list(frame.columns)
    for name, values in table.items():
        assert isinstance(values, np.ndarray)
        assert list(values) == list(frame[name])


def test_wide_sparse_data_stay_sparse(rng):
    X = random_array((2000, 20_000), density=0.001, format="csr", random_state=rng)
    model = SparseLpRegressor(alpha=1e-3).fit(X, X[:, :30] @ np.ones(30))
    tracemalloc.start()
    coefficient_table(model, X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # dense X: 320 MB


def test_data_are_never_modified(data, model):
    X = csr_array(data[0])
    X.data.flags.writeable = X.indices.flags.writeable = X.indptr.flags.writeable = False
    model.sparsify()
    coefs = model.coef_.copy()
    coefficient_table(model, X)
    assert (model.coef_ != coefs).nnz == 0


def test_wrong_arguments(data, model):
    with pytest.raises(ValueError, match="X has 3 features, but SparseLpRegressor is expecting 9"):
        coefficient_table(model, data[0][:, :3])
    with pytest.raises(ValueError, match="NaN"):
        coefficient_table(model, np.full((4, 9), np.nan))
    with pytest.raises(ValueError, match=r"feature_names must have shape \(9,\), a name a feature"):
        coefficient_table(model, feature_names=["a"])
    with pytest.raises(ValueError, match="max_rows must be an integer >= 0, got -1"):
        coefficient_table(model, max_rows=-1)
    with pytest.raises(TypeError, match="a fitted linear model with coef_"):
        coefficient_table(None)


def test_the_function_is_flat_and_in_its_folder():
    assert module_level is coefficient_table
