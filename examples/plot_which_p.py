"""
Which p should I use?
=====================

The penalty is :math:`\\alpha \\sum_j |w_j|^p`. A small p asks "how many coefficients are there?", a
large one "how large are they?". What does that do to a model's size and to its accuracy on data it
has not seen? The delays of flights (:func:`skl_sparse.datasets.load_flights`), one-hot encoded
together with the date at each airport and hour, answer for one-hot tables.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder

from skl_sparse import SparseLpRegressor, SparseNormalizer, alpha_grid
from skl_sparse.datasets import load_flights

flights = load_flights()
columns = dict(zip(flights.feature_names, flights.data.T.astype(str), strict=True))
columns["date"] = columns["month"] + "/" + columns["day"]
for other in ("origin", "hour"):
    columns[f"date and {other}"] = columns["date"] + " " + columns[other]
table = np.array([columns[name] for name in columns if name not in ("day", "distance")]).T

rows_train, rows_test, y_train, y_test = train_test_split(
    table, flights.target, test_size=0.4, random_state=0
)
encoder = OneHotEncoder(handle_unknown="ignore", min_frequency=20)
normalizer = SparseNormalizer("rms")
X_train = normalizer.fit_transform(encoder.fit_transform(rows_train))
X_test = normalizer.transform(encoder.transform(rows_test))
print(f"{X_train.shape[0]:,} rows, {X_train.shape[1]:,} columns")

# %%
# One grid for every p
# --------------------
# The same alpha is a weak penalty for one p and a strong one for another. What can be compared, for
# :math:`p \le 1`, is the correlation with the target up to which a column stays out of the model.
# :func:`skl_sparse.alpha_grid` gives each p the alphas that belong to the same correlations, from
# where all coefficients are zero (left out here) to ``eps`` of that. Above p = 1 no coefficient is
# exactly zero; there the grid starts where hardly anything is left, and its end is of use.

alphas = {
    p: alpha_grid(X_train, y_train, p=p, n_alphas=7, eps=0.04)[1:] for p in (0.0, 0.5, 1.0)
} | {p: alpha_grid(X_train, y_train, p=p, n_alphas=9, eps=0.005)[3:] for p in (1.5, 2.0)}

curves = {}
for p, grid in alphas.items():
    models = [SparseLpRegressor(alpha, p=p).fit(X_train, y_train) for alpha in grid]
    curves[p] = np.array(
        [(np.count_nonzero(model.coef_), model.score(X_test, y_test)) for model in models]
    )

# %%
# The answer
# ----------
# For each p, the best fit of its grid, and the smallest model within 0.01 of the best of all. Where
# no fit of a grid is that good, there is no such model.

best_of_all = max(points[:, 1].max() for points in curves.values())
print(f"{'p':>5}{'best R2':>9}{'with columns':>14}{'enough columns':>16}")
for p, points in curves.items():
    n_kept, r2 = points[np.argmax(points[:, 1])]
    enough = points[points[:, 1] > best_of_all - 0.01, 0]
    text = f"{enough.min():,.0f}" if len(enough) else "-"
    print(f"{p:5.2f}{r2:9.3f}{n_kept:14,.0f}{text:>16}")

figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
for color, (p, points) in zip(
    plt.cm.viridis(np.linspace(0, 0.9, len(curves))), curves.items(), strict=True
):
    axes.plot(*points.T, "o-" if p <= 1 else "s", color=color, label=f"p = {p:g}")
axes.axhspan(best_of_all - 0.01, best_of_all, color="0.9", zorder=0)
axes.set(xscale="log", xlabel="columns kept", ylabel="$R^2$ on held-out flights")
axes.set_title("The same accuracy at very different sizes (grey: within 0.01 of the best)")
axes.legend()
plt.show()

# %%
# - Accuracy hardly depends on p here: the best fits differ by less than 0.01, too little to choose
#   by on 16,000 flights.
# - Size does. The Lasso (p = 1) shrinks the columns that it keeps and compensates with more
#   columns. p = 1/2 hardly shrinks large coefficients and needs about half the columns.
# - p = 0 does not shrink. It is as good as any for very small models, and somewhat worse for large
#   ones, where shrinkage protects from noise. It is also the hardest to minimise.
# - p > 1 keeps every column.
#
# So use p = 1/2 for a small model, p = 1 if the last bit of accuracy counts or the problem should
# have one minimum, and p = 2 if nobody will read the coefficients. Or put several in the grid of a
# search, each with alphas of its own. The held-out flights were used to draw these curves and to
# choose the best points, so the figures compare, and do not estimate accuracy.
