"""
Which flights arrive late? A tuned model
========================================

A table of categories becomes thousands of columns of zeros and ones when its columns are crossed,
and most of them carry no information. Here are the three operators of this library on such a
table, tuned by cross-validation, compared with scikit-learn's Lasso and Ridge. How few of the
columns explain the delay of a flight as well as all of them?

The data are 40,000 flights out of New York in 2013 (:func:`skl_sparse.datasets.load_flights`).
Nothing known only after departure is used. Rows are split at random, so the question is how much
of a flight's delay follows from the other flights of its day; it is not a forecast. Most of a
delay is chance, so no model has a high :math:`R^2` here.
"""

# %%
# From categories to columns
# --------------------------
# A date says more than a month and a day, and a date at an airport or in an hour says even more,
# because of the weather. ``OneHotEncoder`` turns each value into a column of a CSR matrix;
# values seen in fewer than 20 flights share one.

import os
import time
from calendar import month_abbr
from pathlib import Path

import numpy as np
from sklearn.linear_model import Lasso, Ridge
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from skl_sparse import (
    SparseDropoutReplacer,
    SparseLpRegressor,
    SparseLpRegressorCV,
    SparseNormalizer,
)
from skl_sparse.datasets import load_flights

FEATURES = [
    *["month", "weekday", "hour", "carrier", "origin", "dest", "tailnum"],
    *["date", "date, origin", "date, hour", "date, carrier", "date, dest"],
    *["month, hour", "hour, origin", "hour, carrier", "carrier, dest"],
]

flights = load_flights()


def cross(X):
    """One column of text for each entry of FEATURES: the values of its columns, joined."""
    columns = dict(zip(flights.feature_names, X.astype(str).T, strict=True))
    columns["date"] = [f"{month_abbr[month]} {day}" for month, day in X[:, :2]]
    crossed = np.empty((len(X), len(FEATURES)), dtype=object)
    for j, feature in enumerate(FEATURES):
        values = zip(*(columns[name] for name in feature.split(", ")), strict=True)
        crossed[:, j] = [", ".join(value) for value in values]
    return crossed


def cross_names(transformer, input_features):
    return np.array(FEATURES, dtype=object)


def name_and_value(name, value):
    return f"{name} = {value}"


encode = make_pipeline(
    FunctionTransformer(cross, feature_names_out=cross_names),
    OneHotEncoder(handle_unknown="ignore", min_frequency=20, feature_name_combiner=name_and_value),
)

rows_train, rows_test, y_train, y_test = train_test_split(
    flights.data, flights.target, test_size=0.25, random_state=0
)
# The encoding looks at no delay: done once, outside the search.
X_train = encode.fit_transform(rows_train)
X_test = encode.transform(rows_test)
names = encode.get_feature_names_out(flights.feature_names)
n_rows, n_columns = X_train.shape
print(f"{n_rows:,} rows, {n_columns:,} columns, {X_train.nnz / n_rows:.0f} non-zeros a row")

# %%
# Columns of one scale
# --------------------
# ``SparseNormalizer`` gives every column the same root mean square, so that a coefficient is
# judged by how sure it is, not by how common its column. "rms" and not "l2": it does not grow with
# the number of rows, so an ``alpha`` found on two thirds of the rows fits all of them.

normalize = SparseNormalizer("rms").fit(X_train)
Z_train, Z_test = normalize.transform(X_train), normalize.transform(X_test)

# %%
# alpha, p and the ridge term, tuned together
# -------------------------------------------
# ``SparseLpRegressorCV`` makes a grid of alpha for each p: the geometric series of the correlation
# with the delay at which a column enters, from where all coefficients are zero to ``eps`` of that.

folds = KFold(3, shuffle=True, random_state=0)
started = time.perf_counter()
search = SparseLpRegressorCV(
    p=[0.5, 1.0], alpha_l2=[0.0, 0.1, 0.3], alphas=16, eps=0.025, cv=folds, scoring="r2", n_jobs=-1
).fit(Z_train, y_train)
n_fits = search.alphas_.size + search.score_path_.size
print(f"{n_fits} fits in {time.perf_counter() - started:.0f} s")

# Ridge gets the same folds, and may choose whether to have the columns normalised.
with_ridge = Pipeline(
    [("normalize", SparseNormalizer("rms")), ("regress", Ridge(solver="sparse_cg"))]
)
ridge_grids = [
    {"regress__alpha": n_rows * np.geomspace(0.1, 3, 4)},
    {"normalize": ["passthrough"], "regress__alpha": np.geomspace(3, 300, 5)},
]
ridge = GridSearchCV(with_ridge, ridge_grids, cv=folds).fit(X_train, y_train)
ridge_r2 = ridge.score(X_test, y_test)

# %%
# On flights that no model has seen
# ---------------------------------
# Without a budget. The Lasso is scikit-learn's, at the alpha chosen for p = 1 without a ridge term:
# the same model, within the tolerances of both.


def certificate(regressor):
    """How far the fit may be from an optimum, in shares of the objective of the empty model."""
    if isinstance(regressor, Lasso):
        return f"gap {regressor.dual_gap_ / (np.var(y_train) / 2):.0e}"
    if regressor.p >= 1:
        return f"gap {regressor.dual_gap_:.0e}"
    return f"optimality {regressor.optimality_:.0e}"


