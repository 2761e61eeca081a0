"""SparseLpRegressorCV beside the other ways to cross-validate a Lasso: time and memory.

    python benchmarks/cross_validation.py [--quick] [--data NAME ...] [--only TEXT ...] [--limit S] [--markdown FILE]

Five folds, the same for all that take folds, and the same grid of 100 strengths from alpha_max down
to a thousandth of it. The first rival is the loop that a user would write: a SparseLpRegressor for
each fold, warm-started from strength to strength, and a last fit of all rows. Each contestant runs
in a process of its own with one thread. Times are processor seconds, the best of several where they
are short, and end at the limit; what is imported or compiled is so before. Of ours it is also shown

- what 10 folds cost, and p in (0.5, 2/3, 1) with four values of alpha_l2, over 5 folds of p = 1;
- the wall time with one thread over that with two, which means something only if nothing else runs;
- the peak of memory beyond X, and that of one fit at the smallest strength, in sizes of X.

The mean squared error that each finds shows that they solve the same problem; adelie deals its own
folds. Data: see data.py; --quick takes data that come with the package. For adelie's interpreter and
glmnet see solvers.py.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

for variable in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "RAYON"):
    os.environ[f"{variable}_NUM_THREADS"] = "1"

import contest
import numpy as np
import scipy.sparse as sp
from contestants import Solver, hand_to_r
from data import load
from report import Goal, command, geometric_mean, machine, markdown_table, ratio
from scale import peak_memory

N_ALPHAS, EPS, FOLDS = 100, 1e-3, 5
SHORT, MOST_REPEATS = 2.0, 3  # seconds up to which a measurement is repeated, and how often
DATA = (
    "riboflavin", "prostate_singh", "dense_1000x5000", "spamassassin", "news20", "flights_onehot",
)  # fmt: skip
LARGE = ("spamassassin", "news20", "flights_onehot")
QUICK = ("package_spam", "package_flights")
EXPONENTS, RIDGES = [0.5, 2 / 3, 1.0], [0.0, 0.1, 1.0, 10.0]


# The contestants: each returns the mean squared error of its choice over the folds.


def ours(X, y, alphas, folds, **options):
    from skl_sparse import SparseLpRegressorCV

    options = {"alphas": alphas, "cv": folds[FOLDS], **options}
    return -SparseLpRegressorCV(**options).fit(X, y).mean_score_path_.max()


def ours_10_folds(X, y, alphas, folds):
    return ours(X, y, alphas, folds, cv=folds[2 * FOLDS])


def ours_all_settings(X, y, alphas, folds):
    # The strengths are those of each p.
    return ours(X, y, N_ALPHAS, folds, eps=EPS, p=EXPONENTS, alpha_l2=RIDGES)


def ours_two_threads(X, y, alphas, folds):
    return ours(X, y, alphas, folds, n_jobs=2)


def one_fit(X, y, alphas, folds):
    from skl_sparse import SparseLpRegressor

    SparseLpRegressor(alphas[-1]).fit(X, y)
    return np.nan


def loop(X, y, alphas, folds):
    from skl_sparse import SparseLpRegressor

    errors = np.empty((len(alphas), FOLDS))
    for f, (train, test) in enumerate(folds[FOLDS]):
        model = SparseLpRegressor(warm_start=True)
        for k, alpha in enumerate(alphas):
            model.set_params(alpha=alpha).fit(X[train], y[train])
            errors[k, f] = np.mean((y[test] - model.predict(X[test])) ** 2)
    error = mean_of_folds(errors, folds)
    SparseLpRegressor(alphas[np.argmin(error)]).fit(X, y)
    return error.min()


def lasso_cv(X, y, alphas, folds):
    from sklearn.linear_model import LassoCV

    model = LassoCV(alphas=alphas, cv=folds[FOLDS], max_iter=100_000).fit(X, y)
    return mean_of_folds(model.mse_path_, folds).min()


def skglm(X, y, alphas, folds):
    from skglm import Lasso
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(
        Lasso(), {"alpha": alphas}, cv=folds[FOLDS], scoring="neg_mean_squared_error"
    ).fit(X, y)
    scores = [search.cv_results_[f"split{f}_test_score"] for f in range(FOLDS)]
    return mean_of_folds(-np.array(scores).T, folds).min()


def adelie(X, y, alphas, folds):
    import adelie as ad

    if sp.issparse(X):
        X = ad.matrix.sparse(X.tocsc(), method="naive")
    glm = ad.glm.gaussian(y)
    found = ad.cv_grpnet(
        X, glm, n_folds=FOLDS, seed=0, min_ratio=EPS, lmda_path_size=N_ALPHAS, progress_bar=False
    )
    found.fit(X, glm, progress_bar=False)
    return 2 * np.min(found.avg_losses)


def glmnet(X, y, alphas, folds):
    mean, scale = y.mean(), y.std()
    number = np.empty(len(y), dtype=np.int32)
    for f, (_, test) in enumerate(folds[FOLDS]):
        number[test] = f + 1
    with tempfile.TemporaryDirectory() as folder:
        hand_to_r(Path(folder, "problem"), X, (y - mean) / scale, 1.0, alphas / scale, 1e-7)
        number.tofile(Path(folder, "folds"))
        script = Path(__file__).with_name("glmnet.R")
        subprocess.run(["Rscript", script, folder], check=True, capture_output=True, text=True)
        seconds, error = np.fromfile(Path(folder, "answer"))[:2]
    return error * scale**2, seconds


def mean_of_folds(errors, folds):
    """Of folds that may differ in size, as SparseLpRegressorCV weighs them."""
    return np.average(errors, axis=1, weights=[len(test) for _, test in folds[FOLDS]])


@dataclass(frozen=True)
class Contestant:
    """The package it needs and what it calls; whether that runs R."""

    package: str
    call: object
    in_r: bool = False

    def version(self, python):
        return Solver(self.package, (1,), self.call, in_r=self.in_r).version(python)


OURS, LOOP, LASSO = "SparseLpRegressorCV", "loop of fits", "LassoCV"
FOLDS_10, SETTINGS, THREADS, ONE = "10 folds", "12 settings", "two threads", "one fit"
CONTESTANTS = {
    OURS: Contestant("skl-sparse", ours),
    FOLDS_10: Contestant("skl-sparse", ours_10_folds),
    SETTINGS: Contestant("skl-sparse", ours_all_settings),
    THREADS: Contestant("skl-sparse", ours_two_threads),
    ONE: Contestant("skl-sparse", one_fit),
    LOOP: Contestant("skl-sparse", loop),
    LASSO: Contestant("scikit-learn", lasso_cv),
    "skglm": Contestant("skglm", skglm),
    "adelie": Contestant("adelie", adelie),
    "glmnet": Contestant("glmnet", glmnet, in_r=True),
}
RIVALS = tuple(CONTESTANTS)[5:]


def measure(name, file, limit):
    """In this process: seconds of processor and wall time, memory beyond X in its sizes, error."""
    import resource

    warnings.simplefilter("ignore")  # of convergence: every library is left at its own tolerance
    with open(file, "rb") as stream:
        X, y, alphas, folds = pickle.load(stream)
    contestant = CONTESTANTS[name]
    # What is imported or compiled at a first call is neither its time nor its memory.
    few = np.linspace(0, len(y) - 1, min(len(y), 50)).astype(int)  # of every class
    every = np.arange(len(few))
    contestant.call(X[few], y[few], alphas[:2], {k: [(every, every)] * k for k in folds})
    spent = time.process_time() + contestant.in_r * contest.IMPORTING
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent + limit) + 1,) * 2)
    seconds, walls = [], []
    while len(seconds) < MOST_REPEATS and sum(seconds) < SHORT:
        start = time.process_time(), time.perf_counter()
        if seconds:
            found = contestant.call(X, y, alphas, folds)
        else:
            found, memory, _ = peak_memory(lambda: contestant.call(X, y, alphas, folds))
        error, *reported = found if isinstance(found, tuple) else (found,)
        seconds += reported or [time.process_time() - start[0]]
        walls.append(time.perf_counter() - start[1])
    size = X.data.nbytes + (X.indices.nbytes + X.indptr.nbytes if sp.issparse(X) else 0)
    return {
        "seconds": min(seconds),
        "wall": min(walls),
        "memory": np.nan if contestant.in_r else memory / size,
        "error": error,
    }


def ask(name, file, limit, python):
    """What `measure` found in a process of its own, or why it found nothing."""
    here = [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, here))}
    call = f"import json, cross_validation as c; print(json.dumps(c.measure({name!r}, {str(file)!r}, {limit})))"
    try:
        done = subprocess.run(
            [python, "-P", "-c", call], check=False, capture_output=True, text=True,
            env=environment, timeout=contest.BUSY * (limit + contest.COMPILING),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "no sign of life"
    if done.returncode < 0:
        return f"> {limit:g} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1][:90]
    return json.loads(done.stdout.splitlines()[-1])


def problem(name):
    """X, y, the grid and the folds, by their number; None where the data are absent."""
    from sklearn.model_selection import KFold

    from skl_sparse import alpha_grid

    found = load(name)
    if found is None:
        return None
    X, y = found
    alphas = alpha_grid(X, y, n_alphas=N_ALPHAS, eps=EPS)
    folds = {
        k: list(KFold(k, shuffle=True, random_state=0).split(y[:, None]))
        for k in (FOLDS, 2 * FOLDS)
    }
    return X, y, alphas, folds


def seconds_of(found, name, what="seconds"):
    """A figure of a contestant; where it was stopped, at least the limit; nan for none."""
    result = found.get(name)
    return result[what] if isinstance(result, dict) else np.nan


def goals(data, found):
    """Yield the goals of a data set."""
    base = seconds_of(found, OURS)
    yield Goal("loop / ours", seconds_of(found, LOOP) / base, 1, least=True)
    yield Goal("LassoCV / ours", seconds_of(found, LASSO) / base, 5, least=True)
    yield Goal("10 folds / 5", seconds_of(found, FOLDS_10) / base, 1.5)
    yield Goal("12 settings / p = 1", seconds_of(found, SETTINGS) / base, 6)
    if data in LARGE:
        two = seconds_of(found, OURS, "wall") / seconds_of(found, THREADS, "wall")
        yield Goal("one thread / two", two, 1.5, least=True)
    beyond = seconds_of(found, OURS, "memory") - seconds_of(found, ONE, "memory")
    yield Goal("memory beyond that of one fit, in X", beyond, 0.5)


def entry(result, base):
    """A rival's time over ours, or why there is none."""
    if isinstance(result, dict):
        return ratio(result["seconds"] / base)
    limit = result.removeprefix("> ").removesuffix(" s") if result.startswith("> ") else None
    return f"> {ratio(float(limit) / base)}" if limit else "fails"


