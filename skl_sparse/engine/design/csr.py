"""CSR: the rows are the lines."""

import numpy as np

import skl_sparse.engine.design._sparse as _sparse

from .base import SparseColumns
from .compressed import CompressedDesign


class CSRDesign(CompressedDesign):
    lines_are_rows = True

    def correlate(self, R):
        def part(start, stop):
            out = np.zeros((self.n_columns, R.shape[1]))
            _sparse.line_scatter(self.data, self.indices, self.indptr, R, out, start, stop)
            return out

        total, *others = self._run(part, self._ranges)
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

    def gram(self, known, new, row_weights, center, out):
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
        columns = np.concatenate([known, new])
        for row, column in zip(out, new, strict=True):
            if center[column] != 0.0:
                row -= center[column] * center[columns]

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
