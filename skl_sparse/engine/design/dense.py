"""Dense arrays, C or Fortran order, through BLAS."""

import numpy as np

import skl_sparse.engine.design._dense as _dense

from .base import DenseColumns, Design, moments_about

CHUNK = 1 << 22  # entries converted or copied at a time: 32 MiB of float64


class DenseDesign(Design):
    entry_cost = 1.0
    gathered_entry_bytes = 8
    lazy_offset = 1e4

    def __init__(self, X, n_threads=1):
        self.X = X
        self.n_rows, self.n_columns = X.shape
        self.n_threads = n_threads
        self.nbytes = X.nbytes
        self.n_stored = X.size

    def _row_ranges(self, width=None):
        step = max(1, CHUNK // max(1, self.n_columns if width is None else width))
        if width is None:
            # BLAS reads float64 where it lies: only the threads call for more than one range.
            if self.X.dtype == np.float64:
                step = self.n_rows
            step = min(step, -(-self.n_rows // self.n_threads))
        return [(a, min(a + step, self.n_rows)) for a in range(0, self.n_rows, max(1, step))]

    def _rows(self, start, stop):
        return self.X[start:stop].astype(np.float64, copy=False)

    def correlate(self, R):
        def part(start, stop):
            return self._rows(start, stop).T @ R[start:stop]

        return sum(self._run(part, self._row_ranges()), np.zeros((self.n_columns, R.shape[1])))

    def predict(self, W):
        columns = np.flatnonzero(W.any(axis=1))
        out = np.zeros((self.n_rows, W.shape[1]))
        # Reading a few columns of each row beats reading all of them.
        few = len(columns) < self.n_columns // (2 if self.X.flags.f_contiguous else 8)
        weights = np.ascontiguousarray(W[columns]) if few else W

        def part(start, stop):
            rows = self.X[start:stop, columns].astype(np.float64, copy=False) if few else None
            out[start:stop] = (self._rows(start, stop) if rows is None else rows) @ weights

        self._run(part, self._row_ranges(len(columns)) if few else self._row_ranges())
        return out

    def gram(self, known, new, row_weights, center, out):
        columns = np.concatenate([known, new])
        out[:] = 0.0
        for start, stop in self._row_ranges(len(columns)):
            rows = self.X[start:stop, columns] - center[columns]
            out += (rows[:, len(known) :] * row_weights[start:stop, None]).T @ rows

    def gather(self, columns, row_scale, column_scale):
        values = np.empty((len(columns), self.n_rows))
        for start, stop in self._row_ranges(len(columns)):
            rows = self.X[start:stop, columns].T
            np.multiply(rows, column_scale[:, None], out=values[:, start:stop])
            values[:, start:stop] *= row_scale[start:stop]
        return DenseColumns(values)

    def moments(self, weights, center):
        largest, guess, first, second = (np.zeros(self.n_columns) for _ in range(4))
        rows = not self.X.flags.f_contiguous
        lines = self.X if rows else self.X.T
        _dense.column_sums(lines, weights, rows, guess, largest)
        if not center:
            guess[:] = 0.0
        unit = np.where(largest > 0, largest, 1.0)
        roots = np.sqrt(weights)
        _dense.column_deviations(lines, roots, rows, guess, unit, first, second)
        return moments_about(first, second, guess, unit, largest, center)

    def stored_in(self, columns):
        return self.n_rows * len(columns)
