"""Accuracy at a budget of columns: nested cross-validation, and generated data of known support.

    python benchmarks/accuracy.py [--quick] [--data NAME ...] [--only NAME ...] [--limit S] [--markdown FILE]

Real data: R2 on rows that took no part in any choice, mean and standard error over outer folds. The
best strength, and whatever else a method tunes, is chosen by 5 inner folds among the models with at
most k columns, and without a budget. Methods of scikit-learn choose by their own cross-validation;
for a budget the fit is the densest of their path that keeps it.

Generated data: n = 500, p = 2000, neighbours correlated by 0.5, 20 true columns, signal-to-noise
ratios 0.25 to 10; F1 score of the support and squared error of the coefficients relative to the true
ones, by the columns' covariance, without a budget.

A fit that takes longer than the limit (wall time) ends its method on that data set. Data: see
data.py; large ones are samples of their rows. abess and skglm take part where they are installed.
"""

import argparse
import importlib.util
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path

for variable in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA"):
    os.environ[f"{variable}_NUM_THREADS"] = "1"

import numpy as np
import scipy.sparse as sp
import sklearn
from data import load
from ideas import Stopped, at_most
from report import command, machine, markdown_table
from sklearn.linear_model import ElasticNetCV, LassoCV, RidgeCV, lasso_path
from sklearn.model_selection import KFold

import skl_sparse
from skl_sparse import SparseLpRegressorCV, alpha_max

BUDGETS = (5, 10, 20, 40, 80, 160, None)
INNER, OUTER = 5, 5
N_ALPHAS = 100  # of each of our paths
EXPONENTS, RIDGES, RELAX = [0.5, 2 / 3, 1.0], [0.0, 0.1, 1.0, 10.0], [0.0, 0.5, 1.0]
# Data sets, and how many rows of each are enough.
ROWS = {
    "riboflavin": None, "prostate_singh": None, "spamassassin": 2000, "news20": 2000,
    "flights_onehot": 20_000, "package_spam": None, "package_flights": 20_000,
}  # fmt: skip
RATIOS = (0.25, 1.0, 3.0, 10.0)
N, P, RHO, RELEVANT, DRAWS = 500, 2000, 0.5, 20, 5


# Methods: a function takes X, y and budgets, and yields coefficients and intercept for each budget.


def of_paths(**options):
    """SparseLpRegressorCV, once for all budgets."""

    def fit(X, y, budgets):
        cv = KFold(INNER, shuffle=True, random_state=0)
        model = SparseLpRegressorCV(alphas=N_ALPHAS, cv=cv, refit=False, **options).fit(X, y)
        for k in budgets:
            chosen = model.select(max_nonzeros=k)
            yield chosen.coef_, chosen.intercept_

    return fit


def lasso(X, y, budgets):
    cv = KFold(INNER, shuffle=True, random_state=0)
    model = LassoCV(cv=cv, max_iter=10_000).fit(X, y)
    path = None
    for k in budgets:
        if k is None or np.count_nonzero(model.coef_) <= k:
            yield model.coef_, model.intercept_
            continue
        if path is None:
            mean, center = y.mean(), np.asarray(X.mean(axis=0)).ravel()
            largest = np.abs(X.T @ (y - mean)).max() / len(y)
            alphas = np.geomspace(largest, model.alpha_, 50)
            given = {"sparse": sp.csc_array, "dense": np.asfortranarray}
            path = along(X, y, alphas, given["sparse" if sp.issparse(X) else "dense"], center)
        yield next((w, mean - center @ w) for w in path if np.count_nonzero(w) <= k)


def along(X, y, alphas, container, center):
    """The Lasso's coefficients, the densest first."""
    if sp.issparse(X):
        options = {"X_offset": center, "X_scale": np.ones(X.shape[1])}
        _, coefs, _ = lasso_path(container(X), y - y.mean(), alphas=alphas, **options)
    else:
        _, coefs, _ = lasso_path(container(X - center), y - y.mean(), alphas=alphas)
    return coefs.T[::-1]


def unlimited(make):
    """An estimator that knows no budget."""

    def fit(X, y, budgets):
        model = make().fit(X, y)
        for k in budgets:
            yield (np.ravel(model.coef_), model.intercept_) if k is None else None

    return fit


def elastic_net():
    cv = KFold(INNER, shuffle=True, random_state=0)
    return ElasticNetCV(l1_ratio=[0.1, 0.5, 0.9, 1.0], cv=cv, alphas=50, max_iter=10_000)


def ridge():
    return RidgeCV(np.geomspace(1e-3, 1e4, 15))


