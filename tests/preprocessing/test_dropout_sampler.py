"""SparseDropoutSampler: the checks of both libraries, containers, names, and what goes with rows."""

import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from imblearn.pipeline import make_pipeline
from imblearn.utils import estimator_checks as imblearn_checks
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from skl_sparse import SparseDropoutSampler, SparseNormalizer

SAMPLERS = [
    SparseDropoutSampler(random_state=0),
    SparseDropoutSampler(
        2, scope="all", replacement_value="feature_mean", rescale=True, random_state=0
    ),
]
# imbalanced-learn's checks of what a sampler of ours is not.
NOT_APPLICABLE = {
    "check_target_type": "targets of regression are welcome, and several targets",
    "check_samplers_one_label": "nothing is balanced: one class is as good as two",
    "check_samplers_fit": "sampling_strategy_ tells what to do to each class",
}


@parametrize_with_checks(SAMPLERS)
def test_estimator_checks(estimator, check):
    check(estimator)


IMBLEARN_CHECKS = [
    (sampler, check)
    for sampler in SAMPLERS
    for sampler, check in imblearn_checks.estimator_checks_generator(sampler)
    if check.func.__name__ not in NOT_APPLICABLE
]


@pytest.mark.parametrize(
    ("sampler", "check"), IMBLEARN_CHECKS, ids=[check.func.__name__ for _, check in IMBLEARN_CHECKS]
)
def test_imbalanced_learn_checks(sampler, check):
    check(sampler)


@pytest.mark.parametrize(
    "check",
    [
        imblearn_checks.check_dataframe_column_names_consistency,
        imblearn_checks.check_sampler_get_feature_names_out,
        imblearn_checks.check_sampler_get_feature_names_out_pandas,
        estimator_checks.check_get_feature_names_out_error,
    ],
    ids=lambda check: check.__name__,
)
@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_unlisted_checks(sampler, check):
    check(type(sampler).__name__, sampler)


def test_the_checks_left_out_do_fail():
    for name in NOT_APPLICABLE:
        with pytest.raises((AssertionError, TypeError)):
            getattr(imblearn_checks, name)("SparseDropoutSampler", SparseDropoutSampler())


def test_imbalanced_learn_need_not_be_installed(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "imblearn"]:
        monkeypatch.setitem(sys.modules, name, None)  # an import fails
    sampler = SparseDropoutSampler(random_state=0)
    assert sampler.fit_resample(np.eye(3), [0, 1, 2])[0].shape == (6, 3)
    tags = get_tags(sampler)
    assert tags.estimator_type == "sampler"
    assert tags.input_tags.sparse
    assert tags.target_tags.required
    assert tags.sampler_tags.sample_indices


# Containers


def frame():
    return pd.DataFrame(
        {
            "count": [1, 2, 0, 4],
            "share": [0.5, 0.0, 0.25, 1.0],
            "flag": [True, False, True, True],
            "maybe": pd.array([1, 0, 3, 1], dtype="Int64"),
        },
        index=[7, 3, 5, 9],
    )