best = {
    "p = 0.5": search.select(p=0.5),
    "p = 1": search.select(p=1.0),
    "p = 1, no ridge": search.select(p=1.0, alpha_l2=0.0),
}
best["Lasso"] = Lasso(best["p = 1, no ridge"].alpha).fit(Z_train, y_train)
print(f"{'':17}{'R2':>7}{'non-zeros':>11}  {'certificate':18} chosen")
for label, regressor in best.items():
    chosen = f"alpha = {regressor.alpha:.3g}"
    if getattr(regressor, "alpha_l2", 0.0):
        chosen += f", alpha_l2 = {regressor.alpha_l2:.3g}"
    r2, n_kept = regressor.score(Z_test, y_test), np.count_nonzero(regressor.coef_)
    print(f"{label:17}{r2:7.3f}{n_kept:11,}  {certificate(regressor):18} {chosen}")
chosen = f"alpha = {ridge.best_params_['regress__alpha']:.3g}"
chosen += ", not normalised" if "normalize" in ridge.best_params_ else ""
print(f"{'Ridge':17}{ridge_r2:7.3f}{n_columns:11,}  {'none':18} {chosen}")

# %%
# How few columns are enough?
# ---------------------------
# ``select`` gives the best model with at most so many columns, without a new fit.

BUDGETS = (10, 20, 40, 80, 160, 320, 640, 1280)


def scores_at(**setting):
    """R2 on the held-out flights for each budget of columns."""
    models = (search.select(max_nonzeros=budget, **setting) for budget in BUDGETS)
    return [model.score(Z_test, y_test) for model in models]


curves = {
    "p and ridge term tuned": scores_at(),
    "p = 1 and ridge term (elastic net)": scores_at(p=1.0),
    "p = 1, no ridge term (the Lasso)": scores_at(p=1.0, alpha_l2=0.0),
}
print(f"{'columns, at most':36}" + "".join(f"{budget:8,}" for budget in BUDGETS))
for label, scores in curves.items():
    print(f"{label:36}" + "".join(f"{score:8.3f}" for score in scores))

# %%
# What noise and masking bring
# ----------------------------
# ``SparseDropoutReplacer`` drops entries while a pipeline is fitted, and passes the data unchanged
# in prediction; ``sparsity_threshold`` removes small coefficients. The mean :math:`R^2` of the folds
# at the alpha chosen above. Noise is a ridge penalty by chance (there is an example about it), and
# a threshold does little for a small p, which leaves no small coefficients.

budget_model = search.select(max_nonzeros=160)
pipeline = Pipeline(
    [
        ("normalize", SparseNormalizer("rms")),
        ("noise", SparseDropoutReplacer(rescale=True, random_state=0)),
        ("regress", SparseLpRegressor(**budget_model.get_params())),
    ]
)
grid = {"noise__dropout_rate": [0.0, 0.1, 0.3], "regress__sparsity_threshold": [0.0, 0.3]}
table = GridSearchCV(pipeline, grid, cv=folds).fit(X_train, y_train).cv_results_
for params, score in zip(table["params"], table["mean_test_score"], strict=True):
    print(", ".join(f"{key.split('__')[1]} = {value}" for key, value in params.items()), end="")
    print(f": {score:.3f}")

# %%
# The strongest columns of the best model with at most 160, in minutes for a flight that has them: a
# coefficient divided by its column's scale.

minutes = budget_model.coef_ / normalize.scale_
impact = np.abs(budget_model.coef_)
strongest = np.argsort(-impact)[:15]
print("Strongest columns (minutes of delay, flights that have it):")
for j in strongest:
    print(f"{minutes[j]:+8.1f} {X_train[:, [j]].nnz:7,}   {names[j]}")

# %%

import matplotlib

if os.environ.get("SKL_SPARSE_DEMO_OUTPUT"):
    matplotlib.use("Agg")
import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(
    1, 2, figsize=(12, 5), width_ratios=(3, 2), layout="constrained"
)
for (label, scores), style in zip(curves.items(), ("C3o-", "C0s-", "k+:"), strict=True):
    left.plot(BUDGETS, scores, style, label=label)
left.axhline(ridge_r2, color="0.6", ls="--")
left.annotate(
    f"Ridge, all {n_columns:,} columns", (0, ridge_r2), (6, -14),
    xycoords=("axes fraction", "data"), textcoords="offset points", color="0.4",
)  # fmt: skip
left.set(
    xscale="log", xlabel="budget of columns", ylabel="$R^2$ on held-out flights",
    title="How few columns are enough?",
)  # fmt: skip
left.set_xticks(BUDGETS, [f"{budget:,}" for budget in BUDGETS])
left.minorticks_off()
left.legend(loc="lower right")

order = strongest[np.argsort(minutes[strongest])]
right.barh(range(len(order)), minutes[order], color=np.where(minutes[order] > 0, "C3", "C0"))
right.set_yticks(range(len(order)), names[order], fontsize=8)
right.set(
    xlabel="minutes of delay",
    title=f"Strongest of {np.count_nonzero(impact)} columns, p = {budget_model.p:g}",
)
right.axvline(0, color="k", lw=0.8)

if folder := os.environ.get("SKL_SPARSE_DEMO_OUTPUT"):
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = Path(folder) / "flights_demo.png"
    figure.savefig(path, dpi=120)
    print(f"Picture: {path}")
else:
    plt.show()
