"""
Which words decide?
===================

TF-IDF turns 1,800 messages (:func:`skl_sparse.datasets.load_spam`) into thousands of columns, one a
word. A model that keeps a few dozen of them can be read. How few are enough to tell spam from ham,
and what are they? The label is +1 for spam and -1 for ham, and the model a regression on it.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from skl_sparse import SparseLpRegressor, SparseNormalizer
from skl_sparse.datasets import load_spam

texts, is_spam = load_spam(return_X_y=True)
texts_train, texts_test, y_train, y_test = train_test_split(
    texts, 2.0 * is_spam - 1, test_size=0.25, stratify=is_spam, random_state=0
)

pipeline = Pipeline(
    [
        ("words", TfidfVectorizer(min_df=3, sublinear_tf=True)),
        ("normalize", SparseNormalizer("rms")),
        ("regress", SparseLpRegressor()),
    ]
)
grids = {
    "p = 0.5": {"regress__p": [0.5], "regress__alpha": np.geomspace(0.003, 0.03, 4)},
    "p = 1": {"regress__p": [1.0], "regress__alpha": np.geomspace(0.01, 0.1, 4)},
    "Ridge": {
        "regress": [Ridge(solver="sparse_cg")],
        "regress__alpha": np.geomspace(300, 10000, 4),
    },
}

# %%
# Accuracy is the share of messages on the right side of zero.

models = {}
print(f"{'':10}{'words kept':>12}{'accuracy':>10}{'R2':>7}")
print(f"{'all ham':10}{0:12}{np.mean(y_test < 0):10.3f}")
for label, grid in grids.items():
    model = GridSearchCV(pipeline, grid, cv=4, n_jobs=-1).fit(texts_train, y_train).best_estimator_
    accuracy = np.mean(np.sign(model.predict(texts_test)) == y_test)
    n_kept = np.count_nonzero(model["regress"].coef_)
    print(f"{label:10}{n_kept:12,}{accuracy:10.3f}{model.score(texts_test, y_test):7.3f}")
    models[label] = model

# %%
# The words
# ---------
# Columns have unit root mean square, so a coefficient says how much of the decisions rests on a
# word: what it adds where it occurs (on the scale from -1, ham, to +1, spam) and how often it does.

model = models["p = 0.5"]
words = model[:-1].get_feature_names_out()
coefficients = model["regress"].coef_
strongest = np.argsort(-np.abs(coefficients))[:30]
strongest = strongest[np.argsort(coefficients[strongest])]

figure, axes = plt.subplots(figsize=(7, 7), layout="constrained")
colors = np.where(coefficients[strongest] > 0, "C3", "C0")
axes.barh(words[strongest], coefficients[strongest], color=colors)
axes.axvline(0, color="k", lw=0.8)
axes.tick_params(axis="y", labelsize=8)
axes.set(xlabel="ham   <   coefficient   >   spam")
axes.set_title(f"The strongest of {np.count_nonzero(coefficients)} words kept, p = 0.5")
plt.show()

# %%
# Ridge, with every word, is a little more accurate than the sparse models: a single word adds
# little, but there are thousands. A sparse model can be read, though, and that is worth it.
# "click", "your" and "guaranteed" are spam, as expected, and "re" marks an answer. But
# "deathtospamdeathtospamdeathtospam" is not a word of spammers. It ends messages that reached this
# corpus through a mailing list about spam, so it says where a message was collected, and does not
# help with new mail. Among thousands of words nobody would have noticed.
