"""CVDisplay and BudgetDisplay."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up import cv_of

from skl_sparse import BudgetDisplay, CVDisplay

# -- against alpha -----------------------------------------------------------------------------


def test_the_chosen_settings_are_drawn_with_errors_and_choices():
    estimator = cv_of()
    display = CVDisplay.from_estimator(estimator)
    mean = estimator.mean_score_path_
    best = np.unravel_index(mean.argmax(), mean.shape)
    assert display.choices["min"] == best
    setting, alpha = display.choices["1se"]
    near = mean >= mean[best] - 0.02
    assert estimator.n_nonzeros_path_[setting, alpha] == estimator.n_nonzeros_path_[near].min()
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), mean[best[0]])
    (x,), (y,) = display.choices_["min"].get_data()
    assert y == mean[best]
    assert x in (estimator.alphas_[best], estimator.correlations_[best])
    count = estimator.n_nonzeros_path_[best]
    assert display.choices_["min"].get_label() == f"min: {count} columns"


def test_bands_are_one_standard_error_wide():
    estimator = cv_of()
    (band,) = CVDisplay.from_estimator(estimator, settings=[2]).bands_
    (path,) = band.get_paths()
    mean = estimator.mean_score_path_[2]
    low, high = path.vertices[:, 1].min(), path.vertices[:, 1].max()
    assert (low, high) == pytest.approx((mean.min() - 0.02, mean.max() + 0.02))


def test_one_setting_against_alpha_several_against_the_correlation():
    estimator = cv_of()
    one = CVDisplay.from_estimator(estimator, settings=[3])
    assert one.ax_.get_xlabel() == "alpha"
    np.testing.assert_array_equal(one.lines_[0].get_xdata(), estimator.alphas_[3])
    several = CVDisplay.from_estimator(estimator, settings="all")
    assert several.ax_.get_xlabel().startswith("correlation")
    assert [line.get_label() for line in several.lines_] == [
        f"p = {p}, alpha_l2_ratio = {ratio}" for p in ("0.5", "1") for ratio in ("0", "0.1")
    ]
    alphas = CVDisplay.from_estimator(estimator, settings=[0, 3], x="alpha")
    np.testing.assert_array_equal(alphas.lines_[1].get_xdata(), estimator.alphas_[3])


def test_numbers_of_nonzeros_stand_above_their_strengths():
    estimator = cv_of()
    display = CVDisplay.from_estimator(estimator, settings=[1])
    display.figure_.canvas.draw()
    top = display.nonzeros_ax_
    counts = dict(zip(estimator.alphas_[1], estimator.n_nonzeros_path_[1], strict=True))
    ticks = list(zip(top.get_xticks(), top.get_xticklabels(), strict=True))
    assert len(ticks) >= 5
    for alpha, label in ticks:
        assert label.get_text() == str(counts[alpha])
        (above, _) = display.ax_.transData.transform((alpha, 0.0))
        assert top.transData.transform((alpha, 0.0))[0] == pytest.approx(above)


def test_choices_on_lines_that_are_not_drawn_are_left_out():
    display = CVDisplay.from_estimator(cv_of(), settings=[2])
    assert 2 not in [setting for setting, _ in display.choices.values()]
    assert display.choices_ == {}


def test_the_model_that_another_rule_chose_is_marked_too():
    estimator = cv_of()
    assert set(CVDisplay.from_estimator(estimator).choices) == {"min", "1se"}
    estimator.best_index_ = (2, 25)
    display = CVDisplay.from_estimator(estimator)
    (x,), (y,) = display.choices_["chosen"].get_data()
    assert (x, y) == (estimator.correlations_[2, 25], estimator.mean_score_path_[2, 25])


@pytest.mark.parametrize(
    ("scoring", "label"),
    [
        (None, "mean score (minus the mean squared error)"),
        ("neg_mean_absolute_error", "mean score (neg mean absolute error)"),
        (len, "mean score"),
    ],
)
def test_the_score_is_named(scoring, label):
    assert CVDisplay.from_estimator(cv_of(scoring=scoring)).ax_.get_ylabel() == label


def test_one_strength_and_a_strength_of_zero():
    one = CVDisplay.from_estimator(cv_of(n_alphas=1))
    one.figure_.canvas.draw()
    estimator = cv_of()
    estimator.alphas_[:, -1] = 0.0
    display = CVDisplay.from_estimator(estimator, x="alpha")
    assert display.nonzeros_ax_ is None
    assert display.ax_.get_xscale() == "symlog"
    display.figure_.canvas.draw()


def test_scores_that_are_nan_are_passed_over():
    estimator = cv_of()
    estimator.mean_score_path_[:, -1] = np.nan
    estimator.mean_score_path_[0] = np.nan
    display = CVDisplay.from_estimator(estimator, settings="all")
    assert all(np.isfinite(estimator.mean_score_path_[place]) for place in display.choices.values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alphas": [1.0, 0.1]}, r"alphas must have shape \(n_settings, n_alphas\)"),
        ({"alphas": [[1.0, -0.1]]}, "alphas must be >= 0, got -0.1"),
        ({"mean_scores": [[1.0]]}, r"mean_scores must have shape \(1, 2\), got \(1, 1\)"),
        ({"settings": []}, "settings must have length 1, one a row of alphas, got 0"),
        ({"choices": {"min": (0, 2)}}, r"choices must be places in shape \(1, 2\), got \(0, 2\)"),
        ({"correlations": [1.0]}, r"correlations must have shape \(1, 2\), got \(1,\)"),
    ],
)
def test_scores_that_do_not_fit_together(changes, message):
    data = {
        "alphas": [[1.0, 0.1]],
        "mean_scores": [[0.0, 1.0]],
        "se_scores": [[0.1, 0.1]],
        "n_nonzeros": [[0, 1]],
        "settings": [{}],
    } | changes
    with pytest.raises(ValueError, match=message):
        CVDisplay(**data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "p"}, "x must be 'auto', 'alpha' or 'correlation', got 'p'"),
        ({"settings": [4]}, "each of settings must be an integer >= 0 and <= 3, got 4"),
        ({"settings": []}, "settings must name at least one setting, got none"),
        ({"settings": "best"}, "settings must be 'chosen' or 'all', got 'best'"),
    ],
)
def test_wrong_options_make_no_figure(options, message):
    with pytest.raises(ValueError, match=message):
        CVDisplay.from_estimator(cv_of(), **options)
    assert not plt.get_fignums()


# -- against the number of columns -------------------------------------------------------------


def test_the_best_of_all_settings_with_at_most_so_many_columns():
    estimator = cv_of()
    display = BudgetDisplay.from_estimator(estimator, budgets=[2, 20, 400])
    assert [line.get_label() for line in display.lines_] == ["p = 0.5", "p = 1"]
    for i, p in enumerate([0.5, 1.0]):
        rows = [k for k, setting in enumerate(estimator.settings_) if setting["p"] == p]
        means, sizes = estimator.mean_score_path_[rows], estimator.n_nonzeros_path_[rows]
        expected = [means[sizes <= budget].max() for budget in (2, 20, 400)]
        np.testing.assert_array_equal(display.lines_[i].get_ydata(), expected)
    np.testing.assert_array_equal(display.se_scores, np.full((2, 3), 0.02))


def test_default_budgets_end_with_the_largest_model():
    display = BudgetDisplay.from_estimator(cv_of())
    assert display.budgets[0] == 1 and display.budgets[-1] == 500
    assert (np.diff(display.mean_scores) >= 0).all()
    assert display.ax_.get_xscale() == "log"


def test_p_without_small_models_begins_where_it_has_one():
    estimator = cv_of(ps=(1.0, 2.0))
    estimator.n_nonzeros_path_[2:] = 500
    display = BudgetDisplay.from_estimator(estimator)
    assert np.isnan(display.mean_scores[1, :-1]).all() and np.isfinite(display.mean_scores[1, -1])
    display.figure_.canvas.draw()


def test_models_without_columns_alone():
    estimator = cv_of(n_alphas=1)
    display = BudgetDisplay.from_estimator(estimator)
    np.testing.assert_array_equal(display.budgets, [1.0])
    display.figure_.canvas.draw()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budgets": [10, 1]}, "budgets must be >= 1 and ascend"),
        ({"budgets": [0, 1]}, "budgets must be >= 1 and ascend"),
        ({"p": []}, "p must be a 1-D array of finite numbers"),
        ({"se_scores": [[0.1]]}, r"se_scores must have shape \(1, 2\), got \(1, 1\)"),
    ],
)
def test_budgets_that_do_not_fit_together(changes, message):
    data = {"budgets": [1, 5], "p": [1.0], "mean_scores": [[0, 1]], "se_scores": [[0, 0]]}
    with pytest.raises(ValueError, match=message):
        BudgetDisplay(**(data | changes))
