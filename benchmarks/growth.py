"""How the time of a fit grows with the rows, and what threads change.

    python benchmarks/growth.py [--rows N ...] [--figure FILE]
    SKL_SPARSE_DATA=folder python benchmarks/growth.py --threads [--data NAME ...] [--share S]
    SKL_SPARSE_DATA=folder python benchmarks/growth.py --blas [--data NAME ...] [--share S]

Growth: one-hot tables of 60 columns of categories, as frequent as words are, and a target that 50
of the categories explain, the same whatever the number of rows. Lasso at a fixed alpha, which keeps
about those 50. Processor time is given for each stored entry, and in matvecs (X.T @ r by SciPy):
where the former is flat, a fit costs what reading its data costs, at any size. Caches hold small
tables only, and every fit has a fixed cost: the matvec shows the first, the smallest table the
second.

Threads: the wall time of the same fit with n_jobs=1 and n_jobs=2, in turn, on data sets and on the
largest of those tables. The best of several counts. The ratio means something
only if nothing else runs.
"""

import argparse
import time
from contextlib import nullcontext
from functools import partial
from unittest.mock import patch

import data
import numpy as np
import scipy.sparse as sp
from clock import matvec, times
from report import Goal
from threadpoolctl import threadpool_limits

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.parallel import one_blas_thread

LARGE = ("flights_onehot", "spamassassin", "news20")
DENSE = (*data.DENSE, *data.GENERATED)
ASLEEP = 0.2  # seconds until threads of BLAS are
N_FEATURES, N_RELEVANT = 60, 50
ALPHA = 0.02
FLAT = 1.5  # what an entry may cost over what it costs where rows are fewer
TWO_THREADS = 1.5  # times as fast as one, on large data


def one_hot_table(n_rows):
    """A one-hot table in CSR, p = 19 thousand, and a target with signal-to-noise ratio 1."""
    rng = np.random.default_rng(0)
    sizes = np.geomspace(4, 2000, N_FEATURES).astype(int)
    first = np.cumsum(sizes) - sizes
    indices = np.empty((n_rows, N_FEATURES), dtype=np.int32)
    relevant = []
    for k, size in enumerate(sizes):
        share = 1.0 / np.arange(1, size + 1)
        edges = np.cumsum(share) / share.sum()
        category = np.searchsorted(edges, rng.random(n_rows)).clip(max=size - 1)
        indices[:, k] = first[k] + category
        relevant += [first[k] + 1, first[k] + 2]
    indptr = np.arange(0, indices.size + 1, N_FEATURES, dtype=np.int32)
    shape = n_rows, int(sizes.sum())
    X = sp.csr_array((np.ones(indices.size), indices.reshape(-1), indptr), shape)
    coef = np.zeros(shape[1])
    coef[relevant[:N_RELEVANT]] = np.where(np.arange(N_RELEVANT) % 2, 1.0, -1.0)
    signal = X @ coef
    return X, signal + signal.std() * rng.standard_normal(n_rows)


def growth(numbers_of_rows):
    """Print a line for each number of rows; nanoseconds for each stored entry."""
    print(
        f"{'n':>9}{'entries':>12}{'fit':>10}{'matvecs':>9}{'ns/entry':>10}{'ratio':>7}  non-zeros"
    )
    found = []
    for n_rows in numbers_of_rows:
        X, y = one_hot_table(n_rows)
        unit, _ = matvec(X, y)
        model = SparseLpRegressor(ALPHA)
        seconds, model = times(lambda X=X, y=y, model=model: model.fit(X, y), 5)
        found.append(1e9 * min(seconds) / X.nnz)
        print(
            f"{n_rows:9,}{X.nnz:12,}{1e3 * min(seconds):7,.0f} ms{min(seconds) / unit:9.1f}"
            f"{found[-1]:10.1f}{found[-1] / found[0]:7.2f}{np.count_nonzero(model.coef_):11,}",
            flush=True,
        )
    # Small data show the fixed cost of a fit. What matters is that an entry does not get slower.
    slower = np.max(np.array(found) / np.minimum.accumulate(found))
    print(Goal("ns per entry over the least at fewer rows", slower, FLAT))
    return found


