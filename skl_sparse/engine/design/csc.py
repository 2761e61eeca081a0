"""CSC: the columns are the lines."""

import numpy as np
from scipy.sparse import csc_array

import skl_sparse.engine.design._sparse as _sparse

from .base import SparseColumns
from .compressed import CompressedDesign
from .csr import CSRDesign


class CSCDesign(CompressedDesign):
    lines_are_rows = False

    def correlate(self, R):
        return self._sum_by_column(_sparse.line_dot, R.shape[1], R)

    def predict(self, W):
        # Threads would each need a result of their own; most of W is zero, and skipped.
        out = np.zeros((self.n_rows, W.shape[1]))
        for part in self._parts:
            self._pass(_sparse.line_scatter, part, W, out)
        return out

    def gram(self, known, new, row_weights, center, out):
        columns = np.concatenate([known, new])
        block = self.gather(columns, np.ones(self.n_rows), np.ones(len(columns)))
        shape = self.n_rows, len(columns)
        rows = csc_array((block.values, block.rows, block.indptr), shape=shape).tocsr()
        places = np.arange(len(columns))
        split = len(known)
        rows = CSRDesign(rows)
        rows.gram(places[:split], places[split:], row_weights, center[columns], out)

    def gather(self, columns, row_scale, column_scale):
        starts, stops = self.indptr[columns], self.indptr[columns + 1]
        indptr = np.concatenate([[0], np.cumsum(stops - starts, dtype=np.int64)])
        values = np.empty(indptr[-1])
        rows = np.empty(indptr[-1], dtype=np.int32)
        for k in range(len(columns)):
            source, place = slice(starts[k], stops[k]), slice(indptr[k], indptr[k + 1])
            rows[place] = self.indices[source]
            values[place] = self.data[source] * column_scale[k] * row_scale[rows[place]]
        return SparseColumns(values, rows, indptr, np.zeros(len(columns)))
