"""A small regression problem, and the settings under which every fit of it must be right."""

import numpy as np


def regression(seed=0, n=40, n_features=12, rho=0.5):
    """X, y and sample weights: correlated columns of several scales, a third of them in the model."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_features))
    for j in range(1, n_features):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    X = X * rng.uniform(0.3, 3, n_features) + rng.normal(size=n_features)
    w = np.where(np.arange(n_features) % 3 == 0, rng.normal(size=n_features), 0)
    return X, X @ w + 0.5 * rng.normal(size=n) + 3.0, rng.uniform(0.2, 3, n)


# Parameters of the regressor, for the 12 columns of `regression`.
SETTINGS = {
    "plain": {},
    "no intercept": {"fit_intercept": False},
    "positive": {"positive": True},
    "elastic": {"alpha_l2": 0.05},
    "elastic positive": {"alpha_l2": 0.05, "positive": True},
    "uneven": {"feature_weights": np.linspace(0.2, 3, 12)},
    "some free": {"feature_weights": np.r_[0, 0, np.ones(10)]},
    "some free, elastic": {"feature_weights": np.r_[0, 0, np.ones(10)], "alpha_l2": 0.05},
}