def figure(numbers_of_rows, nanoseconds, path):
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(6, 3.5), layout="constrained")
    axes = canvas.add_subplot()
    axes.plot(numbers_of_rows, nanoseconds, "o-", color="black")
    axes.axhspan(0, FLAT * min(nanoseconds), alpha=0.1, label=f"{FLAT} times the least")
    axes.set(xscale="log", xlabel="rows", ylabel="ns per stored entry", ylim=(0, None))
    axes.set_title(f"Time of a fit, {N_FEATURES} stored entries a row, the same support")
    axes.legend()
    axes.grid(alpha=0.3)
    canvas.savefig(path, dpi=150)


def problems(sets, share):
    """Yield name, X, y and alpha of each data set that is there; pairs of a name and what loads it."""
    for name, load in sets:
        loaded = load()
        if loaded is None:
            print(f"{name:16}  not found")
            continue
        X, y = loaded
        yield name, X, y, share * np.abs(X.T @ (y - y.mean())).max() / len(y)


def named(names):
    return [(name, partial(data.load, name)) for name in names]


def threads(names, n_rows, share, repeats):
    """Print a line for each data set that is there, and for a table of so many rows."""
    print(f"alpha = alpha_max * {share:g}\n{'data':16}{'n_jobs=1':>11}{'n_jobs=2':>11}")
    sets = [*named(names), (f"{n_rows:,} rows", partial(one_hot_table, n_rows))]
    for name, X, y, alpha in problems(sets, share):
        seconds = {1: [], 2: []}
        for _ in range(repeats):
            for n_jobs, taken in seconds.items():
                model = SparseLpRegressor(alpha, n_jobs=n_jobs)
                fit = partial(model.fit, X, y)
                taken += times(fit, 1, clock=time.perf_counter)[0]
        one, two = (min(taken) for taken in seconds.values())
        goal = Goal("one thread / two", one / two, TWO_THREADS, least=True)
        print(f"{name:16}{1e3 * one:8,.0f} ms{1e3 * two:8,.0f} ms   {goal}", flush=True)


def blas(names, share, repeats):
    """Print a line for each data set that is there: wall time, and processor time in brackets."""
    print(f"alpha = alpha_max * {share:g}\n{'data':16}{'BLAS as it is':>24}{'on one thread':>24}")
    for name, X, y, alpha in problems(named(names), share):
        taken = {nullcontext: [], one_blas_thread: []}
        for _ in range(repeats):
            for setting, seconds in taken.items():
                time.sleep(ASLEEP)
                start = time.perf_counter(), time.process_time()
                with patch("skl_sparse.linear_model._base.one_blas_thread", setting):
                    SparseLpRegressor(alpha).fit(X, y)
                seconds.append(np.subtract((time.perf_counter(), time.process_time()), start))
        free, held = (1e3 * np.median(seconds, axis=0) for seconds in taken.values())
        told = "".join(f"{wall:11.1f} ms ({busy:7.1f})" for wall, busy in (free, held))
        print(f"{name:16}{told}   ratio {free[0] / held[0]:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--figure", metavar="FILE", help="write a picture of the growth")
    parser.add_argument("--threads", action="store_true", help="compare one thread with two")
    parser.add_argument("--blas", action="store_true", help="compare threads of BLAS with one")
    parser.add_argument("--data", nargs="+", help="names of the data sets")
    parser.add_argument("--share", type=float, default=0.01, help="alpha / alpha_max")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    if arguments.blas:
        blas(arguments.data or LARGE + DENSE, arguments.share, arguments.repeats)
        return
    with threadpool_limits(1):  # the threads counted here are not those of BLAS
        if arguments.threads:
            names = arguments.data or LARGE
            threads(names, arguments.rows[-1], arguments.share, arguments.repeats)
            return
        nanoseconds = growth(arguments.rows)
        if arguments.figure:
            figure(arguments.rows, nanoseconds, arguments.figure)


if __name__ == "__main__":
    main()
