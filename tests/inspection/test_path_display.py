import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up import cv_of, path_of
from scipy.sparse import csr_array

from skl_sparse import PathDisplay


def test_the_strongest_are_named_and_the_others_drawn():
    path = path_of(30)
    display = PathDisplay.from_path(path, n_labels=4)
    strength = np.abs(path.coefs.toarray()).max(axis=0)
    strongest = np.argsort(-strength)[:4]
    assert [label.get_text() for label in display.labels_] == [f"x{j}" for j in strongest]
    for line, j in zip(display.lines_, strongest, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), path.coefs.toarray()[:, j])
        np.testing.assert_array_equal(line.get_xdata(), path.alphas)
    assert len(display.others_.get_segments()) == 26


def test_only_columns_that_are_used_are_drawn():
    coefs = csr_array(([1.0, -1.0, 0.0], ([0, 1, 1], [7, 10**6, 12])), shape=(2, 10**6 + 1))
    display = PathDisplay([1.0, 0.1], coefs).plot()
    assert [label.get_text() for label in display.labels_] == ["x7", "x1000000"]
    assert coefs.nnz == 3  # the caller's own


@pytest.mark.parametrize("x", ["alpha", "correlation", "n_nonzeros"])
def test_models_grow_from_left_to_right(x):
    display = PathDisplay.from_path(path_of(6), x=x)
    n_nonzeros = np.count_nonzero(np.array([line.get_ydata() for line in display.lines_]), axis=0)
    assert (np.diff(n_nonzeros) >= 0).all() and n_nonzeros[-1] == 6
    places = display.ax_.transData.transform([(x, 0.0) for x in display.lines_[0].get_xdata()])
    assert (np.diff(places[:, 0]) >= 0).all()
    ends = display.ax_.transAxes.inverted().transform(places)[-1, 0]
    assert ends == pytest.approx(1.0)  # where the names are
    assert display.ax_.get_xscale() == ("linear" if x == "n_nonzeros" else "log")


@pytest.mark.parametrize("n_features", [60, 795, 2000])
def test_many_nonzeros_are_counted_on_a_logarithmic_axis(n_features):
    display = PathDisplay.from_path(path_of(n_features), x="n_nonzeros")
    display.figure_.canvas.draw()
    ticks = [tick.get_text() for tick in display.ax_.get_xticklabels()]
    assert ticks == ["0", "1", "10", "100", "1,000"][: 1 + len(str(n_features))]


def test_alphas_in_any_order_are_drawn_in_descending_order():
    display = PathDisplay([0.1, 1.0, 0.5], [[3.0], [1.0], [2.0]]).plot()
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), [1.0, 2.0, 3.0])


def test_names_come_from_the_path_or_the_caller():
    path = path_of(3, names=np.array(["age", "sex", "bmi"]))
    assert {t.get_text() for t in PathDisplay.from_path(path).labels_} == {"age", "sex", "bmi"}
    display = PathDisplay.from_path(path, feature_names=["a", "b", "c"], n_labels=2)
    assert [text.get_text() for text in display.labels_] == ["a", "b"]


def test_a_setting_of_a_cross_validation():
    estimator = cv_of()
    display = PathDisplay.from_estimator(estimator)
    np.testing.assert_array_equal(display.alphas, estimator.alphas_[estimator.best_index_[0]])
    display = PathDisplay.from_estimator(estimator, setting=2, x="correlation")
    np.testing.assert_array_equal(display.alphas, estimator.alphas_[2])
    np.testing.assert_array_equal(display.correlations, estimator.correlations_[2])
    with pytest.raises(ValueError, match="setting must be an integer >= 0 and <= 3, got 4"):
        PathDisplay.from_estimator(estimator, setting=4)


@pytest.mark.parametrize("x", ["alpha", "n_nonzeros"])
def test_empty_models_say_so(x):
    display = PathDisplay([1.0, 0.1], np.zeros((2, 5))).plot(x=x)
    assert display.lines_ == display.labels_ == []
    assert "no coefficient is non-zero" in [text.get_text() for text in display.ax_.texts]
    display.figure_.canvas.draw()


@pytest.mark.parametrize("alphas", [[0.5], [0.0]])
def test_a_single_strength_is_drawn_as_points(alphas):
    display = PathDisplay(alphas, [1.0, -2.0, 0.5]).plot(n_labels=2)
    assert [line.get_marker() for line in display.lines_] == ["o", "o"]
    display.figure_.canvas.draw()


def test_an_alpha_of_zero_has_its_place():
    display = PathDisplay([1.0, 0.1, 0.0], [[1.0], [2.0], [3.0]]).plot()
    assert display.ax_.get_xscale() == "symlog"
    assert display.ax_.get_xlim() == (1.0, 0.0)
    display.figure_.canvas.draw()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alphas": [1.0]}, "coefs must have 1 rows, one an alpha, got 2"),
        ({"alphas": []}, "alphas must be a 1-D array of finite numbers"),
        ({"alphas": [1.0, -0.5]}, "alphas must be >= 0, got -0.5"),
        ({"alphas": ["a", "b"]}, "alphas must be an array of real numbers"),
        ({"coefs": np.zeros((2, 3, 1))}, "coefs must have one or two dimensions, got 3"),
        ({"correlations": [1.0]}, r"correlations must have shape \(2,\), got \(1,\)"),
        ({"feature_names": ["a"]}, r"feature_names must have shape \(3,\)"),
    ],
)
def test_data_that_do_not_fit_together(changes, message):
    data = {"alphas": [1.0, 0.1], "coefs": np.zeros((2, 3))} | changes
    with pytest.raises(ValueError, match=message):
        PathDisplay(**data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "p"}, "x must be 'alpha', 'correlation' or 'n_nonzeros', got 'p'"),
        ({"x": "correlation"}, 'x must not be "correlation" if the display has no correlations'),
        ({"n_labels": -1}, "n_labels must be an integer >= 0, got -1"),
    ],
)
def test_wrong_options_make_no_figure(options, message):
    with pytest.raises(ValueError, match=message):
        PathDisplay([1.0], [[1.0]]).plot(**options)
    assert not plt.get_fignums()
