"""The transformers among scikit-learn's and imbalanced-learn's own: checks, pipelines, searches."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from skl_sparse import SparseDropoutReplacer, SparseDropoutSampler, SparseNormalizer

TRANSFORMERS = [
    *(
        SparseNormalizer(norm, mode=mode)
        for norm in ("l1", "l2", "max", "rms")
        for mode in ("unit", "max_norm")
    ),
    SparseNormalizer(threshold=0.1, target_norm=3.0),
    SparseDropoutReplacer(),
    SparseDropoutReplacer(0.5, scope="all", replacement_value="feature_median", rescale=True),
    SparseDropoutReplacer(0.0, replacement_value="mean"),
    SparseDropoutReplacer(1.0, replacement_value="feature_mean", scope="all"),
]

# Some checks transform one array twice, so no transformer that works in place passes them all
# (scikit-learn's own do not); copy=False is tested by check_inplace_ensure_writeable.


@parametrize_with_checks(TRANSFORMERS)
def test_estimator_checks(estimator, check):
    check(estimator)


# Checks that parametrize_with_checks does not yield.
UNLISTED = [
    estimator_checks.check_dataframe_column_names_consistency,
    estimator_checks.check_transformer_get_feature_names_out,
    estimator_checks.check_transformer_get_feature_names_out_pandas,
    estimator_checks.check_get_feature_names_out_error,
    estimator_checks.check_set_output_transform,
    estimator_checks.check_set_output_transform_pandas,
    estimator_checks.check_global_output_transform_pandas,
]

# The checks of output mix data frames with arrays on purpose.
mixes_frames_and_arrays = pytest.mark.filterwarnings(
    "ignore:X (has|does not have valid) feature names:UserWarning"
)


@mixes_frames_and_arrays
@pytest.mark.parametrize("check", UNLISTED, ids=lambda check: check.__name__)
@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_unlisted_checks(transformer, check):
    check(type(transformer).__name__, clone(transformer))


@mixes_frames_and_arrays
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_set_output_transform_polars,
        estimator_checks.check_global_set_output_transform_polars,
    ],
    ids=lambda check: check.__name__,
)
@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_unlisted_checks_polars(transformer, check):
    pytest.importorskip("polars", reason="polars is not installed")
    check(type(transformer).__name__, clone(transformer))


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_unlisted_check_inplace_ensure_writeable(transformer):
    estimator_checks.check_inplace_ensure_writeable(
        type(transformer).__name__, clone(transformer).set_params(copy=False)
    )


def toy(n_samples=120, n_features=20, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(n_samples, n_features)) * np.arange(1, n_features + 1)
    X[rng.uniform(size=X.shape) < 0.6] = 0
    return sp.csr_array(X), X @ rng.normal(size=n_features) + rng.normal(size=n_samples)


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_clone_and_pickle(transformer):
    X, _ = toy()
    fitted = clone(transformer).fit(X)
    for other in (pickle.loads(pickle.dumps(fitted)), joblib.load(_dumped(fitted))):
        assert_array_equal(other.transform(X).toarray(), fitted.transform(X).toarray())
    assert clone(fitted).get_params() == transformer.get_params()
    assert not hasattr(clone(fitted), "n_features_in_")


def _dumped(estimator):
    from io import BytesIO

    buffer = BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblib_workers(backend):
    """Workers get X as a read-only memory map."""
    X, _ = toy()
    transformers = [SparseNormalizer(), SparseDropoutReplacer(0.5, random_state=0)]
    results = joblib.Parallel(n_jobs=2, backend=backend, max_nbytes=1)(
        joblib.delayed(clone(t).fit_transform)(X) for t in transformers
    )
    for transformer, result in zip(transformers, results, strict=True):
        assert_array_equal(result.toarray(), transformer.fit_transform(X).toarray())


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_feature_names_and_pandas_output(transformer):
    frame = pd.DataFrame(toy()[0].toarray(), columns=[f"x{i}" for i in range(20)])
    transformer = clone(transformer).set_output(transform="pandas")
    result = transformer.fit_transform(frame)
    assert list(result.columns) == list(frame.columns)
    assert list(transformer.get_feature_names_out()) == list(frame.columns)
    assert_array_equal(result.index, frame.index)
    if isinstance(transformer, SparseNormalizer):
        back = transformer.inverse_transform(transformer.transform(frame).to_numpy())
        expected = frame.to_numpy()
        expected = np.where(np.abs(expected) > transformer.threshold, expected, 0)
        assert_allclose(back, expected, rtol=1e-14)


def test_sample_weight_is_routed_to_the_normalizer():
    X, y = toy()
    weights = np.random.RandomState(1).randint(0, 3, len(y))
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(
            SparseNormalizer().set_fit_request(sample_weight=True),
            Ridge().set_fit_request(sample_weight=True),
        ).fit(X, y, sample_weight=weights)
    repeated = np.repeat(np.arange(len(y)), weights)
    expected = make_pipeline(SparseNormalizer(), Ridge()).fit(X[repeated], y[repeated])
    assert_allclose(pipeline.predict(X), expected.predict(X), rtol=1e-8)


def test_a_pipeline_is_noisy_in_fit_and_clean_in_predict():
    X, y = toy()
    pipeline = make_pipeline(
        SparseNormalizer(), SparseDropoutReplacer(0.4, random_state=0), Ridge(1e-3)
    ).fit(X, y)
    normalizer, replacer, ridge = (step for _, step in pipeline.steps)
    clean = normalizer.transform(X)
    assert_array_equal(pipeline.predict(X), ridge.predict(clean))
    assert_array_equal(pipeline[:2].transform(X).toarray(), clean.toarray())
    refitted = Ridge(1e-3).fit(replacer.fit_transform(clean), y)
    assert_allclose(ridge.coef_, refitted.coef_, rtol=1e-12)
    assert not np.allclose(ridge.coef_, Ridge(1e-3).fit(clean, y).coef_)


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search_over_dropout_rate(n_jobs):
    X, y = toy()
    pipeline = Pipeline(
        [
            ("scale", SparseNormalizer("rms")),
            ("noise", SparseDropoutReplacer(random_state=0)),
            ("model", Ridge(1e-3)),
        ]
    )
    grid = {"noise__dropout_rate": [0.0, 0.3, 1.0], "noise__scope": ["nonzero", "all"]}
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=n_jobs, error_score="raise").fit(X, y)
    assert search.best_params_["noise__dropout_rate"] == 0.0
    silent = Pipeline([("scale", SparseNormalizer("rms")), ("model", Ridge(1e-3))]).fit(X, y)
    assert_allclose(search.predict(X), silent.predict(X), rtol=1e-12)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] > scores[2] > scores[4]


# imbalanced-learn


@pytest.mark.parametrize("make", [sp.csr_array, sp.csr_matrix, lambda X: X.toarray()])
def test_sampler_in_an_imbalanced_learn_pipeline(make):
    from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline

    X, y = toy()
    X = make(X)
    sampler = SparseDropoutSampler(2, dropout_rate=0.3, random_state=0)
    pipeline = make_imbalanced_pipeline(SparseNormalizer(), sampler, Ridge(1e-3)).fit(X, y)
    clean = SparseNormalizer().fit_transform(X)
    expected = Ridge(1e-3).fit(*clone(sampler).fit_resample(clean, y))
    assert_allclose(pipeline[-1].coef_, expected.coef_, rtol=1e-12)
    assert_allclose(pipeline.predict(X), expected.predict(clean), rtol=1e-12)
    grid = {"sparsedropoutsampler__n_copies": [0, 2], "sparsedropoutsampler__dropout_rate": [0.3]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    assert search.predict(X).shape == (120,)


def test_imbalanced_learn_refuses_what_can_transform_and_resample():
    """Why the sampler is a class of its own."""
    from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline

    class Both(SparseDropoutReplacer):
        def fit_resample(self, X, y):
            return self.resample(X, y)

    with pytest.raises(TypeError, match="implements both"):
        make_imbalanced_pipeline(Both(), Ridge()).fit(*toy())


def test_sampler_is_an_estimator():
    sampler = SparseDropoutSampler(3, dropout_rate=0.2, random_state=1)
    assert repr(clone(sampler)) == repr(sampler)
    assert "SparseDropoutSampler" in sampler._repr_html_()
    assert_array_equal(
        pickle.loads(pickle.dumps(sampler)).fit_resample(np.eye(4), np.arange(4))[0],
        sampler.fit_resample(np.eye(4), np.arange(4))[0],
    )
    frame = pd.DataFrame(np.eye(3), columns=["a", "b", "c"])
    sampler.fit_resample(frame, [0, 1, 2])
    assert list(sampler.feature_names_in_) == ["a", "b", "c"]


@pytest.mark.parametrize("transformer", [SparseNormalizer(), SparseDropoutReplacer()])
def test_names_and_number_of_features_are_those_of_the_last_fit(transformer):
    transformer = clone(transformer)
    transformer.fit(pd.DataFrame(np.eye(3), columns=["a", "b", "c"]))
    assert list(transformer.feature_names_in_) == ["a", "b", "c"]
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        transformer.transform(sp.csr_array(np.eye(3)))
    X = sp.csr_array(np.eye(4))
    transformer.fit(X)
    assert transformer.n_features_in_ == 4
    assert not hasattr(transformer, "feature_names_in_")
    assert_array_equal(transformer.transform(X).toarray(), np.eye(4))
    with pytest.raises(ValueError, match=r"X has 3 features, but .* is expecting 4"):
        transformer.transform(sp.csr_array(np.eye(3)))


# A fit that fails

METHODS = [
    (SparseNormalizer(), "fit"),
    (SparseNormalizer(), "partial_fit"),
    (SparseNormalizer(), "fit_transform"),
    (SparseDropoutReplacer(replacement_value="feature_mean"), "fit"),
    (SparseDropoutReplacer(replacement_value="feature_mean"), "fit_transform"),
    (SparseDropoutReplacer(replacement_value="feature_mean"), "resample"),
    (SparseDropoutSampler(replacement_value="feature_mean"), "fit"),
    (SparseDropoutSampler(replacement_value="feature_mean"), "fit_resample"),
]


@pytest.mark.parametrize(("estimator", "method"), METHODS, ids=str)
def test_a_failed_fit_changes_nothing(estimator, method):
    estimator, arguments = clone(estimator), (np.arange(3),)
    bad = sp.csr_array(np.full((3, 4), np.inf))
    with pytest.raises(ValueError, match="infinity"):
        getattr(estimator, method)(bad, *arguments)
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)
    getattr(estimator, method)(pd.DataFrame(np.eye(3), columns=["a", "b", "c"]), *arguments)
    before = vars(estimator).copy()
    with pytest.raises((ValueError, UserWarning), match=r"infinity|feature names"):
        getattr(estimator, method)(bad, *arguments)
    assert vars(estimator).keys() == before.keys()
    assert all(vars(estimator)[name] is value for name, value in before.items())


def test_an_interrupted_fit_changes_nothing(monkeypatch):
    normalizer = SparseNormalizer().fit(np.eye(3))

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("skl_sparse.preprocessing.normalizer.column_norms", interrupt)
    for model, n_features in ((normalizer, 3), (SparseNormalizer(), None)):
        with pytest.raises(KeyboardInterrupt):
            model.fit(np.eye(4))
        assert getattr(model, "n_features_in_", None) == n_features
