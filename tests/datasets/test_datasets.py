"""The bundled data sets: real rows, the same each time, with or without pandas."""

import gzip
import json
import pickle
import re
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import Bunch

import skl_sparse.datasets
from skl_sparse.datasets import load_flights, load_spam

LOADERS = [load_flights, load_spam]
FLIGHTS_COLUMNS = [
    "month", "day", "weekday", "hour", "carrier", "origin", "dest", "tailnum", "distance",
]  # fmt: skip


@pytest.fixture
def no_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)  # importing it raises ImportError


@pytest.fixture(scope="module")
def bunches():
    """What each loader returns, to read and not to change."""
    return {load: load() for load in LOADERS}


# ---- what every loader does ------------------------------------------------------------------


@pytest.mark.parametrize("load", LOADERS)
def test_bunch_has_what_scikit_learn_users_expect(load, no_pandas):
    bunch = load()
    assert isinstance(bunch, Bunch)
    assert len(bunch.data) == len(bunch.target)
    assert bunch.frame is None
    assert np.isfinite(bunch.target).all()
    assert all(isinstance(name, str) for name in bunch.feature_names + bunch.target_names)
    content = files("skl_sparse.datasets").joinpath("data", bunch.filename).read_bytes()
    assert len(gzip.decompress(content).decode("utf-8")) > 0
    assert bunch.data_module == "skl_sparse.datasets.data"


@pytest.mark.parametrize("load", LOADERS)
def test_description_names_source_and_licence(load, bunches):
    text = bunches[load].DESCR
    assert "**Source**" in text
    assert "**Licence**" in text
    assert "CC0" in text
    assert "make_datasets.py" in text


def test_licence_text_is_part_of_the_package():
    text = files("skl_sparse.datasets").joinpath("descr", "CC0-1.0.txt").read_text("utf-8")
    assert "CC0 1.0 Universal" in text
    assert "Statement of Purpose" in text


@pytest.mark.parametrize("load", LOADERS)
def test_same_rows_each_call_and_not_the_same_objects(load, bunches):
    first, second = load(), bunches[load]
    np.testing.assert_array_equal(np.asarray(first.data), np.asarray(second.data))
    np.testing.assert_array_equal(first.target, second.target)
    first.target[:] = 0
    np.testing.assert_array_equal(load().target, second.target)
    assert second.target.any()


@pytest.mark.parametrize("load", LOADERS)
def test_return_X_y(load, bunches):
    bunch = bunches[load]
    X, y = load(return_X_y=True)
    assert type(X) is type(bunch.data)
    np.testing.assert_array_equal(np.asarray(X), np.asarray(bunch.data))
    np.testing.assert_array_equal(y, bunch.target)


@pytest.mark.parametrize("load", LOADERS)
def test_arguments_are_keywords(load):
    with pytest.raises(TypeError):
        load(True)


@pytest.mark.parametrize("load", LOADERS)
def test_as_frame(load, bunches):
    pandas = pytest.importorskip("pandas", reason="as_frame needs pandas")
    bunch = load(as_frame=True)
    plain = bunches[load]
    assert isinstance(bunch.frame, pandas.DataFrame)
    assert list(bunch.frame.columns[:-1]) == bunch.feature_names
    assert not bunch.frame.isna().any(axis=None)
    assert isinstance(bunch.target, pandas.Series)
    np.testing.assert_array_equal(bunch.target.to_numpy(), plain.target)
    np.testing.assert_array_equal(bunch.data.to_numpy(dtype=object), np.asarray(plain.data, object))
    X, y = load(as_frame=True, return_X_y=True)
    assert X.equals(bunch.data)
    assert y.equals(bunch.target)


@pytest.mark.parametrize("load", LOADERS)
@pytest.mark.parametrize("return_X_y", [False, True])
def test_as_frame_without_pandas_says_what_to_do(load, return_X_y, no_pandas):
    with pytest.raises(ImportError, match=rf"{load.__name__}.*pip install pandas.*as_frame=False"):
        load(as_frame=True, return_X_y=return_X_y)


@pytest.mark.parametrize("load", LOADERS)
def test_pickle(load, bunches):
    bunch = bunches[load]
    again = pickle.loads(pickle.dumps(bunch))
    np.testing.assert_array_equal(np.asarray(again.data), np.asarray(bunch.data))
    np.testing.assert_array_equal(again.target, bunch.target)
    assert again.DESCR == bunch.DESCR


def test_size_of_everything():
    folder = files("skl_sparse.datasets")
    sizes = [
        len(folder.joinpath("data", name).read_bytes())
        for name in ("flights.csv.gz", "spam.jsonl.gz")
    ]
    assert sum(sizes) < 1.3e6
    assert min(sizes) > 1e5


@pytest.mark.parametrize("name", ["flights.csv.gz", "spam.jsonl.gz"])
def test_files_hold_no_time_and_no_name(name):
    header = files("skl_sparse.datasets").joinpath("data", name).read_bytes()[:10]
    assert header[:2] == b"\x1f\x8b"
    assert header[3] == 0  # flags: no file name
    assert header[4:8] == bytes(4)  # time of writing


