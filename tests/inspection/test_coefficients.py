"""CoefficientDisplay, PatternDisplay and PenaltyDisplay."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up import path_of
from matplotlib.colors import to_rgba
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skl_sparse import (
    CoefficientDisplay,
    PatternDisplay,
    PenaltyDisplay,
    SparseLpRegressor,
    SparseNormalizer,
)
from skl_sparse.inspection._drawing import NEGATIVE, POSITIVE
from skl_sparse.operators import lp_penalty, lp_prox


@pytest.fixture
def data(rng):
    X = rng.normal(size=(60, 5)) * [1.0, 1.0, 100.0, 1.0, 1.0]
    return X, X @ [3.0, 0.0, -0.02, 1.0, 0.0]


def bars(display):
    names = [tick.get_text() for tick in display.ax_.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in display.bars_], strict=True))


def test_bars_are_the_strongest_coefficients(data):
    X, y = data
    model = SparseLpRegressor(alpha=1e-3, p=0.5).fit(X, y)
    display = CoefficientDisplay.from_estimator(model)
    assert bars(display) == {"x0": model.coef_[0], "x3": model.coef_[3], "x2": model.coef_[2]}
    colors = [bar.get_facecolor() for bar in display.bars_]
    assert colors == [to_rgba(POSITIVE), to_rgba(POSITIVE), to_rgba(NEGATIVE)]
    assert list(bars(CoefficientDisplay.from_estimator(model.sparsify(), max_features=2))) == [
        "x0",
        "x3",
    ]


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_coefficients_in_units_of_deviations(data, container):
    X, y = data
    model = SparseLpRegressor(alpha=1e-3, p=0.5).fit(X, y)
    display = CoefficientDisplay.from_estimator(model, container(X), list("abcde"))
    drawn = bars(display)
    assert list(drawn) == ["a", "c", "d"]
    assert drawn["c"] == pytest.approx(model.coef_[2] * X[:, 2].std(), rel=1e-12)
    assert "standard deviation" in display.ax_.get_xlabel()


def test_a_target_is_asked_for_where_there_are_several(data):
    X, y = data
    model = SparseLpRegressor(alpha=1e-3).fit(X, np.column_stack([y, -y, X[:, 4]]))
    with pytest.raises(ValueError, match=r"target must be an integer in \[0, 2\], as there are 3"):
        CoefficientDisplay.from_estimator(model)
    with pytest.raises(ValueError, match="target must be an integer >= 0 and <= 2, got 3"):
        CoefficientDisplay.from_estimator(model, target=3)
    assert list(bars(CoefficientDisplay.from_estimator(model, target=2))) == ["x4"]


def test_models_that_have_no_coefficients(data):
    X, y = data
    with pytest.raises(NotFittedError):
        CoefficientDisplay.from_estimator(SparseLpRegressor())
    pipeline = make_pipeline(SparseNormalizer(), SparseLpRegressor()).fit(X, y)
    with pytest.raises(TypeError, match=r"got a Pipeline: pass its last step, pipeline\[-1\]"):
        CoefficientDisplay.from_estimator(pipeline)
    with pytest.raises(TypeError, match="a fitted linear model with coef_"):
        CoefficientDisplay.from_estimator(object())
    assert not plt.get_fignums()


def test_empty_and_wrong_coefficients():
    display = CoefficientDisplay(np.zeros(4)).plot()
    assert "no coefficient is non-zero" in [text.get_text() for text in display.ax_.texts]
    display.figure_.canvas.draw()
    with pytest.raises(ValueError, match="coefficients must have one row, got 2"):
        CoefficientDisplay(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="coefficients must be an array of real numbers"):
        CoefficientDisplay(["a"])
    with pytest.raises(ValueError, match="max_features must be an integer >= 1, got 0"):
        CoefficientDisplay([1.0]).plot(max_features=0)


def test_what_is_left_out_is_said(rng):
    display = CoefficientDisplay(rng.normal(size=5000)).plot()
    assert display.ax_.get_title() == "the strongest 20 of 5,000 non-zero coefficients"


# -- patterns ----------------------------------------------------------------------------------


def cells(display):
    """(row, column, colour) of every coefficient that a bar covers."""
    return {
        (row, int(display.columns_[round(segment[0, 0])]), tuple(color))
        for segment, color in zip(
            display.bars_.get_segments(), display.bars_.get_colors(), strict=True
        )
        for row in range(math.ceil(segment[0, 1]), math.floor(segment[1, 1]) + 1)
    }


@pytest.mark.parametrize("order", ["entry", "column"])
@pytest.mark.parametrize("container", [np.asarray, csr_array])
@pytest.mark.parametrize(("n_rows", "density"), [(4, 0.2), (60, 0.02)])
def test_every_nonzero_is_covered_by_a_bar(rng, order, container, n_rows, density):
    coefs = rng.normal(size=(n_rows, 50)) * (rng.random((n_rows, 50)) < density)
    coefs[n_rows // 2 :, 7] = np.abs(coefs[n_rows // 2 :, 7]) + 1.0
    display = PatternDisplay(container(coefs)).plot(order=order)
    rows, columns = np.nonzero(coefs)
    colors = [to_rgba(POSITIVE if x > 0 else NEGATIVE) for x in coefs[rows, columns]]
    assert cells(display) == set(zip(rows, columns, colors, strict=True))
    used = np.flatnonzero(coefs.any(axis=0))
    if order == "entry":
        first = np.argmax(coefs[:, used] != 0, axis=0)
        used = used[np.argsort(first, kind="stable")]
    np.testing.assert_array_equal(display.columns_, used)
    n = len(used)
    assert display.ax_.get_xlabel() == f"{n} of 50 columns with a non-zero coefficient"


def test_rows_of_a_classifier_are_its_classes(rng):
    X, y = rng.normal(size=(60, 3)), np.repeat(["arts", "news", "sport"], 20)
    display = PatternDisplay.from_estimator(LogisticRegression().fit(X, y), ["a", "b", "c"])
    assert [tick.get_text() for tick in display.ax_.get_yticklabels()] == ["arts", "news", "sport"]
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()] == ["a", "b", "c"]
    assert display.ax_.get_ylabel() == "class"


def test_rows_of_a_path_are_its_alphas():
    path = path_of(5000, n_alphas=100)
    display = PatternDisplay.from_path(path)
    assert display.ax_.get_ylabel() == "alpha"
    assert [tick.get_text() for tick in display.ax_.get_yticklabels()][:2] == ["2", "1.4"]
    assert len(display.ax_.get_yticks()) <= 24
    assert len(display.bars_.get_segments()) == 5000  # a path has one for each column


def test_patterns_without_entries_and_with_wrong_names():
    display = PatternDisplay(np.zeros((2, 3))).plot()
    assert "no coefficient is non-zero" in [text.get_text() for text in display.ax_.texts]
    display.figure_.canvas.draw()
    with pytest.raises(ValueError, match=r"row_names must have shape \(2,\), got \(1,\)"):
        PatternDisplay(np.zeros((2, 3)), ["a"])
    with pytest.raises(ValueError, match="order must be 'entry' or 'column', got 'size'"):
        PatternDisplay(np.zeros((2, 3))).plot(order="size")


# -- penalties ---------------------------------------------------------------------------------


def test_penalties_and_proximal_steps_are_those_of_the_operators():
    display = PenaltyDisplay.from_p([0, 0.5, 3], alpha=0.7, limit=2.0)
    assert len(display.axes_) == 2 and display.ax_ is display.axes_[0]
    for k, p in enumerate([0, 0.5, 3]):
        penalty, prox = (lines[k] for lines in display.lines_)
        assert penalty.get_label() == prox.get_label() == f"p = {p}"
        w = penalty.get_xdata()
        assert (w[0], w[-1]) == (-2.0, 2.0)
        np.testing.assert_allclose(
            penalty.get_ydata()[::50], [lp_penalty([x], 0.7, p) for x in w[::50]]
        )
        np.testing.assert_array_equal(prox.get_ydata(), lp_prox(w, 0.7, p))


def test_one_kind_of_curve_takes_one_axes():
    _, axes = plt.subplots(1, 2)
    display = PenaltyDisplay.from_p(1, kind="prox", ax=axes[1])
    assert display.ax_ is axes[1] and not axes[0].has_data()
    both = PenaltyDisplay.from_p(alpha=0, ax=axes)
    assert list(both.axes_) == list(axes)
    with pytest.raises(ValueError, match="ax must be None or an array of 2 matplotlib axes"):
        PenaltyDisplay.from_p(ax=axes[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": -1}, "p must be a finite real number >= 0, got -1.0"),
        ({"p": []}, "p must be a 1-D array of finite numbers, at least one"),
        ({"alpha": -1}, "alpha must be a finite real number >= 0, got -1"),
        ({"limit": 0}, "limit must be a finite real number > 0, got 0"),
        ({"kind": "slope"}, "kind must be 'both', 'penalty' or 'prox', got 'slope'"),
    ],
)
def test_wrong_options_make_no_figure(options, message):
    with pytest.raises(ValueError, match=message):
        PenaltyDisplay.from_p(**options)
    assert not plt.get_fignums()
