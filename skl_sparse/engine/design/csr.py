"""CSR: the rows are the lines."""

import numpy as np

import skl_sparse.engine.design._sparse as _sparse

from .base import SparseColumns
from .compressed import CompressedDesign


class CSRDesign(CompressedDesign):
    lines_are_rows = True

    def correlate(self, R):
        return self._sum_by_column(_sparse.line_scatter, R.shape[1], R)

    def predict(self, W):
        out = np.empty((self.n_rows, W.shape[1]))
        self._run(lambda part: self._pass(_sparse.line_dot, part, W, out), self._parts)
        return out

    def gram(self, known, new, row_weights, center, out):
        slot = self._slots(np.concatenate([known, new]))
        out[:] = 0.0
        for part in self._parts:
            self._pass(_sparse.row_gram, part, row_weights, slot, len(known), out)
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