def abess(X, y, budgets):
    from abess import LinearRegression

    most = min(max(k for k in budgets if k), X.shape[1], len(y) // 2)
    sizes = np.unique(np.linspace(0, most, min(most, 40) + 1).astype(int))
    for k in budgets:
        allowed = sizes if k is None else sizes[sizes <= k]
        model = LinearRegression(support_size=allowed, cv=INNER, thread=1).fit(X, y)
        yield model.coef_, model.intercept_


def mcp(X, y, budgets):
    from skglm import MCPRegression

    alphas = alpha_max(X, y) * np.geomspace(1, 0.03, 25)

    def path(rows):
        model = MCPRegression(gamma=3, warm_start=True)
        for alpha in alphas:
            model.set_params(alpha=alpha).fit(X[rows], y[rows])
            yield model.coef_.copy(), float(model.intercept_)

    errors = np.zeros(len(alphas))
    for train, test in KFold(INNER, shuffle=True, random_state=0).split(y[:, None]):
        errors += [np.sum((y[test] - X[test] @ w - b) ** 2) for w, b in path(train)]
    fits = list(path(np.arange(len(y))))
    counts = np.array([np.count_nonzero(w) for w, _ in fits])
    for k in budgets:
        yield fits[np.argmin(np.where(counts <= (np.inf if k is None else k), errors, np.inf))]


@dataclass(frozen=True)
class Method:
    """What fits, the package that it needs, and whether it can keep to a budget."""

    fit: object
    package: str = "sklearn"
    budgets: bool = True


TUNED = "ours, p and alpha_l2 tuned"
METHODS = {
    TUNED: Method(of_paths(p=EXPONENTS, alpha_l2=RIDGES, relax=0.0)),
    "ours, p = 1": Method(of_paths()),
    "relaxed Lasso (ours)": Method(of_paths(relax=RELAX)),
    "LassoCV": Method(lasso),
    "ElasticNetCV": Method(unlimited(elastic_net), budgets=False),
    "RidgeCV": Method(unlimited(ridge), budgets=False),
    "abess": Method(abess, "abess"),
    "MCP (skglm)": Method(mcp, "skglm"),
}
OURS = tuple(METHODS)[:3]


@dataclass
class Found:
    """Of a method on a data set: its figures by budget, or why there is none."""

    values: dict = field(default_factory=dict)
    note: str = ""

    def add(self, key, value):
        self.values.setdefault(key, []).append(value)

    def mean(self, key):
        return np.mean(self.values[key]) if key in self.values else np.nan

    def error(self, key):
        given = self.values.get(key, ())
        return np.std(given, ddof=1) / np.sqrt(len(given)) if len(given) > 1 else np.nan

    def __getitem__(self, key):
        if key not in self.values:
            return self.note
        error = self.error(key)
        return f"{self.mean(key):.3f}" + ("" if np.isnan(error) else f" ± {error:.3f}")


def fits(method, X, y, budgets, limit):
    """A list of coefficients and intercept, or None, for each budget; or what went wrong."""
    try:
        with at_most(limit), warnings.catch_warnings(action="ignore"):  # limits end some fits early
            return list(METHODS[method].fit(X, y, budgets))
    except Stopped:
        return f"> {limit:g} s"
    except Exception as error:  # noqa: BLE001 (whatever a peer fails of is reported)
        return f"fails: {type(error).__name__}"


def nested(X, y, methods, budgets, limit):
    """`Found` of every method: R2 on the rows of the outer folds."""
    found = {method: Found() for method in methods}
    for train, test in KFold(OUTER, shuffle=True, random_state=1).split(y[:, None]):
        null = np.mean((y[test] - y[train].mean()) ** 2)
        for method, result in found.items():
            if result.note:
                continue
            answer = fits(method, X[train], y[train], budgets, limit)
            if isinstance(answer, str):
                result.note, result.values = answer, {}
                continue
            for k, fit in zip(budgets, answer, strict=True):
                if fit is not None:
                    coef, intercept = fit
                    error = np.mean((y[test] - X[test] @ coef - intercept) ** 2)
                    result.add(k, 1 - error / null)
    return found


def generated(ratio, n, p, draw):
    """X, y, true coefficients and how to measure errors of coefficients."""
    rng = np.random.default_rng([draw, int(100 * ratio)])
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = RHO * X[:, j - 1] + np.sqrt(1 - RHO**2) * X[:, j]
    coef = np.zeros(p)
    coef[np.linspace(0, p - 1, RELEVANT).astype(int)] = rng.choice([-1.0, 1.0], RELEVANT)
    covariance = RHO ** np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    signal = coef @ covariance @ coef
    return X, X @ coef + np.sqrt(signal / ratio) * rng.standard_normal(n), coef, covariance


def recovery(methods, ratios, n, p, draws, limit):
    """`Found` of every method, by ratio and what is measured."""
    found = {method: Found() for method in methods}
    for ratio in ratios:
        for draw in range(draws):
            X, y, truth, covariance = generated(ratio, n, p, draw)
            for method, result in found.items():
                # One that can choose among sizes must be given some.
                budgets = (4 * RELEVANT, None) if method == "abess" else (None,)
                answer = fits(method, X, y, budgets, limit)
                if isinstance(answer, str):
                    result.note = answer
                    continue
                coef, _ = answer[-1]
                true, kept = truth != 0, coef != 0
                result.add((ratio, "F1"), 2 * np.sum(true & kept) / (true.sum() + kept.sum()))
                off = coef - truth
                error = off @ covariance @ off / (truth @ covariance @ truth)
                result.add((ratio, "error"), error)
    return found


def verdicts(data, found, budgets):
    """Yield a line for each budget: how ours is beside the best of the others."""
    if TUNED not in found:
        return
    for k in budgets:
        peers = {m: f.mean(k) for m, f in found.items() if m not in OURS and k in f.values}
        if not peers or k not in found[TUNED].values:
            continue
        best = max(peers, key=peers.get)
        behind = peers[best] - found[TUNED].mean(k)
        error = max(found[TUNED].error(k), found[best].error(k))
        met = "met" if behind <= error else "not met"
        budget = "no budget" if k is None else f"k = {k}"
        yield (
            f"{data}, {budget}: {found[TUNED][k]}, best peer {found[best][k]} ({best}), "
            f"goal within one standard error: {met}"
        )


def rows(found, keys, head):
    yield ["method", *head]
    for method, result in found.items():
        yield [method, *(result[key] for key in keys)]


def show(title, table):
    print(f"\n{title}")
    for method, *entries in table:
        print(f"{method:28}" + "".join(f"{entry:>17}" for entry in entries), flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few rows of the package's own data")
    parser.add_argument("--data", nargs="+", help="data sets, and `generated`")
    parser.add_argument("--only", nargs="+", choices=METHODS, help="methods, default all")
    parser.add_argument("--limit", type=float, help="seconds of a fit, default 600, quick 60")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    arguments = parser.parse_args()
    quick = arguments.quick
    limit = arguments.limit or (60 if quick else 600)
    names = arguments.data or (["package_spam", "generated"] if quick else [*ROWS, "generated"])
    methods = [
        method
        for method in arguments.only or METHODS
        if importlib.util.find_spec(METHODS[method].package)
    ]
    budgets = (5, 20, None) if quick else BUDGETS
    shown, lines = [], []
    for name in names:
        if name == "generated":
            ratios, size = (RATIOS[1:2], (100, 200, 1)) if quick else (RATIOS, (N, P, DRAWS))
            found = recovery(methods, ratios, *size, limit)
            keys = [(ratio, what) for ratio in ratios for what in ("F1", "error")]
            title = f"generated, n = {size[0]}, p = {size[1]}, {RELEVANT} true columns"
            table = list(rows(found, keys, [f"{what}, SNR {ratio:g}" for ratio, what in keys]))
        else:
            loaded = load(name)
            if loaded is None:
                print(f"absent: {name}, see data.py")
                continue
            X, y = loaded
            n = min(len(y), 500 if quick else ROWS.get(name) or len(y))
            sample = np.sort(np.random.default_rng(0).permutation(len(y))[:n])
            X, y = X[sample], y[sample]
            found = nested(X, y, methods, budgets, limit)
            title = "{}: {:,} x {:,}, test R2".format(name, *X.shape)
            head = ["no budget" if k is None else f"k = {k}" for k in budgets]
            table = list(rows(found, budgets, head))
            lines += verdicts(name, found, budgets)
        show(title, table)
        shown += [f"**{title}**", markdown_table(table)]
    print("", *lines, sep="\n")
    if arguments.markdown:
        packages = {"skl-sparse": skl_sparse.__version__, "scikit-learn": sklearn.__version__}
        about = (
            f"{command()} {machine(packages)} {OUTER} outer folds, mean ± standard error. "
            f'"> x s": stopped.'
        )
        parts = [about, *shown, "\n".join(f"- {line}" for line in lines)]
        arguments.markdown.parent.mkdir(parents=True, exist_ok=True)
        text = "\n\n".join(part.rstrip("\n") for part in parts) + "\n"
        arguments.markdown.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
