"""
Does replacement noise help?
============================

In a linear model, dropout has a meaning that can be written down. Drop each entry with
probability :math:`\\delta` and divide what is left by :math:`1 - \\delta`; then the squared error,
averaged over the noise, is the squared error without noise plus

.. math:: \\frac{\\delta}{1-\\delta} \\cdot \\frac{1}{2} \\sum_j w_j^2 \\, \\frac{1}{n} \\sum_i x_{ij}^2

(Wager, Wang and Liang 2013, *Dropout training as adaptive regularization*). Behind
``SparseNormalizer("rms")`` the last factor is 1, so noise at rate :math:`\\delta` is, in expectation,
``alpha_l2`` = :math:`\\delta / (1 - \\delta)`: a ridge penalty, at random instead of exactly.
Does it help, and is the exact penalty better? We try it on little text, where a model needs
regularisation most (:func:`skl_sparse.datasets.load_spam`).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import KFold

from skl_sparse import SparseDropoutReplacer, SparseLpRegressor, SparseNormalizer
from skl_sparse.datasets import load_spam

texts, y = load_spam(return_X_y=True)
X = TfidfVectorizer(min_df=3, sublinear_tf=True).fit_transform(texts)
print("{:,} messages, {:,} words".format(*X.shape))

# %%
# Four ways to fit
# ----------------
# With noise, drawn once, as in a pipeline; with noise that is not rescaled, so that training shows
# the model less signal than prediction will; with noise drawn five times, by ``resample``, so that
# it averages out; and without noise, with the ridge penalty that it equals in expectation.
#
# A rate that is good at one ``alpha`` need not be at another, so each way gets the best of the
# same alphas at each rate. If only one of the two is tuned, noise can look useful when it is not.

RATES = (0.0, 0.1, 0.3, 0.5)
ALPHAS = (0.004, 0.01)


def noise(rate, rescale=True):
    return SparseDropoutReplacer(rate, rescale=rescale, random_state=0)


def five_times(X, y, rate):
    """Five noisy copies of the rows, without the original that ``resample`` puts first."""
    noisy, y_noisy = noise(rate).resample(X, y, n_copies=5)
    return noisy[len(y) :], y_noisy[len(y) :]


# What each way trains on, and its ridge penalty.
ways = {
    "noise": lambda X, y, rate: (noise(rate).fit_transform(X), y, 0.0),
    "noise, not rescaled": lambda X, y, rate: (noise(rate, False).fit_transform(X), y, 0.0),
    "noise, five copies": lambda X, y, rate: (*five_times(X, y, rate), 0.0),
    "alpha_l2, no noise": lambda X, y, rate: (X, y, rate / (1 - rate)),
}

# R2 of each way, rate, alpha and fold.
scores = np.empty((len(ways), len(RATES), len(ALPHAS), 4))
for k, (train, test) in enumerate(KFold(4, shuffle=True, random_state=0).split(X)):
    normalizer = SparseNormalizer("rms").fit(X[train])
    Z_train, Z_test = normalizer.transform(X[train]), normalizer.transform(X[test])
    for i, way in enumerate(ways.values()):
        for j, rate in enumerate(RATES):
            Z, t, alpha_l2 = way(Z_train, y[train], rate)
            for a, alpha in enumerate(ALPHAS):
                model = SparseLpRegressor(alpha, alpha_l2=alpha_l2, tol=1e-3).fit(Z, t)
                scores[i, j, a, k] = model.score(Z_test, y[test])

# %%
# What comes out
# --------------
# Mean :math:`R^2` over four folds at the best alpha; and how much that is above the Lasso's, with
# the standard error of this difference from fold to fold: less than twice the error is no evidence.

best = np.argmax(scores.mean(axis=3), axis=2)
tuned = np.take_along_axis(scores, best[:, :, None, None], axis=2)[:, :, 0]
gain = tuned - tuned[:1, :1]
error = gain.std(axis=2, ddof=1) / np.sqrt(gain.shape[2])
print(f"{'':21}" + "".join(f"{f'rate {rate:g}':23}" for rate in RATES))
for i, label in enumerate(ways):
    cells = [
        f"{tuned[i, j].mean():.3f} ({gain[i, j].mean():+.3f} ±{error[i, j]:.3f})"
        for j in range(len(RATES))
    ]
    print(f"{label:21}" + "  ".join(cells))

figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
for i, label in enumerate(ways):
    axes.errorbar(RATES, tuned[i].mean(axis=1), error[i], fmt="o-", capsize=3, label=label)
axes.set(xlabel="dropout rate", ylabel="$R^2$, mean of four folds", title="Does noise help?")
axes.legend()
plt.show()

# %%
# - Noise drawn once, which is what a step of a pipeline does, makes this model worse at every rate.
#   It brings the ridge penalty, but its randomness costs more than the penalty gains. Without
#   rescaling there is a bias too.
# - The penalty is worth having: ``alpha_l2`` takes :math:`R^2` from 0.73 to 0.78, far beyond the
#   error, and costs nothing.
# - Averaged noise approaches it as the number of copies grows, as the formula says, but needs as
#   many times the rows.
#
# So for a linear model and the squared error, tune ``alpha_l2`` instead. Replacement noise is for
# cases without a known penalty: other losses, later steps of a pipeline, or the question how well a
# model tolerates missing entries. Wherever you use it, keep rate 0 in the grid.
