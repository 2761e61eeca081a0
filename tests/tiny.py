"""A problem of a few rows for the tests of benchmarks."""

import numpy as np
import scipy.sparse as sp


def problem():
    rng = np.random.default_rng(3)
    X = sp.random(60, 30, 0.3, format="csr", random_state=4)
    return X, X @ rng.standard_normal(30) + 0.1 * rng.standard_normal(60)


def penalty(X, y, share):
    """alpha, at which a share of alpha_max is left."""
    return np.abs(X.T @ (y - y.mean())).max() / len(y) / share
