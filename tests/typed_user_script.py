"""What a user's script looks like to `mypy --strict`: `make lint` checks it.

The right uses must pass. Of the wrong ones mypy must complain: where it does not, an unused "ignore"
is the error.
"""

import numpy as np
import numpy.typing as npt

from skl_sparse import (
    BudgetDisplay,
    CoefficientDisplay,
    PathDisplay,
    PenaltyDisplay,
    SparseDropoutReplacer,
    SparseDropoutSampler,
    SparseLpRegressor,
    SparseLpRegressorCV,
    SparseNormalizer,
    coefficient_table,
    lp_path,
    operators,
)
from skl_sparse.datasets import load_spam

rng = np.random.default_rng(0)
X: npt.NDArray[np.float64] = rng.normal(size=(20, 3))
y: npt.NDArray[np.float64] = X[:, 0]

# -- right ---------------------------------------------------------------------------------------
model = SparseLpRegressor(0.1, p=0.5, solver="cd", feature_weights={"a": 0.0}, n_jobs=-1)
model = SparseLpRegressor(alpha=1, feature_weights=lambda X: np.ones(X.shape[1]))
model = SparseLpRegressor(feature_weights=np.ones(3)).fit(X, y, sample_weight=np.ones(20))
model = model.fit([[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0]).sparsify().densify()
predictions: npt.NDArray[np.float64] = model.predict(X)
selected: npt.NDArray[np.bool_] = model.mask_
share: float = model.sparsity_
n_kept = int(selected.sum()) + int(model.sparse_coef_.nnz)
converged: bool = model.optimality_ <= model.tol
n_zeros = np.sum(model.coef_ == 0)
kind: str = model.penalty
r2: float = model.score(X, y)
model.set_params(alpha=0.5).get_params()

normalizer = SparseNormalizer("rms", mode="max_norm", target_norm=2).fit(X, sample_weight=y)
X = normalizer.partial_fit(X).inverse_transform(normalizer.transform(X))
X = SparseDropoutReplacer(0.2, replacement_value="mean", random_state=0).fit_transform(X)
X, y = SparseDropoutSampler(2, scope="all", random_state=np.random.RandomState(0)).fit_resample(
    X, y
)
X, norms = operators.normalize_columns(X, "max", return_norm=True)
X = operators.lp_regularize_rows(operators.normalize_rows(X, [0, 1]), lam=0.1, p=2)
X = operators.dropout_replace(operators.apply_sparsity_threshold(X, 0.1), random_state=0)
values, lengths = operators.dropout_segments([1, 2, 3], [1, 2])
penalty: float = operators.lp_penalty(operators.lp_prox(y, 0.1, p=0.5))
texts, labels = load_spam(return_X_y=True)

cv_model = SparseLpRegressorCV(p=[0.5, 1.0], store_fold_coefs=True).fit(X, y)
BudgetDisplay.from_estimator(cv_model, budgets=[1, 2]).plot(None).ax_.set_title("accuracy")
PathDisplay.from_path(lp_path(X, y), x="correlation").plot()
bars: CoefficientDisplay = CoefficientDisplay.from_estimator(model, X, ["a", "b", "c"])
bars.plot(bars.ax_, max_features=2).figure_.savefig("bars.png")
PathDisplay([1.0], model.coef_, feature_names=["a", "b", "c"]).plot(x="n_nonzeros")
PenaltyDisplay.from_p([0.5, 1], kind="prox")
n_rows = len(coefficient_table(model, X, max_rows=10))

# -- wrong ---------------------------------------------------------------------------------------
SparseLpRegressor(alpha="high")  # type: ignore[arg-type]
SparseLpRegressor(0.1, 0.5)  # type: ignore[call-arg]
SparseLpRegressor(solver="lbfgs")  # type: ignore[arg-type]
SparseLpRegressor(lasso=True)  # type: ignore[call-arg]
SparseLpRegressor(n_jobs="all")  # type: ignore[arg-type]
SparseLpRegressor(max_iter=1.5)  # type: ignore[arg-type]
SparseLpRegressor(feature_weights=object())  # type: ignore[arg-type]
model.fit(X)  # type: ignore[call-arg]
model.fit(None, y)  # type: ignore[arg-type]
model.penalty = "l2"  # type: ignore[misc]

SparseNormalizer("l3")  # type: ignore[arg-type]
SparseNormalizer(copy="no")  # type: ignore[arg-type]
SparseDropoutReplacer("often")  # type: ignore[arg-type]
SparseDropoutReplacer(replacement_value="max")  # type: ignore[arg-type]
SparseDropoutSampler(n_copies=1.5)  # type: ignore[arg-type]
operators.lp_penalty(X, alpha="high")  # type: ignore[arg-type]
operators.lp_regularize_rows(X)  # type: ignore[call-arg]
operators.normalize_rows(X, mode="unit")  # type: ignore[arg-type]
PathDisplay([1.0], y).plot(x="p")  # type: ignore[arg-type]
BudgetDisplay.from_estimator(X)  # type: ignore[arg-type]
BudgetDisplay([1, 2], [1.0])  # type: ignore[call-arg]
coefficient_table(model, max_rows="all")  # type: ignore[arg-type]
load_spam(True)  # type: ignore[call-arg]
