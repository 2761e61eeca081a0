"""What all displays promise: matplotlib when used, axes of the caller, readable names."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up import cv_of, path_of
from matplotlib.text import Text

import skl_sparse
from skl_sparse import (
    BudgetDisplay,
    CoefficientDisplay,
    CVDisplay,
    PathDisplay,
    PatternDisplay,
    PenaltyDisplay,
)
from skl_sparse.inspection._drawing import PALETTE, shorten, spread_out, style

COEFS = [[0.0, 1.0, -2.0], [0.5, 0.0, -1.0]]
DISPLAYS = {
    "path": lambda: PathDisplay([1.0, 0.1], COEFS),
    "cv": lambda: CVDisplay(
        [[1.0, 0.1]],
        mean_scores=[[0.0, 1.0]],
        se_scores=[[0.1, 0.1]],
        n_nonzeros=[[0, 2]],
        settings=[{"p": 1.0}],
        choices={"min": (0, 1), "1se": (0, 1)},
    ),
    "budget": lambda: BudgetDisplay(
        [1, 10], [0.5], mean_scores=[[0.1, 0.2]], se_scores=[[0.1, 0.1]]
    ),
    "penalty": lambda: PenaltyDisplay(
        [-1.0, 1.0], [0.5], penalties=[[1.0, 1.0]], proxes=[[0.0, 0.0]]
    ),
    "pattern": lambda: PatternDisplay(COEFS),
    "coefficients": lambda: CoefficientDisplay(COEFS[0]),
}
displays = pytest.mark.parametrize("make", DISPLAYS.values(), ids=DISPLAYS)


@displays
def test_a_new_figure_is_made_only_when_plotted(make):
    display = make()
    assert not plt.get_fignums()
    assert not hasattr(display, "ax_")
    assert display.plot() is display
    assert display.figure_ is plt.gcf()
    assert display.ax_.figure is display.figure_
    display.figure_.canvas.draw()


@displays
def test_the_axes_of_the_caller_are_drawn_on(make):
    kind = {"kind": "prox"} if isinstance(make(), PenaltyDisplay) else {}
    figure, (left, right) = plt.subplots(1, 2)
    plt.sca(right)
    display = make().plot(left, **kind)
    assert display.ax_ is left and display.figure_ is figure
    assert plt.get_fignums() == [figure.number]
    assert plt.gca() is right and not right.has_data()
    # Once more, on other axes.
    assert display.plot(ax=right, **kind).ax_ is right


@displays
def test_parameters_of_matplotlib_are_left_alone(make):
    before = dict(plt.rcParams)
    make().plot()
    assert dict(plt.rcParams) == before


@displays
@pytest.mark.parametrize("ax", ["here", 3])
def test_what_is_no_axes_is_refused(make, ax):
    with pytest.raises(ValueError, match="ax must be None or"):
        make().plot(ax)


@displays
def test_without_matplotlib_the_extra_is_named(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    display = make()
    with pytest.raises(ImportError, match=r'pip install "skl-sparse\[plot\]"') as error:
        display.plot()
    assert f"{type(display).__name__}.plot" in str(error.value)


def test_every_display_is_tested_here():
    public = {name for name in skl_sparse.__all__ if name.endswith("Display")}
    assert {type(make()).__name__ for make in DISPLAYS.values()} == public


def covering(boxes):
    """Pairs of boxes that cover each other."""
    return [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: CVDisplay.from_estimator(cv_of(), settings="all"),
        lambda: BudgetDisplay.from_estimator(cv_of()),
        lambda: PenaltyDisplay.from_p(kind="penalty"),
        lambda: PatternDisplay(COEFS).plot(),
    ],
)
def test_legends_do_not_cover_data_and_lie_in_the_figure(draw):
    display = draw()
    display.figure_.canvas.draw()
    legend = display.ax_.get_legend().get_window_extent()
    assert not covering([legend, display.ax_.get_window_extent()])
    assert legend.x1 <= display.figure_.bbox.x1 + 1


@pytest.mark.parametrize("n_features", [5, 5000])
def test_names_of_a_path_do_not_cover_each_other(n_features):
    names = [f"one_hot__department_of_origin=north_by_north_west_{j}" for j in range(n_features)]
    display = PathDisplay.from_path(path_of(n_features), feature_names=names, n_labels=20)
    display.figure_.canvas.draw()
    boxes = [
        Text.get_window_extent(label) for label in display.labels_
    ]  # without the lines to them
    assert len(boxes) == min(n_features, 20)
    assert not covering(boxes)
    assert max(box.x1 for box in boxes) <= display.figure_.bbox.x1 + 1


def test_long_names_are_cut_in_the_middle():
    assert shorten("age") == "age"
    assert shorten("a" * 28) == "a" * 28
    assert shorten("begin" + "x" * 50 + "end", 9) == "begi…xend"
    assert [len(shorten("z" * 100, length)) for length in (7, 8)] == [7, 8]


def test_colours_are_told_apart():
    looks = [tuple(style(k).values()) for k in range(4 * len(PALETTE))]
    assert len(set(looks)) == len(looks)


def test_places_are_spread_as_little_as_can_be(rng):
    np.testing.assert_allclose(spread_out(np.array([0.1, 0.9, 0.5]), 0.1), [0.1, 0.9, 0.5])
    np.testing.assert_allclose(spread_out(np.array([0.5, 0.5]), 0.1), [0.45, 0.55])
    np.testing.assert_allclose(spread_out(np.array([1.0, 1.0]), 0.1), [0.9, 1.0])
    places = spread_out(rng.random(15), 0.05)
    assert np.diff(np.sort(places)).min() >= 0.05 - 1e-12
    assert places.min() >= 0 and places.max() <= 1
    assert spread_out(np.empty(0), 0.1).size == 0