TARGETS = {
    "list": [1.5, 2.5, 3.5, 4.5],
    "array": np.array(["a", "b", "a", "c"]),
    "series": pd.Series([1, 2, 3, 4], index=[7, 3, 5, 9], name="y", dtype=np.int16),
    "category": pd.Series(list("abac"), dtype=pd.CategoricalDtype(list("abcd")), name="kind"),
    "frame": pd.DataFrame({"u": [1, 2, 3, 4], "v": [0.5, 1.5, 2.5, 3.5]}),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_targets_come_back_in_their_container(kind):
    y = TARGETS[kind]
    _, repeated = SparseDropoutSampler(2, random_state=0).fit_resample(frame(), y)
    assert type(repeated) is type(y)
    if kind in ("list", "array"):
        assert_array_equal(repeated, np.concatenate([y] * 3))
    else:
        compare = assert_frame_equal if kind == "frame" else assert_series_equal
        compare(repeated, pd.concat([y] * 3, ignore_index=True))


def test_columns_keep_their_types_where_these_hold_the_values():
    X, y = frame(), [0, 1, 2, 3]
    sampler = SparseDropoutSampler(2, dropout_rate=0.5, random_state=0)
    result, _ = sampler.fit_resample(X, y)
    assert_frame_equal(result[:4], X.reset_index(drop=True))
    assert list(result.index) == list(range(12))
    assert ((result[4:] == 0) | (result[4:].to_numpy() == np.tile(X.to_numpy(), (2, 1)))).all(
        axis=None
    )
    sampler.set_params(replacement_value=0.5, dropout_rate=0.9)
    result, _ = sampler.fit_resample(X, y)
    assert (result.dtypes == np.float64).all()
    as_floats = sampler.fit_resample(X.astype(float).to_numpy(), y)[0]
    assert_array_equal(result.to_numpy(), as_floats)
    single, _ = sampler.fit_resample(X.astype(np.float32), y)
    assert (single.dtypes == np.float32).all()


@pytest.mark.parametrize("value", [1e300, -1.0, 300.0, 0.5])
def test_values_that_a_type_does_not_hold(value):
    X = pd.DataFrame({"a": np.array([1, 2, 3], np.uint8), "b": pd.array([1, 2, 3], dtype="UInt8")})
    sampler = SparseDropoutSampler(dropout_rate=1.0, replacement_value=value)
    result, _ = sampler.fit_resample(X, [1, 2, 3])
    assert (result.dtypes == np.float64).all()
    assert_array_equal(result[3:], np.full((3, 2), value))


def test_names_may_be_numbers():
    X = frame().set_axis(range(4), axis=1)
    assert list(SparseDropoutSampler().fit_resample(X, [1, 2, 3, 4])[0].columns) == [0, 1, 2, 3]


def test_sparse_frames_stay_sparse():
    X = pd.get_dummies(pd.Series(list("abca")), sparse=True)
    sampler = SparseDropoutSampler(3, dropout_rate=0.5, random_state=0)
    result, _ = sampler.fit_resample(X, [1, 2, 3, 4])
    assert (result.dtypes == X.dtypes).all()
    expected, _ = sampler.fit_resample(sp.csr_array(X.to_numpy(dtype=float)), [1, 2, 3, 4])
    assert_array_equal(result.to_numpy().astype(float), expected.toarray())
    sampler.set_params(replacement_value=-1.0, dropout_rate=1.0)
    result, _ = sampler.fit_resample(X, [1, 2, 3, 4])
    assert (result.dtypes == pd.SparseDtype(float, 0)).all()


def test_polars_frames_and_series():
    pl = pytest.importorskip("polars", reason="polars is not installed")
    X = pl.DataFrame({"n": [1, 2, 0], "x": [0.5, 0.0, 1.0], "b": [True, False, True]})
    y = pl.Series("y", ["u", "v", "u"], dtype=pl.Categorical)
    sampler = SparseDropoutSampler(2, dropout_rate=0.5, random_state=0)
    result, repeated = sampler.fit_resample(X, y)
    assert result.schema == X.schema
    assert result[:3].equals(X)
    assert repeated.dtype == y.dtype
    assert repeated.name == "y"
    assert repeated.to_list() == y.to_list() * 3
    assert list(sampler.feature_names_in_) == X.columns
    result, _ = sampler.set_params(replacement_value=0.5).fit_resample(X, y.to_frame())
    assert set(result.dtypes) == {pl.Float64}


# In a pipeline


def test_names_reach_the_next_step():
    X, y = frame().astype(float), np.arange(4.0)
    pipeline = make_pipeline(SparseDropoutSampler(random_state=0), Ridge()).fit(X, y)
    assert list(pipeline[-1].feature_names_in_) == list(X.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        pipeline.predict(X[["share", "count", "flag", "maybe"]])


def test_a_pipeline_may_end_in_a_sampler():
    X, y = sp.csr_array(np.eye(4)), np.arange(4)
    pipeline = make_pipeline(SparseNormalizer(), SparseDropoutSampler(random_state=0)).fit(X, y)
    assert pipeline[-1].replacement_ == 0.0
    expected = SparseDropoutSampler(random_state=0).fit_resample(X, y)
    for ours, theirs in zip(pipeline.fit_resample(X, y), expected, strict=True):
        assert_array_equal(*(x.toarray() if sp.issparse(x) else x for x in (ours, theirs)))


def test_weights_are_repeated_by_the_indices():
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(size=(20, 3)), rng.normal(size=20), rng.uniform(1, 2, 20)
    sampler = SparseDropoutSampler(3, dropout_rate=0.0)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert_array_equal(X_resampled, X[sampler.sample_indices_])
    assert_array_equal(y_resampled, y[sampler.sample_indices_])
    repeated = Ridge().fit(X_resampled, y_resampled, weights[sampler.sample_indices_])
    assert_allclose(repeated.coef_, Ridge().fit(X, y, 4 * weights).coef_)


# The rest


def test_state_and_errors_are_the_samplers_own():
    sampler = SparseDropoutSampler(replacement_value="feature_mean")
    for method in ("transform", "fit_transform", "predict"):
        assert not hasattr(sampler, method)
    with pytest.raises(NotFittedError):
        check_is_fitted(sampler)
    sampler.fit_resample(frame(), [0, 1, 2, 3])
    assert list(sampler.feature_names_in_) == list(frame().columns)
    assert list(sampler.get_feature_names_out()) == list(frame().columns)
    sampler.fit_resample(np.eye(3), [0, 1, 2])
    assert sampler.n_features_in_ == 3
    assert not hasattr(sampler, "feature_names_in_")
    assert_array_equal(sampler.replacement_, np.ones(3))
    for method in (sampler.fit, sampler.fit_resample):
        with pytest.raises(ValueError, match="SparseDropoutSampler does not accept missing values"):
            method([[np.nan, 1.0]], [1])
        with pytest.raises(ValueError, match="SparseDropoutSampler requires y to be passed"):
            method(np.eye(2), None)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            method(np.eye(2), [1])
        with pytest.raises(ValueError, match="y contains NaN"):
            method(np.eye(2), [1.0, np.nan])
    with pytest.raises(ValueError, match="n_copies must be an integer >= 0, got -1"):
        SparseDropoutSampler(-1).fit(np.eye(2), [1, 2])
