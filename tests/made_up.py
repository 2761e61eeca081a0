"""What displays read of a fitted path and of a cross-validation, made up."""

from types import SimpleNamespace

import numpy as np
from scipy.sparse import csr_array


def path_of(n_features, n_alphas=20, names=None):
    """What a display reads of a path: columns enter one after the other, signs alternate."""
    correlations = np.geomspace(1.0, 1e-3, n_alphas)
    entry = np.geomspace(0.9, 1.1e-3, n_features)
    coefs = np.maximum(0.0, 1.0 - correlations[:, None] / entry) * np.sqrt(entry)
    coefs[:, 1::2] *= -1.0
    return SimpleNamespace(
        alphas=2.0 * correlations,
        correlations=correlations,
        coefs=csr_array(coefs),
        feature_names_in_=names,
    )


def cv_of(ps=(0.5, 1.0), ratios=(0.0, 0.1), n_alphas=30, scoring=None):
    """What a display reads of a cross-validation: scores rise, then fall; a smaller p needs less."""
    correlations = np.geomspace(1.0, 1e-3, n_alphas)
    settings = [{"p": p, "alpha_l2": 3.0 * r, "alpha_l2_ratio": r} for p in ps for r in ratios]
    depth = -np.log10(correlations) / 3.0
    n_nonzeros = np.array([np.round(500 * depth ** (2 + 2 * (1 - s["p"]))) for s in settings])
    means = [-1.0 + 0.1 * s["alpha_l2_ratio"] - (depth - 0.4 - 0.2 * s["p"]) ** 2 for s in settings]
    means = np.array(means)
    return SimpleNamespace(
        scoring=scoring,
        settings_=settings,
        alphas_=np.array([3.0 * correlations ** (2 - s["p"]) for s in settings]),
        correlations_=np.tile(correlations, (len(settings), 1)),
        mean_score_path_=means,
        se_score_path_=np.full((len(settings), n_alphas), 0.02),
        n_nonzeros_path_=n_nonzeros.astype(int),
        coef_path_=[path_of(12, n_alphas).coefs for _ in settings],
        best_index_=np.unravel_index(means.argmax(), means.shape),
    )