@pytest.mark.slow
def test_loads_from_a_zip(tmp_path):
    """The loaders ask for resources, not for paths, so a zipped package works."""
    source = files("skl_sparse.datasets")
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("skl_sparse/__init__.py", "")
        for name in ("__init__.py", "_base.py"):
            file.write(
                Path(skl_sparse.datasets.__file__).with_name(name), f"skl_sparse/datasets/{name}"
            )
        for name in (
            "data/flights.csv.gz",
            "data/spam.jsonl.gz",
            "descr/flights.rst",
            "descr/spam.rst",
        ):
            content = source.joinpath(*name.split("/")).read_bytes()
            file.writestr(f"skl_sparse/datasets/{name}", content)
    program = (
        f"import sys; sys.meta_path[:] = [f for f in sys.meta_path if hasattr(f, '__name__')]\n"
        f"sys.path.insert(0, {str(archive)!r})\n"
        "from skl_sparse.datasets import _base\n"
        "assert 'package.zip' in _base.__file__\n"
        "print(len(_base.load_flights().target), len(_base.load_spam().target))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["40000", "1800"], done.stderr


# ---- flights ---------------------------------------------------------------------------------


def test_flights_shapes_and_types(no_pandas):
    flights = load_flights()
    assert flights.data.shape == (40_000, 9)
    assert flights.data.dtype == object
    assert flights.target.shape == (40_000,)
    assert flights.target.dtype == np.float64
    assert flights.feature_names == FLIGHTS_COLUMNS
    numbers = {"month", "day", "hour", "distance"}
    for name, column in zip(FLIGHTS_COLUMNS, flights.data.T, strict=True):
        assert {type(value) for value in column} == {int if name in numbers else str}, name


def test_flights_are_plausible(bunches):
    flights = bunches[load_flights]
    column = dict(zip(flights.feature_names, flights.data.T, strict=True))
    assert set(column["month"]) == set(range(1, 13))
    assert set(column["day"]) == set(range(1, 32))
    assert set(column["hour"]) <= set(range(5, 24))
    assert set(column["weekday"]) == {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
    assert set(column["origin"]) == {"EWR", "JFK", "LGA"}
    assert 10 < len(set(column["carrier"])) < 20
    assert all(re.fullmatch("[A-Z]{3}", code) for code in set(column["dest"]))
    assert all(tail not in ("", "NA") for tail in set(column["tailnum"]))
    assert column["distance"].min() > 50
    # One weekday for each date, and rows in order of time.
    dates = list(zip(column["month"], column["day"], strict=True))
    assert len(set(zip(dates, column["weekday"], strict=True))) == len(set(dates)) == 365
    assert dates == sorted(dates)
    # The published median and mean over all flights are -5 and 6.9 minutes.
    assert np.median(flights.target) == -5
    assert abs(flights.target.mean() - 6.9) < 1


def test_flights_do_not_hold_the_answer(bunches):
    """Nothing known only after departure."""
    names = set(bunches[load_flights].feature_names)
    assert not {"dep_delay", "dep_time", "arr_time", "air_time"} & names


def test_flights_one_hot_as_they_are(bunches):
    X = bunches[load_flights].data
    encoded = OneHotEncoder(handle_unknown="ignore", min_frequency=20).fit_transform(X[:, :7])
    assert encoded.format == "csr"
    assert encoded.nnz == 7 * len(X)


def test_flights_frame_types():
    pytest.importorskip("pandas", reason="as_frame needs pandas")
    kinds = load_flights(as_frame=True).data.dtypes.astype(str)
    assert set(kinds[["month", "day", "hour", "distance"]]) == {"int64"}
    assert set(kinds[["weekday", "carrier", "origin", "dest", "tailnum"]]) == {"category"}


# ---- spam ------------------------------------------------------------------------------------


def test_spam_shapes_types_and_balance(no_pandas):
    spam = load_spam()
    assert isinstance(spam.data, list)
    assert len(spam.data) == 1_800
    assert {type(text) for text in spam.data} == {str}
    assert spam.target.shape == (1_800,)
    assert spam.target.dtype == np.int64
    assert spam.target_names == ["ham", "spam"]
    assert np.bincount(spam.target).tolist() == [1_325, 475]
    # In random order: no fold of plain k-fold is without one of the classes.
    assert all(0.15 < fold.mean() < 0.4 for fold in np.array_split(spam.target, 10))


def test_spam_texts_are_clean(bunches):
    texts = bunches[load_spam].data
    assert len(set(map(str.lower, texts))) == len(texts)
    for text in texts:
        assert 40 <= len(text) <= 700
        assert text.isprintable()
        assert "\ufffd" not in text
        assert json.loads(json.dumps(text)) == text
        text.encode("utf-8")
        assert not re.search(r"\w@\w|https?:|www\.\w|\d{5}", text), text


def test_spam_labels_mean_something(bunches):
    spam = bunches[load_spam]
    words = TfidfVectorizer(min_df=5)
    X = words.fit_transform(spam.data)
    column = words.vocabulary_
    mean = [X[spam.target == label].mean(axis=0).A1 for label in (0, 1)]
    assert mean[1][column["click"]] > 3 * mean[0][column["click"]]
    assert mean[0][column["wrote"]] > 3 * mean[1][column["wrote"]]


def test_spam_frame():
    pandas = pytest.importorskip("pandas", reason="as_frame needs pandas")
    spam = load_spam(as_frame=True)
    assert isinstance(spam.data, pandas.Series)  # a vectorizer iterates over messages
    assert list(spam.frame.columns) == ["text", "spam"]
