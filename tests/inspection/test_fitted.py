"""Displays and tables of real paths and cross-validated models."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from skl_sparse import (
    BudgetDisplay,
    CoefficientDisplay,
    CVDisplay,
    PathDisplay,
    PatternDisplay,
    SparseLpRegressor,
    SparseLpRegressorCV,
    coefficient_table,
    lp_path,
)

NAMES = [f"feature {j}" for j in range(12)]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(90, 12)), columns=NAMES)
    y = X.iloc[:, 0] - 2.0 * X.iloc[:, 5] + 0.3 * X.iloc[:, 7] + 0.5 * rng.normal(size=90)
    return X, y


@pytest.fixture(scope="module")
def model(data):
    return SparseLpRegressorCV(
        alphas=15, p=[0.5, 1.0], alpha_l2=[0.0, 0.1], cv=4, store_fold_coefs=True
    ).fit(*data)


def test_a_path(data):
    path = lp_path(*data, p=0.5, alphas=15)
    display = PathDisplay.from_path(path)
    assert {label.get_text() for label in display.labels_} <= set(NAMES)
    display = PathDisplay.from_path(path, x="correlation")
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), path.correlations)
    display = PatternDisplay.from_path(path)
    assert set(display.columns_) == set(path.coefs.indices)
    display.figure_.canvas.draw()


@pytest.mark.parametrize("setting", [None, 0, 3])
def test_the_path_of_a_setting(model, setting):
    display = PathDisplay.from_estimator(model, setting=setting)
    chosen = model.best_index_[0] if setting is None else setting
    np.testing.assert_array_equal(display.alphas, model.alphas_[chosen])
    assert display.labels_[0].get_text() == "feature 5"


@pytest.mark.parametrize("rule", ["min", "1se"])
def test_the_choices_are_those_of_select(model, rule):
    display = CVDisplay.from_estimator(model, settings="all")
    assert set(display.choices_) == {"min", "1se"}
    setting, alpha = display.choices[rule]
    selected = model.select(rule)
    assert selected.alpha == model.alphas_[setting, alpha]
    assert selected.p == model.settings_[setting]["p"]


def test_a_choice_by_another_rule_is_marked(data):
    model = SparseLpRegressorCV(alphas=15, cv=4, max_nonzeros=2).fit(*data)
    display = CVDisplay.from_estimator(model)
    assert display.choices["chosen"] == model.best_index_
    assert (
        display.choices_["chosen"].get_label() == f"chosen: {np.count_nonzero(model.coef_)} columns"
    )


def test_scores_at_a_budget_are_those_of_the_candidates(model):
    display = BudgetDisplay.from_estimator(model, budgets=[1, 2, 12])
    results = pd.DataFrame(model.cv_results_)
    for i, p in enumerate(display.p):
        for k, budget in enumerate(display.budgets):
            allowed = results[(results.param_p == p) & (results.n_nonzeros <= budget)]
            best = allowed.mean_test_score.idxmax()
            assert display.mean_scores[i, k] == allowed.mean_test_score[best]
            assert display.se_scores[i, k] == allowed.se_test_score[best]


def test_the_table_tells_how_many_folds_keep_a_column(data, model):
    table = coefficient_table(model, data[0])
    assert list(table["name"][:2]) == ["feature 5", "feature 0"]
    assert list(table["fold_share"][:2]) == [1.0, 1.0]
    assert table["fold_share"].isin(np.arange(5) / 4).all()
    assert len(table) == np.count_nonzero(model.coef_)
    assert "fold_share" not in coefficient_table(model.select("1se"))


def test_the_coefficients_of_the_chosen_model(data, model):
    display = CoefficientDisplay.from_estimator(model, data[0])
    assert len(display.bars_) == min(20, np.count_nonzero(model.coef_))
    assert display.ax_.get_yticklabels()[0].get_text() == "feature 5"


@pytest.mark.parametrize("display", [BudgetDisplay, CVDisplay, PathDisplay])
def test_only_cross_validated_models_have_scores_and_paths(data, display):
    with pytest.raises(NotFittedError):
        display.from_estimator(SparseLpRegressorCV())
    with pytest.raises(
        TypeError, match="estimator must be a fitted SparseLpRegressorCV, got Sparse"
    ):
        display.from_estimator(SparseLpRegressor().fit(*data))


@pytest.mark.parametrize("display", [PathDisplay, PatternDisplay])
def test_a_path_is_what_lp_path_returns(model, display):
    with pytest.raises(
        TypeError, match="path must be an LpPath, as lp_path returns it, got Sparse"
    ):
        display.from_path(model)
