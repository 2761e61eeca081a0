"""The contestants of solvers.py: how each library is asked for the same fit.

A function takes (X, y, alpha, p, l2, tol) and returns coefficients and intercept. It imports its
library when called, so that a first call is a cold start. One that runs another program also
returns the processor time that the program reports.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp

STEPS = 10  # penalties of a path


def skl_sparse(X, y, alpha, p, l2, tol):
    from skl_sparse import SparseLpRegressor

    model = SparseLpRegressor(alpha, p=p, alpha_l2=l2, tol=tol).fit(X, y)
    return model.coef_, model.intercept_


def sklearn(X, y, alpha, p, l2, tol):
    from sklearn.linear_model import ElasticNet

    total = alpha + l2
    model = ElasticNet(total, l1_ratio=alpha / total, tol=tol, max_iter=1_000_000).fit(X, y)
    return model.coef_, model.intercept_


def ridge(solver):
    def fit(X, y, alpha, p, l2, tol):
        from sklearn.linear_model import Ridge

        strength = len(y) * (2 * alpha + l2)
        model = Ridge(strength, solver=solver, tol=tol, max_iter=100_000, random_state=0).fit(X, y)
        return model.coef_, model.intercept_

    return fit


def celer(X, y, alpha, p, l2, tol):
    from celer import ElasticNet, Lasso

    if l2:  # its Lasso is the faster one
        model = ElasticNet(alpha + l2, l1_ratio=alpha / (alpha + l2), tol=tol)
    else:
        model = Lasso(alpha, tol=tol)
    model.fit(X, y)
    return model.coef_, model.intercept_


def skglm(X, y, alpha, p, l2, tol):
    from skglm import GeneralizedLinearEstimator
    from skglm.datafits import Quadratic
    from skglm.penalties import L0_5, L1, L2_3, L1_plus_L2
    from skglm.solvers import AndersonCD

    if p == 1:
        penalty = L1_plus_L2(alpha + l2, alpha / (alpha + l2)) if l2 else L1(alpha)
        strategy = "subdiff"
    else:  # by subgradients w = 0 would always be optimal
        penalty = L0_5(alpha) if p == 0.5 else L2_3(alpha)
        strategy = "fixpoint"
    # Its tolerance has the unit of a gradient, or of a coefficient.
    scale = alpha if p == 1 else np.abs(y).max()
    solver = AndersonCD(tol=tol * scale, ws_strategy=strategy)
    model = GeneralizedLinearEstimator(Quadratic(), penalty, solver).fit(X, y)
    return model.coef_, model.intercept_


def glum(X, y, alpha, p, l2, tol):
    from glum import GeneralizedLinearRegressor

    l1, l2 = (alpha, l2) if p == 1 else (0, 2 * alpha + l2)
    model = GeneralizedLinearRegressor(
        alpha=l1 + l2, l1_ratio=l1 / (l1 + l2), gradient_tol=tol * alpha, max_iter=1000
    ).fit(X, y)
    return model.coef_, model.intercept_


def skein(X, y, alpha, p, l2, tol):
    from skein_glm import BridgeRegressor, ElasticNetRegressor

    if p == 1:
        model = ElasticNetRegressor(alpha + l2, alpha / (alpha + l2), tol=tol, max_iter=100_000)
    else:
        model = BridgeRegressor(alpha, p, tol=tol, outer_tol=tol, max_iter=100_000, max_outer=1000)
    model.fit(X, y)
    return model.coef_, model.intercept_


def abess(X, y, alpha, p, l2, size):
    # It looks for the best subset of a given size, and gets the size of our answer.
    from abess import LinearRegression

    model = LinearRegression(support_size=size, thread=1).fit(X, y)
    return model.coef_, model.intercept_


def penalties(correlation, alpha, p, l2, steps):
    """The share of the l1 penalty, and the penalty: the last of ``steps`` down from the null model.

    Some libraries are made for whole paths and are often faster down a short one.
    """
    l1, l2 = (alpha, l2) if p == 1 else (0.0, 2 * alpha + l2)
    total = l1 + l2
    share = l1 / total
    first = max(correlation / max(share, 1e-3), total)  # no penalty of p = 2 is large enough
    return share, np.geomspace(first, total, steps) if steps > 1 else np.array([total])


def correlation(X, y):
    return np.abs(X.T @ (y - y.mean())).max() / len(y)


def adelie(steps):
    def fit(X, y, alpha, p, l2, tol):
        import adelie

        share, path = penalties(correlation(X, y), alpha, p, l2, steps)
        if sp.issparse(X):
            X = adelie.matrix.sparse(X.tocsc(), method="naive")
        state = adelie.grpnet(
            X, adelie.glm.gaussian(y), alpha=share, lmda_path=path, tol=tol, max_iters=10**8,
            early_exit=False, progress_bar=False,
        )  # fmt: skip
        return state.betas[-1].toarray().ravel(), state.intercepts[-1]

    return fit


def glmnet(steps):
    def fit(X, y, alpha, p, l2, tol):
        # It scales y to unit variance, and a penalty of p = 2 is not scaled along: here it is 1.
        mean, scale = y.mean(), y.std()
        alpha, l2 = (alpha / scale, l2) if p == 1 else (alpha, l2)
        y = (y - mean) / scale
        share, path = penalties(correlation(X, y), alpha, p, l2, steps)
        with tempfile.TemporaryDirectory() as folder:
            hand_to_r(Path(folder, "problem"), X, y, share, path, tol)
            script = Path(__file__).with_name("glmnet.R")
            done = subprocess.run(
                ["Rscript", script, folder], check=False, capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError(" ".join(done.stderr.split()) or "Rscript failed")
            answer = np.fromfile(Path(folder, "answer"))
        seconds, intercept, coef = answer[0], answer[1], answer[2:]
        return scale * coef, mean + scale * intercept, seconds

    return fit


def hand_to_r(file, X, y, share, path, tol):
    """Write a problem as glmnet.R reads it: integers, then doubles, then the matrix."""
    sparse = sp.issparse(X)
    with open(file, "wb") as stream:
        sizes = [sparse, *X.shape, X.nnz if sparse else X.size, len(path)]
        np.array(sizes, dtype=np.int32).tofile(stream)
        np.concatenate([[share, tol], path, y]).tofile(stream)
        if sparse:
            X = X.sorted_indices()  # R takes no others
            X.data.astype(np.float64).tofile(stream)
            np.concatenate([X.indices, X.indptr]).astype(np.int32).tofile(stream)
        else:
            X.T.astype(np.float64).tofile(stream)  # column by column


@dataclass(frozen=True)
class Solver:
    """A contestant: the package it needs, the exponents it solves for, and its function."""

    package: str
    exponents: tuple
    fit: object
    compiles: bool = False
    asks_size: bool = False  # takes the number of non-zeros instead of tol
    in_r: bool = False  # the package is R's: memory and cold start of a fit are not known here

    def version(self, python=sys.executable):
        """Of its package, for that interpreter; None where there is none."""
        if self.in_r:
            command = ["Rscript", "-e", f"cat(format(packageVersion('{self.package}')))"]
        else:
            ask = f"from importlib.metadata import version; print(version('{self.package}'))"
            command = [python, "-P", "-c", ask]
        try:
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()


SOLVERS = {
    "skl_sparse": Solver("skl-sparse", (0, 0.5, 2 / 3, 1, 2), skl_sparse),
    "scikit-learn": Solver("scikit-learn", (1,), sklearn),
    "celer": Solver("celer", (1,), celer),
    "skglm": Solver("skglm", (0.5, 2 / 3, 1), skglm, compiles=True),
    "glum": Solver("glum", (1, 2), glum),
    "skein-glm": Solver("skein-glm", (0.5, 2 / 3, 1), skein),
    "abess": Solver("abess", (0,), abess, asks_size=True),
    "adelie": Solver("adelie", (1,), adelie(1)),
    "adelie path": Solver("adelie", (1,), adelie(STEPS)),
    "glmnet": Solver("glmnet", (1, 2), glmnet(1), in_r=True),
    "glmnet path": Solver("glmnet", (1, 2), glmnet(STEPS), in_r=True),
    **{
        f"Ridge {solver}": Solver("scikit-learn", (2,), ridge(solver))
        for solver in ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga")
    },
}
OURS = "skl_sparse"
