"""Shared set-up of the tests: threads, and the folder of benchmark data."""

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp


@pytest.fixture
def benchmark_data():
    """Loader of one benchmark set by name; skips where the data is not at hand."""
    folder = os.environ.get("SKL_SPARSE_DATA")
    if not folder:
        pytest.skip("SKL_SPARSE_DATA is not set: no benchmark data")

    def load(name):
        X = sp.load_npz(Path(folder) / f"{name}_X.npz")
        y = np.load(Path(folder) / f"{name}_y.npy").astype(float)
        return X.tocsr().astype(float), y

    return load
