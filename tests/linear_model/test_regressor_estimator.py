"""SparseLpRegressor as scikit-learn users expect an estimator to behave."""

import pickle
import re
import warnings

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from pairwise import pairwise, parametrize_pairwise
from reference import random_sparse
from sklearn.base import clone, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.designs import as_design
from skl_sparse.linear_model import _base

MASKS = (
    {},
    {"sparsity_threshold": 0.01},
    {"sparsity_threshold": 0.01, "refit": False},
    {"positive": True},
)
VARIANTS = [
    SparseLpRegressor(**case.pop("mask"), **case)
    for case in pairwise(
        p=[0.5, 1.0, 1.5, 2.0],
        mask=MASKS,
        solver=["auto", "cd", "proximal_gradient"],
        alpha=[1.0, 0.01],
    )
]


@parametrize_with_checks(VARIANTS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", VARIANTS, ids=repr)
def test_checks_that_scikit_learn_never_yields(estimator):
    pytest.importorskip("pandas", reason="the check builds data frames")
    estimator_checks.check_dataframe_column_names_consistency("SparseLpRegressor", estimator)


def data(seed=0, n=60, n_features=10):
    rng = np.random.default_rng(seed)
    X = random_sparse(rng, n, n_features, 0.5)
    w = np.where(np.arange(n_features) < 3, 2.0, 0)
    return X, X @ w + 0.1 * rng.normal(size=n) + 1.0


def test_parameters_and_tags():
    model = SparseLpRegressor()
    assert model.get_params() == {
        "alpha": 1.0,
        "p": 1.0,
        "alpha_l2": 0.0,
        "sparsity_threshold": 0.0,
        "refit": True,
        "feature_weights": None,
        "fit_intercept": True,
        "positive": False,
        "solver": "auto",
        "local_search": False,
        "max_iter": model.max_iter,
        "tol": 1e-4,
        "warm_start": False,
        "n_jobs": None,
    }
    assert isinstance(model.max_iter, int)
    assert model.max_iter > 0
    with pytest.raises(TypeError):
        SparseLpRegressor(1.0, 0.5)  # only alpha is positional
    assert is_regressor(model)
    tags = get_tags(model)
    assert tags.input_tags.sparse
    assert tags.target_tags.multi_output
    assert not tags.non_deterministic


def test_defaults_are_a_lasso():
    from sklearn.linear_model import Lasso

    X, y = data()
    ours = SparseLpRegressor(0.01, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(ours.coef_, Lasso(0.01, tol=1e-10).fit(X, y).coef_, atol=1e-6)


def test_attributes():
    X, y = data()
    model = SparseLpRegressor(0.01, p=0.5).fit(X, y)
    assert model.coef_.shape == (10,)
    assert np.isscalar(float(model.intercept_))
    assert model.n_features_in_ == 10
    assert not hasattr(model, "feature_names_in_")
    assert model.mask_.shape == (10,)
    assert model.mask_.dtype == bool
    assert isinstance(model.n_iter_, (int, np.integer))
    assert model.n_iter_ >= 1
    for name in ("sparsity_", "penalty_", "objective_", "dual_gap_", "optimality_"):
        assert np.ndim(getattr(model, name)) == 0, name
    assert np.isnan(model.dual_gap_)
    assert model.optimality_ <= model.tol
    np.testing.assert_allclose(model.predict(X), X @ model.coef_ + model.intercept_)
    assert model.score(X, y) > 0.5
    assert model.fit(X, y) is model
    flat = SparseLpRegressor(0.01, fit_intercept=False).fit(X, y)
    assert flat.intercept_ == 0.0


def test_constructor_stores_and_touches_nothing():
    v = np.ones(10)
    v.flags.writeable = False
    model = SparseLpRegressor("nonsense", p=None, feature_weights=v)
    assert model.alpha == "nonsense"
    assert model.feature_weights is v
    X, y = data()
    model = SparseLpRegressor(0.1, feature_weights=v)
    before = model.get_params()
    model.fit(X, y)
    assert all(value is before[name] for name, value in model.get_params().items())


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_fits_are_deterministic(p):
    X, y = data()
    first = SparseLpRegressor(0.01, p=p).fit(X, y)
    for _ in range(2):
        np.testing.assert_array_equal(SparseLpRegressor(0.01, p=p).fit(X, y).coef_, first.coef_)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 (the global one: left alone)
    SparseLpRegressor(0.01, p=p, local_search=True).fit(X, y)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_pickle_and_clone():
    X, y = data()
    model = SparseLpRegressor(0.01, p=0.5, sparsity_threshold=0.05, feature_weights=np.ones(10))
    fitted = clone(model).fit(X, y)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        copy = pickle.loads(pickle.dumps(fitted, protocol=protocol))
        np.testing.assert_array_equal(copy.predict(X), fitted.predict(X))
        np.testing.assert_array_equal(copy.mask_, fitted.mask_)
        assert (copy.sparse_coef_ != fitted.sparse_coef_).nnz == 0
    fresh = clone(fitted)
    assert not hasattr(fresh, "coef_")
    np.testing.assert_array_equal(fresh.fit(X, y).coef_, fitted.coef_)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib_workers(backend):
    X, y = data()
    models = [SparseLpRegressor(0.01, p=p, n_jobs=2) for p in (0.5, 1.0, 1.5, 2.0)]
    with joblib.parallel_config(backend=backend, n_jobs=2):
        apart = joblib.Parallel()(joblib.delayed(clone(model).fit)(X, y) for model in models)
    for model, fitted in zip(models, apart, strict=True):
        np.testing.assert_allclose(fitted.coef_, model.fit(X, y).coef_, rtol=1e-10, atol=1e-12)


def test_grid_search():
    X, y = data()
    grid = {"alpha": [1e-3, 1e-2, 1.0], "p": [0.5, 1.0, 2.0], "sparsity_threshold": [0.0, 0.1]}
    for n_jobs in (None, 2):
        search = GridSearchCV(SparseLpRegressor(), grid, cv=3, n_jobs=n_jobs, error_score="raise")
        search.fit(X, y)
        assert search.best_score_ > 0.8
        assert np.all(np.isfinite(search.cv_results_["mean_test_score"]))


def test_pipeline():
    X, y = data()
    pipe = make_pipeline(MaxAbsScaler(), SparseLpRegressor(0.01, p=0.5))
    assert np.all(np.isfinite(cross_val_score(pipe, X, y, cv=3, error_score="raise")))
    pipe.set_params(sparselpregressor__p=1.0).fit(X, y)
    assert pipe[-1].p == 1.0
    assert pipe.predict(X).shape == y.shape


def test_feature_names():
    pd = pytest.importorskip("pandas", reason="feature names come with data frames")
    X, y = data()
    names = [f"column {j}" for j in range(10)]
    frame = pd.DataFrame(X.toarray(), columns=names)
    model = SparseLpRegressor(0.01).fit(frame, pd.Series(y))
    np.testing.assert_array_equal(model.feature_names_in_, names)
    np.testing.assert_allclose(model.predict(frame), model.predict(frame), rtol=0)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[names[::-1]])
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(X.toarray())
    model.fit(X, y)
    assert not hasattr(model, "feature_names_in_")
    sparse_frame = pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(X), columns=names)
    by_frame = SparseLpRegressor(0.01, tol=1e-12).fit(sparse_frame, y)
    np.testing.assert_allclose(
        by_frame.coef_, SparseLpRegressor(0.01, tol=1e-12).fit(X, y).coef_, rtol=1e-6, atol=1e-8
    )


