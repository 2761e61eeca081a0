"""CSC: the columns are the lines."""

import numpy as np
from scipy.sparse import csc_array

import skl_sparse.engine.designs._sparse as _sparse

from ..cuts import blocks
from .compressed import CompressedDesign
from .csr import CSRDesign


class CSCDesign(CompressedDesign):
    lines_are_rows = False

    def correlate(self, R):
        return self._by_line(_sparse.line_dot, R.shape[1], R)

    def predict(self, W):
        return self._by_position(_sparse.line_scatter, W.shape[1], W)

    def gram(
        self, known, new, weights, out, center=None, scale=None, *, sums=None, rows=None, parts=None
    ):
        columns = np.concatenate([known, new])
        block = self.gather(columns, np.ones(self.n_rows), np.ones(len(columns)))
        shape = self.n_rows, len(columns)
        by_rows = csc_array((block.entries(), block.rows, block.indptr), shape=shape).tocsr()
        design = CSRDesign(by_rows, self.threads, self.tuning)
        known, new = np.split(np.arange(len(columns)), [len(known)])
        center, scale, sums = (None if v is None else v[columns] for v in (center, scale, sums))
        design.gram(known, new, weights, out, center, scale, sums=sums, rows=rows, parts=parts)

    def gather(self, columns, row_scale, column_scale):
        block, names = self._room(columns, row_scale), columns.astype(np.int64)
        for some in blocks(len(columns), self.tuning.most_entries // self.n_rows):
            _sparse.gather_lines(
                *(self.data, self.indices, self.indptr, row_scale),
                *(names[some], column_scale[some], block.values),
                *(block.starts[some.start : some.stop + 1], block.rows, block.indptr[some]),
            )
        return block
