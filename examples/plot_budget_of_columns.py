"""
How many columns are enough?
============================

A model that is read, printed or asked for on a form has room for so many columns and no more. What
accuracy does a budget cost, and which p makes the most of it? Here on 1,800 messages
(:func:`skl_sparse.datasets.load_spam`), one column a word; the label is +1 for spam and -1 for ham.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skl_sparse import BudgetDisplay, SparseLpRegressorCV, SparseNormalizer
from skl_sparse.datasets import load_spam

texts, is_spam = load_spam(return_X_y=True)
texts_train, texts_test, y_train, y_test = train_test_split(
    texts, 2.0 * is_spam - 1, test_size=0.25, stratify=is_spam, random_state=0
)
words = make_pipeline(TfidfVectorizer(min_df=3, sublinear_tf=True), SparseNormalizer("rms"))
X_train, X_test = words.fit_transform(texts_train), words.transform(texts_test)
print(f"{X_train.shape[0]:,} messages, {X_train.shape[1]:,} words")

# %%
# One fit for every budget
# ------------------------
# p and the ridge term are tuned together. The grids of alpha follow from the data and mean the same
# for every p: at each step a column enters at the same correlation, relative to the largest. The
# bands of the picture are one standard error.

model = SparseLpRegressorCV(
    p=[0.5, 0.75, 1.0],
    alpha_l2=[0.0, 0.1, 1.0],
    alphas=20,
    eps=0.03,
    cv=3,
    scoring="r2",
    max_nonzeros=40,
).fit(X_train, y_train)
print(f"{model.score_path_.size:,} fits, of which {model.alphas_.size} on all rows")

display = BudgetDisplay.from_estimator(model)
display.ax_.set_title("Accuracy at a budget of words")
plt.show()

# %%
# On messages that no model has seen
# ----------------------------------
# The curves above are scores of the folds, from which the best was chosen. ``select`` takes the
# choice for each budget, without a new fit, to the messages held out. The Lasso is p = 1 without a
# ridge term. Ridge has every word.

print(f"{'words':>9}{'Lasso':>8}" + "".join(f"{f'p = {p:g}':>10}" for p in model.p))
for budget in (5, 10, 20, 40, 80, 160, None):
    scores = [
        model.select(max_nonzeros=budget, **setting).score(X_test, y_test)
        for setting in ({"p": 1.0, "alpha_l2": 0.0}, *({"p": p} for p in model.p))
    ]
    label = "any" if budget is None else f"<= {budget}"
    print(f"{label:>9}{scores[0]:8.3f}" + "".join(f"{score:10.3f}" for score in scores[1:]))
ridge = RidgeCV([10, 30, 100, 300, 1000, 3000]).fit(X_train, y_train)
print(f"Ridge, {X_train.shape[1]:,} words: {ridge.score(X_test, y_test):.3f}")

# %%
# - For a handful of words p < 1 is far ahead: the Lasso shrinks what it keeps, and its score suffers.
# - From some hundred words on the curves meet. If nobody counts them, Ridge with all words is best.
#
# The words
# ---------
# At most forty of them, in the order of their coefficients:

names = words.get_feature_names_out()
chosen = model.coef_.argsort()
print(f"p = {model.p_:g}, alpha_l2 = {model.alpha_l2_ratio_:g} of the data's scale")
print("ham: ", ", ".join(names[j] for j in chosen if model.coef_[j] < 0))
print("spam:", ", ".join(names[j] for j in chosen[::-1] if model.coef_[j] > 0))
