"""What CSR and CSC share: compressed lines, which are the rows of one and the columns of the other."""

import numpy as np

import skl_sparse.engine.design._sparse as _sparse

from .base import Design, line_ranges, moments_about


class CompressedDesign(Design):
    """A canonical CSR or CSC matrix, read where it lies."""

    entry_cost = 4.0
    gathered_entry_bytes = 12
    lazy_offset = 100.0
    lines_are_rows: bool

    def __init__(self, X, n_threads=1):
        if X.shape[0] > np.iinfo(np.int32).max:
            most = np.iinfo(np.int32).max
            raise ValueError(f"X has {X.shape[0]} rows; at most {most} are supported")
        self.data, self.indices = X.data, X.indices
        self.indptr = X.indptr.astype(X.indices.dtype, copy=False)
        self.n_rows, self.n_columns = X.shape
        self.n_threads = n_threads
        self.n_stored = X.nnz
        self.nbytes = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
        self._ranges = line_ranges(X.indptr, n_threads)
        self._counts = None

    def moments(self, weights, center):
        """`Moments`, the implicit zeros included."""
        total, weight, largest, first, second = (np.zeros(self.n_columns) for _ in range(5))
        count = np.zeros(self.n_columns, dtype=np.int64)
        arrays, rows = (self.data, self.indices, self.indptr), self.lines_are_rows
        _sparse.column_sums(*arrays, weights, rows, total, weight, count, largest)
        self._counts = count
        guess = total if center else np.zeros(self.n_columns)
        unit = np.where(largest > 0, largest, 1.0)
        _sparse.column_deviations(*arrays, np.sqrt(weights), rows, guess, unit, first, second)
        # A full column has no implicit zero; elsewhere their weight is what the stored ones leave.
        rest = np.where(count < self.n_rows, np.maximum(1.0 - weight, 0.0), 0.0)
        shift = guess / unit
        first -= rest * shift
        second += rest * shift * shift
        return moments_about(first, second, guess, unit, largest, center)

    def stored_in(self, columns):
        if self._counts is None:
            self.moments(np.full(self.n_rows, 1.0 / self.n_rows), False)
        return int(self._counts[columns].sum())