def tables(table, rivals):
    """The rows of the table of times, and of that of what ours costs."""
    times = [["data", "n x p", "ours, s", *rivals]]
    costs = [["data", "10 folds / 5", "12 settings / p = 1", "one thread / two", "memory / X",
              "one fit's memory / X"]]  # fmt: skip
    for data, (shape, found) in table.items():
        base = seconds_of(found, OURS)
        if np.isnan(base):
            times.append([data, shape, str(found[OURS]), *[""] * len(rivals)])
            continue
        times.append([data, shape, f"{base:.3g}", *(entry(found[name], base) for name in rivals)])
        values = (
            seconds_of(found, FOLDS_10) / base,
            seconds_of(found, SETTINGS) / base,
            seconds_of(found, OURS, "wall") / seconds_of(found, THREADS, "wall"),
            seconds_of(found, OURS, "memory"),
            seconds_of(found, ONE, "memory"),
        )
        costs.append([data, *("" if np.isnan(value) else f"{value:.2f}" for value in values)])
    return times, costs


def summary(table, rivals):
    """Lines: geometric means, and every goal."""
    leads = {
        name: geometric_mean(
            [seconds_of(found, name) / seconds_of(found, OURS) for _, found in table.values()]
        )
        for name in rivals
    }
    shown = (f"{name} {mean:.2f} of {count}" for name, (mean, count) in leads.items() if count)
    yield f"rival / ours, geometric means: {', '.join(shown)}"
    if LOOP in leads:
        yield str(Goal("loop / ours, geometric mean", leads[LOOP][0], 4, least=True))
    for data, (_, found) in table.items():
        for goal in goals(data, found):
            yield f"{data}: {goal}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="data of the package, few seconds")
    parser.add_argument("--data", nargs="+", help="names of the data sets")
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, help="contestants, default all")
    parser.add_argument("--python", nargs="+", default=[], metavar="PACKAGE=PATH",
                        help="the interpreter of an environment that has a package")  # fmt: skip
    parser.add_argument("--limit", type=float, help="processor seconds, default 300, quick 20")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    arguments = parser.parse_args()
    limit = arguments.limit or (20 if arguments.quick else 300)
    pythons = dict(given.split("=", 1) for given in arguments.python)
    names, versions = [], {}
    for name in arguments.only or CONTESTANTS:
        package = CONTESTANTS[name].package
        if package not in versions:
            python = pythons.get(package, sys.executable)
            versions[package] = CONTESTANTS[name].version(python)
        if versions[package]:
            names.append(name)
        else:
            print(f"absent: {name}")
    rivals = [name for name in names if name in RIVALS]
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        for data in arguments.data or (QUICK if arguments.quick else DATA):
            loaded = problem(data)
            if loaded is None:
                print(f"absent: {data}, see data.py")
                continue
            shape = "{:,} x {:,}".format(*loaded[0].shape)
            file = Path(folder, "problem.pickle")
            with open(file, "wb") as stream:
                pickle.dump(loaded, stream, protocol=4)  # which older NumPy reads
            print(
                f"\n{data} {shape}\n{'':22}{'seconds':>10}{'wall':>9}{'memory / X':>12}{'error':>14}"
            )
            found = {}
            for name in names:
                python = pythons.get(CONTESTANTS[name].package, sys.executable)
                found[name] = told = ask(name, file, limit, python)
                if isinstance(told, str):
                    print(f"{name:22}{told:>10}", flush=True)
                else:
                    print(f"{name:22}{told['seconds']:10.3f}{told['wall']:9.3f}{told['memory']:12.2f}"
                          f"{told['error']:14.6g}", flush=True)  # fmt: skip
            table[data] = shape, found
    lines = list(summary(table, rivals))
    print("", *lines, sep="\n")
    if arguments.markdown:
        times, costs = tables(table, rivals)
        about = (
            f"{command()} {machine(versions)} {FOLDS} folds, {N_ALPHAS} strengths, one thread, "
            "processor time. Entries are a rival's time divided by ours: above 1 we are faster. "
            f'"> x": stopped after {limit:g} s; "fails": an error.'
        )
        parts = [about, markdown_table(times), "**What ours costs**", markdown_table(costs)]
        parts += ["**Together, and against the goals**", "\n".join(f"- {line}" for line in lines)]
        arguments.markdown.parent.mkdir(parents=True, exist_ok=True)
        text = "\n\n".join(part.rstrip("\n") for part in parts) + "\n"
        arguments.markdown.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