def test_metadata_routing_of_sample_weight():
    X, y = data()
    s = np.random.default_rng(0).uniform(0.1, 5, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        routed = SparseLpRegressor(0.01, p=0.5).set_fit_request(sample_weight=True)
        pipe = make_pipeline(MaxAbsScaler(), routed).fit(X, y, sample_weight=s)
        direct = SparseLpRegressor(0.01, p=0.5).fit(MaxAbsScaler().fit_transform(X), y, s)
        np.testing.assert_array_equal(pipe[-1].coef_, direct.coef_)
        scored = routed.set_score_request(sample_weight=True)
        search = GridSearchCV(scored, {"alpha": [0.01, 0.1]}, cv=3, error_score="raise")
        search.fit(X, y, sample_weight=s)
        assert np.isfinite(search.best_score_)
    plain = SparseLpRegressor(0.01, p=0.5).fit(MaxAbsScaler().fit_transform(X), y)
    assert np.any(plain.coef_ != direct.coef_)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: TransformedTargetRegressor(model, transformer=MaxAbsScaler()),
        lambda model: MultiOutputRegressor(model, n_jobs=2),
        lambda model: RegressorChain(model),
        lambda model: BaggingRegressor(model, 5, max_features=0.9, random_state=0),
        lambda model: AdaBoostRegressor(model, n_estimators=5, random_state=0),
        lambda model: VotingRegressor([("a", model), ("b", clone(model).set_params(p=0.5))]),
        lambda model: StackingRegressor([("a", model)], final_estimator=model, cv=3),
    ],
)
def test_within_other_estimators(wrap, container):
    X, y = data()
    X = container(X.toarray())
    model = wrap(SparseLpRegressor(0.01))
    several = isinstance(model, (MultiOutputRegressor, RegressorChain))
    targets = np.c_[y, -y] if several else y
    with joblib.parallel_config(backend="threading"):
        assert model.fit(X, targets).score(X, targets) > 0.8


