"""
Which flights arrive late? A tuned pipeline
===========================================

A table of categories becomes thousands of columns of zeros and ones when its columns are crossed,
and most of them carry no information. Here are the three operators of this library on such a
table, in a pipeline tuned by grid search, compared with scikit-learn's Lasso and Ridge. How few of
the columns explain the delay of a flight as well as all of them?

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
from sklearn.base import clone
from sklearn.linear_model import Lasso, Ridge
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from skl_sparse import SparseDropoutReplacer, SparseLpRegressor, SparseNormalizer
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
# The pipeline
# ------------
# ``SparseNormalizer`` gives every column the same root mean square, so that a coefficient is
# judged by how sure it is, not by how common its column. "rms" and not "l2": it does not grow with
# the number of rows, so an ``alpha`` found on two thirds of the rows fits all of them.
# ``SparseDropoutReplacer`` drops entries while fitting, and passes the data unchanged in
# prediction.

pipeline = Pipeline(
    [
        ("normalize", SparseNormalizer("rms")),
        ("noise", SparseDropoutReplacer(0.0, rescale=True, random_state=0)),
        ("regress", SparseLpRegressor()),
    ]
)

# %%
# Grids that mean the same for every p
# ------------------------------------
# One column of unit root mean square stays out of the model until its correlation with the delay
# exceeds
#
# .. math:: t = (2\alpha(1-p))^{1/(2-p)} + \alpha p \, (2\alpha(1-p))^{(p-1)/(2-p)}
#
# which is :math:`\alpha` itself for :math:`p = 1`. So the grid is written in :math:`t`, as shares
# of the value at which every model is empty, and each p gets the alphas that belong to it.

SHARES = np.geomspace(0.4, 0.025, 5)


def alpha_max(X, y):
    """The smallest alpha at which the Lasso keeps nothing."""
    return np.max(np.abs(X.T @ (y - y.mean()))) / len(y)


def alpha_at(threshold, p):
    """The alpha at which a column enters once its correlation exceeds the threshold."""
    unit = (2 * (1 - p)) ** (1 / (2 - p)) + p * (2 * (1 - p)) ** ((p - 1) / (2 - p))
    return (threshold / unit) ** (2 - p)


top = alpha_max(SparseNormalizer("rms").fit_transform(X_train), y_train)
top_raw = alpha_max(X_train, y_train)
alphas = {p: alpha_at(top * SHARES, p) for p in (0.5, 1.0)}

searches = {
    f"SparseLp, p = {p:g}": (
        pipeline,
        {
            "regress__p": [p],
            "regress__alpha": alphas[p],
            "regress__sparsity_threshold": [0.0, 0.3],
            "noise__dropout_rate": [0.0, 0.1, 0.3],
        },
    )
    for p in alphas
}

# %%
# Lasso and Ridge get the same folds, and may choose whether to have the columns normalised.

with_lasso = Pipeline([("normalize", SparseNormalizer("rms")), ("regress", Lasso())])
with_ridge = Pipeline(
    [("normalize", SparseNormalizer("rms")), ("regress", Ridge(solver="sparse_cg"))]
)
searches["Lasso"] = (
    with_lasso,
    [
        {"regress__alpha": top * SHARES},
        {"normalize": ["passthrough"], "regress__alpha": top_raw * SHARES / 5},
    ],
)
searches["Ridge"] = (
    with_ridge,
    [
        {"regress__alpha": n_rows * np.geomspace(0.1, 3, 4)},
        {"normalize": ["passthrough"], "regress__alpha": np.geomspace(3, 300, 5)},
    ],
)

folds = KFold(3, shuffle=True, random_state=0)
started = time.perf_counter()
best = {}
for label, (model, grid) in searches.items():
    best[label] = GridSearchCV(model, grid, cv=folds, n_jobs=-1).fit(X_train, y_train)
n_fits = sum(search.n_splits_ * len(search.cv_results_["params"]) for search in best.values())
print(f"{n_fits} fits in {time.perf_counter() - started:.0f} s")

# %%
# On flights that no model has seen
# ---------------------------------


def certificate(regressor):
    """How far the fit may be from an optimum, in shares of the objective of the empty model."""
    if isinstance(regressor, Lasso):
        return f"gap {regressor.dual_gap_ / (np.var(y_train) / 2):.0e}"
    if not isinstance(regressor, SparseLpRegressor):
        return "none"
    if regressor.p >= 1:
        return f"gap {regressor.dual_gap_:.0e}"
    return f"optimality {regressor.optimality_:.0e}"


print(f"{'':18}{'R2':>7}{'non-zeros':>11}{'fit time':>10}  {'certificate':18} chosen")
results = {}
for label, search in best.items():
    steps = clone(search.best_estimator_)
    regressor = steps[-1]
    X = steps[:-1].fit_transform(X_train)
    started = time.perf_counter()
    regressor.fit(X, y_train)
    seconds = time.perf_counter() - started
    r2, n_kept = steps.score(X_test, y_test), np.count_nonzero(regressor.coef_)
    results[label] = n_kept, r2
    chosen = ", ".join(
        f"{key.split('__')[-1]} = {value if isinstance(value, str) else format(value, '.3g')}"
        for key, value in search.best_params_.items()
    )
    print(f"{label:18}{r2:7.3f}{n_kept:11,}{seconds:8.2f} s  {certificate(regressor):18} {chosen}")

# %%
# What noise and masking bring
# ----------------------------
# The best mean :math:`R^2` of the folds for each choice, whatever the other parameters. Noise is
# a ridge penalty by chance (there is an example about it), so the search may well choose 0. Nor
# does a threshold do much for a small p, which leaves no small coefficients.

for label in list(best)[:2]:
    table = best[label].cv_results_
    for parameter in ("noise__dropout_rate", "regress__sparsity_threshold"):
        values = np.asarray(table[f"param_{parameter}"], dtype=float)
        scores = [
            f"{value:g}: {table['mean_test_score'][values == value].max():.3f}"
            for value in np.unique(values)
        ]
        print(f"{label}, {parameter.split('__')[1]:19}", "   ".join(scores))

# %%
# How few columns are enough?
# ---------------------------
# The same models along the whole grid, without noise, on the held-out flights. The Lasso of
# scikit-learn and p = 1 are one curve, as they should be.

normalize = SparseNormalizer("rms").fit(X_train)
Z_train, Z_test = normalize.transform(X_train), normalize.transform(X_test)


def curve(regressors):
    points = []
    for regressor in regressors:
        regressor.fit(Z_train, y_train)
        points.append((np.count_nonzero(regressor.coef_), regressor.score(Z_test, y_test)))
    return np.array(points).T


curves = {
    f"p = {p:g}": curve([SparseLpRegressor(alpha, p=p) for alpha in alphas[p]]) for p in alphas
}
curves["Lasso"] = curve([Lasso(alpha) for alpha in alphas[1.0]])

# %%
# The strongest columns of the sparsest good model, in minutes for a flight that has them: a
# coefficient divided by its column's scale.

chosen = best["SparseLp, p = 0.5"].best_estimator_
minutes = chosen["regress"].coef_ / chosen["normalize"].scale_
impact = np.abs(chosen["regress"].coef_)
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
for (label, points), style in zip(curves.items(), ("C3o-", "C0s-", "k+:"), strict=True):
    left.plot(*points, style, label=label)
    left.plot(
        *results.get(label, results.get(f"SparseLp, {label}")), "*", c=style[:-2], ms=18, mec="k"
    )
left.axhline(results["Ridge"][1], color="0.6", ls="--")
left.annotate(
    f"Ridge, all {n_columns:,} columns", (1, results["Ridge"][1]), (0.02, 4),
    xycoords=("axes fraction", "data"), textcoords=("axes fraction", "offset points"), color="0.4",
)  # fmt: skip
left.plot([], [], "*", c="w", ms=14, mec="k", label="chosen by cross-validation")
left.set(
    xscale="log", xlabel="columns kept", ylabel="$R^2$ on held-out flights",
    title="How few columns are enough?",
)  # fmt: skip
left.legend(loc="lower right")

order = strongest[np.argsort(minutes[strongest])]
right.barh(range(len(order)), minutes[order], color=np.where(minutes[order] > 0, "C3", "C0"))
right.set_yticks(range(len(order)), names[order], fontsize=8)
right.set(xlabel="minutes of delay", title="Strongest columns kept, p = 0.5")
right.axvline(0, color="k", lw=0.8)

if folder := os.environ.get("SKL_SPARSE_DEMO_OUTPUT"):
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = Path(folder) / "flights_demo.png"
    figure.savefig(path, dpi=120)
    print(f"Picture: {path}")
else:
    plt.show()
