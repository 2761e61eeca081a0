"""CSR: the rows are the lines."""

import numpy as np

import skl_sparse.engine.design._sparse as _sparse

from .base import Design, SparseColumns, line_ranges, moments_about


def stored_moments(matrix, weights, center, lines_are_rows):
    """Moments of the columns of a compressed matrix, the implicit zeros included."""
    n_columns, n_rows = matrix.n_columns, matrix.n_rows
    total, weight, largest = (np.zeros(n_columns) for _ in range(3))
    count = np.zeros(n_columns, dtype=np.int64)
    arrays = matrix.data, matrix.indices, matrix.indptr
    _sparse.column_sums(*arrays, weights, lines_are_rows, total, weight, count, largest)
    guess = total if center else np.zeros(n_columns)
    unit = np.where(largest > 0, largest, 1.0)
    first, second = np.zeros(n_columns), np.zeros(n_columns)
    roots = np.sqrt(weights)
    _sparse.column_deviations(*arrays, roots, lines_are_rows, guess, unit, first, second)
    # A full column has no implicit zero; elsewhere their weight is what the stored ones leave.
    rest = np.where(count < n_rows, np.maximum(1.0 - weight, 0.0), 0.0)
    shift = guess / unit
    return moments_about(
        first - rest * shift, second + rest * shift * shift, guess, unit, largest, center
    )


def n_row_check(n_rows):
    if n_rows > np.iinfo(np.int32).max:
        raise ValueError(f"X has {n_rows} rows; at most {np.iinfo(np.int32).max} are supported")


class CSRDesign(Design):
    entry_cost = 4.0
    gathered_entry_bytes = 12

    def __init__(self, X, n_threads=1):
        n_row_check(X.shape[0])
        self.data, self.indices = X.data, X.indices
        self.indptr = X.indptr.astype(X.indices.dtype, copy=False)
        self.n_rows, self.n_columns = X.shape
        self.n_threads = n_threads
        self.nbytes = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
        self._ranges = line_ranges(X.indptr, n_threads)
        self._counts = None

    def correlate(self, R):
        def part(start, stop):
            out = np.zeros((self.n_columns, R.shape[1]))
            _sparse.line_scatter(self.data, self.indices, self.indptr, R, out, start, stop)
            return out

        total, *others = self._run(part, self._ranges) or [np.zeros((self.n_columns, R.shape[1]))]
        for out in others:
            total += out
        return total

    def predict(self, W):
        out = np.empty((self.n_rows, W.shape[1]))

        def part(start, stop):
            _sparse.line_dot(self.data, self.indices, self.indptr, W, out, start, stop)

        self._run(part, self._ranges)
        return out

    def _slots(self, columns):
        slot = np.full(self.n_columns, -1, dtype=np.int32)
        slot[columns] = np.arange(len(columns), dtype=np.int32)
        return slot

    def gram(self, known, new, row_weights, out):
        slot = self._slots(np.concatenate([known, new]))
        out[:] = 0.0
        for start, stop in self._ranges:
            _sparse.row_gram(
                self.data,
                self.indices,
                self.indptr,
                row_weights,
                slot,
                len(known),
                out,
                start,
                stop,
            )

    def gather(self, columns, row_scale, column_scale):
        slot = self._slots(columns)
        count = np.zeros(len(columns), dtype=np.int64)
        _sparse.count_in_rows(self.indices, self.indptr, slot, count)
        indptr = np.concatenate([[0], np.cumsum(count)])
        values = np.empty(indptr[-1])
        rows = np.empty(indptr[-1], dtype=np.int32)
        _sparse.gather_from_rows(
            self.data,
            self.indices,
            self.indptr,
            row_scale,
            slot,
            column_scale,
            indptr[:-1].copy(),
            values,
            rows,
        )
        return SparseColumns(values, rows, indptr, np.zeros(len(columns)))

    def moments(self, weights, center):
        return stored_moments(self, weights, center, True)

    def stored_in(self, columns):
        if self._counts is None:
            self._counts = np.bincount(self.indices, minlength=self.n_columns)
        return int(self._counts[columns].sum())