# -- warm start ----------------------------------------------------------------------------------
@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_warm_start(p):
    X, y = data()
    cold = SparseLpRegressor(0.01, p=p, tol=1e-10).fit(X, y)
    warm = SparseLpRegressor(0.02, p=p, tol=1e-10, warm_start=True).fit(X, y)
    warm.set_params(alpha=0.01).fit(X, y)
    assert warm.objective_ <= cold.objective_ * (1 + 1e-8) or p < 1
    if p >= 1:
        np.testing.assert_allclose(warm.coef_, cold.coef_, rtol=1e-3, atol=1e-5)
    again = warm.coef_.copy()
    warm.fit(X, y)
    np.testing.assert_allclose(warm.coef_, again, rtol=1e-6, atol=1e-8)
    if p >= 1:  # nothing left to do
        assert warm.n_iter_ <= 2


@pytest.mark.parametrize("p", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("refit", [True, False])
def test_warm_start_never_inherits_a_mask(p, refit):
    X, y = data()
    warm = SparseLpRegressor(
        0.001, p=p, sparsity_threshold=1e3, warm_start=True, refit=refit, tol=1e-10
    )
    assert not warm.fit(X, y).mask_.any()
    warm.set_params(sparsity_threshold=0.0).fit(X, y)
    cold = SparseLpRegressor(0.001, p=p, tol=1e-10).fit(X, y)
    assert warm.mask_.any()
    assert warm.objective_ == pytest.approx(cold.objective_, rel=1e-7)
    np.testing.assert_array_equal(warm.mask_, cold.mask_)


def test_warm_start_survives_a_change_of_data_and_settings():
    X, y = data()
    warm = SparseLpRegressor(0.01, warm_start=True, tol=1e-10).fit(X, y)
    cold = SparseLpRegressor(0.01, tol=1e-10)
    # coefficients of another shape cannot be a start: said, not guessed
    for other_X, other_y in ((X[:, :6], y), (X, np.c_[y, 2 * y])):
        with pytest.raises(ValueError, match="warm_start"):
            warm.fit(other_X, other_y)
    np.testing.assert_allclose(warm.fit(X[::-1], y).coef_, cold.fit(X[::-1], y).coef_, atol=1e-6)
    warm.set_params(positive=True).fit(X, -y)
    assert np.all(warm.coef_ >= 0)
    assert warm.fit(X.astype(np.float32), y.astype(np.float32)).coef_.dtype == np.float32


@parametrize_pairwise(
    positive=[True, False],
    solver=["auto", "proximal_gradient"],
    p=[0.0, 0.5, 1.0, 1.001, 1.5, 2.0, 10.0],
)
def test_a_start_that_is_worse_than_zero_is_none(p, solver, positive):
    """Coefficients from another scale, or anywhere: no warning, and the fit from zero."""
    X, y = data()
    n_features = X.shape[1]
    options = {"p": p, "solver": solver, "positive": positive}
    cold = SparseLpRegressor(0.05, **options).fit(X, y)
    wild = [np.full(n_features, size) for size in (1e3, 1e12, 1e100, 1e200, -1e300, np.nan)]
    wild += [1e200 * (-1.0) ** np.arange(n_features), np.r_[1e308, np.zeros(n_features - 1)]]
    for start in wild:
        warm = SparseLpRegressor(0.05, **options, warm_start=True)
        warm.coef_ = start
        warm.fit(X, y)
        np.testing.assert_array_equal(warm.coef_, cold.coef_, err_msg=str(start))


@pytest.mark.parametrize("p", [0.5, 1.0, 1.5, 2.0])
def test_a_start_is_judged_for_each_target(p):
    X, y = data()
    Y = np.c_[y, y]
    cold = SparseLpRegressor(0.05, p=p, tol=1e-9).fit(X, Y)
    warm = SparseLpRegressor(0.05, p=p, tol=1e-9, warm_start=True)
    warm.coef_ = np.c_[cold.coef_[0], np.full(X.shape[1], 1e250)].T.copy()
    warm.fit(X, Y)
    np.testing.assert_allclose(warm.coef_, cold.coef_, rtol=1e-5, atol=1e-7)
    assert p < 1 or warm.n_iter_[0] <= 2


@pytest.mark.parametrize("p", [1.5, 2.0])
def test_a_fit_at_another_scale_is_no_start(p):
    X, y = data()
    warm = SparseLpRegressor(0.05, p=p, warm_start=True).fit(X, 1e150 * y)
    cold = SparseLpRegressor(0.05, p=p).fit(X, y)
    np.testing.assert_array_equal(warm.fit(X, y).coef_, cold.coef_)


# -- warnings ------------------------------------------------------------------------------------
@pytest.mark.parametrize("solver", ["cd", "proximal_gradient"])
@pytest.mark.parametrize("p", [0.5, 1.0, 1.2, 2.0])
def test_no_certificate_no_silence(p, solver):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 1))
    X = X + 0.05 * rng.normal(size=(80, 60))
    y = X @ rng.normal(size=60) + rng.normal(size=80)
    model = SparseLpRegressor(1e-5, p=p, max_iter=1, tol=1e-13, solver=solver)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, y)
    assert len(caught) == 1
    message = str(caught[0].message)
    reached = model.dual_gap_ if p >= 1 else model.optimality_
    assert reached > 1e-13
    numbers = [float(number) for number in re.findall(r"\d+\.?\d*(?:e-?\d+)?", message)]
    assert any(abs(number - reached) <= 0.1 * reached for number in numbers)  # what was reached
    assert "1e-13" in message  # what was asked
    assert "max_iter" in message
    assert "tol" in message
    assert model.n_iter_ == 1


