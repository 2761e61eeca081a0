"""
Does replacement noise help?
============================

In a linear model, dropout has a meaning that can be written down. Drop each entry with
probability :math:`\\delta` and divide what is left by :math:`1 - \\delta`; then the squared error,
averaged over the noise, is the squared error without noise plus

.. math:: \\frac{\\delta}{1-\\delta} \\cdot \\frac12 \\sum_j w_j^2 \\, \\frac1n \\sum_i x_{ij}^2

(Wager, Wang and Liang 2013, *Dropout training as adaptive regularization*). Behind
``SparseNormalizer("rms")`` the last factor is 1, so noise at rate :math:`\\delta` is, in expectation,
``alpha_l2`` = :math:`\\delta / (1 - \\delta)`: a ridge penalty, got by chance instead of exactly.
Does it help, and does the exact one do better? We ask on little text, where a model needs help
most (:func:`skl_sparse.datasets.load_spam`).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skl_sparse import SparseDropoutReplacer, SparseLpRegressor, SparseNormalizer
from skl_sparse.datasets import load_spam

texts, y = load_spam(return_X_y=True)
X = TfidfVectorizer(min_df=3, sublinear_tf=True).fit_transform(texts)
print("{:,} messages, {:,} words".format(*X.shape))
folds = KFold(5, shuffle=True, random_state=0)

# %%
# Four ways to fit, for each rate
# -------------------------------
# With noise; with the ridge penalty that the noise amounts to; with noise that keeps the signal's
# expectation wrong (``rescale=False``); and with the training rows seen five times, each time with
# other noise, by ``resample``, so that chance averages out. The penalty :math:`\alpha|w|` is the
# same in all.

ALPHA = 0.02
RATES = (0.0, 0.1, 0.2, 0.35, 0.5)


def scores(*steps, alpha_l2=0.0):
    model = make_pipeline(
        SparseNormalizer("rms"), *steps, SparseLpRegressor(ALPHA, alpha_l2=alpha_l2)
    )
    return cross_val_score(model, X, y, cv=folds)


def scores_of_copies(rate):
    found = []
    for train, test in folds.split(X):
        normalizer = SparseNormalizer("rms").fit(X[train])
        noise = SparseDropoutReplacer(rate, rescale=True, random_state=0)
        noisy, y_noisy = noise.resample(normalizer.transform(X[train]), y[train], n_copies=4)
        model = SparseLpRegressor(ALPHA).fit(noisy, y_noisy)
        found.append(model.score(normalizer.transform(X[test]), y[test]))
    return np.array(found)


def noise(rate, rescale=True):
    return SparseDropoutReplacer(rate, rescale=rescale, random_state=0)


results = {
    "noise": [scores(noise(rate)) for rate in RATES],
    "noise, rescale=False": [scores(noise(rate, rescale=False)) for rate in RATES],
    "original and 4 noisy copies": [scores_of_copies(rate) for rate in RATES],
    "ridge, alpha_l2 = rate / (1 - rate)": [scores(alpha_l2=rate / (1 - rate)) for rate in RATES],
}

# %%
# What comes out
# --------------
# Mean :math:`R^2` over five folds, and its difference from the fit without noise with the standard
# error of that difference, fold by fold: less than twice the error is no evidence.

print(f"{'':36}" + "".join(f"{rate:>18.0%}" for rate in RATES))
for label, rows in results.items():
    cells = []
    for found in rows:
        difference = found - results["noise"][0]
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        cells.append(f"{found.mean():.3f} {difference.mean():+.3f} ±{error:.3f}")
    print(f"{label:36}" + "".join(f"{cell:>20}" for cell in cells))

figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
for label, rows in results.items():
    axes.plot(RATES, [found.mean() for found in rows], "o-", label=label)
axes.set(xlabel="dropout rate", ylabel="$R^2$, mean of five folds", title="Does noise help?")
axes.legend()
plt.show()
