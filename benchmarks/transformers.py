"""Time and memory of the transformers, in copies of X, beside the usual alternatives.

    python benchmarks/transformers.py [--rounds N] [--rows N] [--markdown FILE]

One copy is what ``X.copy()`` takes on the same data in the same round; medians over the rounds are
shown, with quartiles. Nothing here uses threads, so processor time is measured: a busy machine
disturbs it least. Each timed call follows one like it that is not timed: whether the allocator has
to ask the system for memory then depends on the call, not on its neighbours. Data: the sets of the
folder that SKL_SPARSE_DATA names; without it, a generated one-hot table and a generated text-like
matrix. Memory is the peak of what NumPy allocates during the call, the result included.
"""

import argparse
import os
import time
import tracemalloc
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import sklearn
from report import command, machine
from sklearn.preprocessing import MaxAbsScaler, normalize

import skl_sparse
from skl_sparse import SparseDropoutReplacer, SparseNormalizer


def one_hot(n_rows, n_columns=17, levels=3000):
    """Ones, as many in each row; level k of a column has weight 1 / (k + 1)."""
    rng = np.random.RandomState(0)
    codes = np.minimum(np.exp(rng.uniform(0, np.log(levels), (n_rows, n_columns))), levels - 1)
    indices = (codes.astype(np.int32) + np.arange(n_columns, dtype=np.int32) * levels).ravel()
    indptr = np.arange(n_rows + 1, dtype=np.int32) * n_columns
    return sp.csr_matrix((np.ones(len(indices)), indices, indptr), (n_rows, n_columns * levels))


def text_like(n_rows, n_columns=200_000, words=350):
    """Positive weights, log-normal numbers of words in a row, word frequencies like 1 / rank."""
    rng = np.random.RandomState(1)
    counts = rng.lognormal(np.log(words), 0.8, n_rows).astype(int)
    rows = np.repeat(np.arange(n_rows), counts)
    columns = np.exp(rng.uniform(0, np.log(n_columns), len(rows))).astype(int) % n_columns
    weights = rng.uniform(0.01, 1, len(rows))
    return sp.csr_matrix((weights, (rows, columns)), (n_rows, n_columns))


def data_sets(rows):
    """Yield the name and the CSR matrix of each data set."""
    folder = os.environ.get("SKL_SPARSE_DATA")
    if folder:
        for name in ("flights_onehot", "spamassassin"):
            yield name, sp.load_npz(Path(folder) / f"{name}_X.npz").tocsr()
    else:
        yield "generated one-hot", one_hot(rows)
        yield "generated text-like", text_like(max(rows // 50, 1))


def numpy_dropout(X, rate, seed=0):
    """Dropout the usual way: a random number for each stored entry."""
    X = X.copy()
    X.data[np.random.RandomState(seed).random_sample(X.nnz) < rate] = 0
    X.eliminate_zeros()
    return X


def contestants(X):
    """Yield (name, function, goal in copies or None); each function returns a new matrix."""
    yield "X.copy()", X.copy, None
    normalizer = SparseNormalizer().fit(X)
    yield "SparseNormalizer.fit", lambda: SparseNormalizer().fit(X), None
    yield "SparseNormalizer.fit_transform", lambda: SparseNormalizer().fit_transform(X), 3.0
    yield "SparseNormalizer.transform", lambda: normalizer.transform(X), 2.5
    yield "normalize(axis=0)", lambda: normalize(X, axis=0), None
    scaler = MaxAbsScaler().fit(X)
    yield "MaxAbsScaler.fit_transform", lambda: MaxAbsScaler().fit_transform(X), None
    yield "MaxAbsScaler.transform", lambda: scaler.transform(X), None
    for rate, goal in ((0.1, 2.0), (0.01, 1.6)):
        replacer = SparseDropoutReplacer(rate, random_state=0)
        yield f"SparseDropoutReplacer({rate})", lambda r=replacer: r.fit_transform(X), goal
        yield f"NumPy mask dropout({rate})", lambda r=rate: numpy_dropout(X, r), None


def processor_times(functions, rounds):
    """Return the seconds of each function in each round; rounds go through all of them in turn."""
    times = np.empty((len(functions), rounds))
    for i in range(rounds):
        for function, taken in zip(functions, times, strict=True):
            function()
            start = time.process_time()
            result = function()
            taken[i] = time.process_time() - start
            del result
    return times


def peak_bytes(function):
    """Return the peak of the memory that the function allocates."""
    tracemalloc.start()
    try:
        result = function()
        _, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return peak


def measure(X, rounds):
    """Return the rows of the table for one data set."""
    names, functions, goals = zip(*contestants(X), strict=True)
    times = processor_times(functions, rounds)
    copies = np.quantile(times / times[0], [0.5, 0.25, 0.75], axis=1).T
    memory = np.array([peak_bytes(function) for function in functions])
    table = []
    for name, taken, (median, low, high), goal, peak in zip(
        names, times, copies, goals, memory / memory[0], strict=True
    ):
        met = "" if goal is None else "yes" if median <= goal else f"no, {median / goal:.2f}x"
        table.append(
            [
                name,
                f"{1e3 * np.median(taken):.2f}",
                f"{median:.2f}",
                f"{low:.2f}-{high:.2f}",
                "" if goal is None else f"{goal:g}",
                met,
                f"{peak:.2f}",
            ]
        )
    return table


OURS = {"skl-sparse": skl_sparse.__version__, "scikit-learn": sklearn.__version__}
HEADER = ["", "ms", "copies", "quartiles", "goal", "met", "memory (copies)"]


def markdown(tables):
    """Return the tables in Markdown, the numbers aligned to the right."""
    lines = [f"{command()} {machine(OURS)}", ""]
    for title, table in tables:
        lines += [f"**{title}**", ""]
        lines += [f"| {' | '.join(row)} |" for row in [HEADER, ["---"] + ["---:"] * 6, *table]]
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="timings of each, default 15")
    parser.add_argument(
        "--rows", type=int, default=300_000, help="rows to generate, default 300000"
    )
    parser.add_argument("--markdown", metavar="FILE", help="write the tables")
    options = parser.parse_args()
    tables = []
    for name, X in data_sets(options.rows):
        X.sum_duplicates()
        title = f"{name}: {X.shape[0]} x {X.shape[1]}, {X.nnz} stored entries"
        tables.append((title, measure(X, options.rounds)))
        print(f"\n{title}")
        for row in [HEADER, *tables[-1][1]]:
            print(f"{row[0]:32}" + "".join(f"{cell:>12}" for cell in row[1:-1]) + f"{row[-1]:>18}")
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(markdown(tables))


if __name__ == "__main__":
    main()