def test_one_warning_names_the_targets_concerned():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 1)) + 0.05 * rng.normal(size=(80, 60))
    Y = np.c_[X @ rng.normal(size=60), np.zeros(80), X @ rng.normal(size=60)]
    with pytest.warns(ConvergenceWarning) as caught:
        model = SparseLpRegressor(1e-6, max_iter=1, tol=1e-13).fit(X, Y)
    assert 1 <= len(caught) <= 2
    assert model.dual_gap_[1] == 0


def test_not_fitted():
    X, _ = data()
    with pytest.raises(NotFittedError):
        SparseLpRegressor().predict(X)


# -- a fit that fails or is interrupted -----------------------------------------------------------
class Interrupt:
    """Stands for a part of the engine; to use it is to be interrupted."""

    def __init__(self, *args, **kwargs):
        raise KeyboardInterrupt

    of_targets = classmethod(lambda cls, *args: cls())


@pytest.mark.parametrize("part", ["LeastSquares", "as_design", "resolve_feature_weights"])
def test_an_interrupted_fit_changes_nothing(part, monkeypatch):
    pd = pytest.importorskip("pandas", reason="feature names come with data frames")
    X, y = data()
    frame = pd.DataFrame(X.toarray()[:, :3], columns=list("abc"))
    fitted = SparseLpRegressor(0.01).fit(frame, y)
    before = vars(fitted).copy()
    fresh = SparseLpRegressor(0.01)
    with monkeypatch.context() as patch:
        patch.setattr(_base, part, Interrupt)
        for model in (fitted, fresh):
            with pytest.raises(KeyboardInterrupt):
                model.fit(X, y)
    assert vars(fitted) == before
    assert fitted.predict(frame).shape == y.shape
    with pytest.raises(NotFittedError):
        check_is_fitted(fresh)
    assert vars(fresh) == vars(SparseLpRegressor(0.01))
    assert fresh.fit(X, y).n_features_in_ == 10


@pytest.mark.parametrize("warm_start", [True, False])
def test_a_failed_fit_changes_nothing(warm_start):
    X, y = data()
    model = SparseLpRegressor(0.01, warm_start=warm_start).fit(X, y)
    before = vars(model).copy()
    infinite = X[:, :4].toarray()
    infinite[3, 2] = np.inf
    for bad_X, bad_y in ((X[:, :4], y[:-1]), (infinite, y)):
        with pytest.raises(ValueError):
            model.fit(bad_X, bad_y)
        assert vars(model) == before
    model.set_params(max_iter=1, tol=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning that ends the call is a failure too
        with pytest.raises(ConvergenceWarning):
            model.fit(X, y)
    assert vars(model.set_params(max_iter=before["max_iter"], tol=before["tol"])) == before


def test_warnings_point_at_the_call():
    X, y = data()
    with pytest.warns(ConvergenceWarning, match=r"^SparseLpRegressor stopped") as caught:
        SparseLpRegressor(1e-4, max_iter=1, tol=0.0).fit(X, y)
    assert caught[0].filename == __file__


# -- threads -------------------------------------------------------------------------------------
def test_without_n_jobs_there_is_one_thread(monkeypatch):
    X, y = data()
    asked = []
    monkeypatch.setattr(
        _base, "as_design", lambda X, n, *of, **k: asked.append(n) or as_design(X, n, *of, **k)
    )
    with joblib.parallel_config(n_jobs=8, backend="threading"):
        SparseLpRegressor(0.01).fit(X, y)
        SparseLpRegressor(0.01, n_jobs=3).fit(X, y)
    SparseLpRegressor(0.01, n_jobs=-1).fit(X, y)
    assert asked == [1, 3, joblib.cpu_count()]
