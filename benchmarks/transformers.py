"""Time and memory of the transformers, in copies of X, next to what one would use instead.

    python benchmarks/transformers.py [--rounds N] [--rows N]

One copy is what ``X.copy()`` takes on the same data, timed in turn with everything else. Nothing here
uses threads, so processor time is measured: a busy machine disturbs it least. Data: the sets of the folder that SKL_SPARSE_DATA names; without it, a
generated one-hot table and a generated text-like matrix. Memory is the peak of what NumPy allocates
during the call, the result included.
"""

import argparse
import os
import time
import tracemalloc
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import MaxAbsScaler, normalize

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


def median_times(functions, rounds):
    """Return each function's median time in seconds; rounds go through all of them in turn."""
    times = [[] for _ in functions]
    for _ in range(rounds):
        for function, taken in zip(functions, times, strict=True):
            start = time.process_time()
            result = function()
            taken.append(time.process_time() - start)
            del result
    return [float(np.median(taken)) for taken in times]


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="timings of each, default 15")
    parser.add_argument(
        "--rows", type=int, default=300_000, help="rows to generate, default 300000"
    )
    options = parser.parse_args()
    for title, X in data_sets(options.rows):
        X.sum_duplicates()
        names, functions, goals = zip(*contestants(X), strict=True)
        times = median_times(functions, options.rounds)
        memory = [peak_bytes(function) for function in functions]
        print(f"\n{title}: {X.shape[0]} x {X.shape[1]}, {X.nnz} stored entries")
        print(f"{'':34}{'ms':>8}{'copies':>9}{'goal':>7}{'memory (copies)':>18}")
        for name, taken, goal, peak in zip(names, times, goals, memory, strict=True):
            print(
                f"{name:34}{1e3 * taken:8.2f}{taken / times[0]:9.2f}{goal or '':>7}"
                f"{peak / memory[0]:18.2f}"
            )


if __name__ == "__main__":
    main()
