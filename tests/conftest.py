"""Fixtures and settings that several test files share."""

import os
from pathlib import Path

# Tests run in as many processes as there are cores, and their problems are small: one thread each,
# also in the processes that tests start. Read by BLAS and OpenMP as soon as NumPy is imported.
for variable in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "BLIS_NUM", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{variable}_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")  # no window, whatever the machine

import hypothesis
import numpy as np
import pytest
from scipy import sparse

# The same examples in every run; a busy machine is no failure.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("suite")

pytest.register_assert_rewrite("reference")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def benchmark_data():
    """Return ``load(name) -> (X, y)`` for the data sets in the folder that SKL_SPARSE_DATA names.

    A data set is NAME_X.npz (a SciPy sparse matrix) and NAME_y.npy; it is read once.
    """
    folder = os.environ.get("SKL_SPARSE_DATA")
    loaded = {}

    def load(name):
        if not folder:
            pytest.skip("SKL_SPARSE_DATA names no folder with benchmark data")
        if name not in loaded:
            X = sparse.load_npz(Path(folder, f"{name}_X.npz"))
            loaded[name] = X, np.load(Path(folder, f"{name}_y.npy")).astype(float)
        return loaded[name]

    return load
