"""CSR: the rows are the lines."""

import numpy as np

import skl_sparse.engine.designs._dense as _dense
import skl_sparse.engine.designs._sparse as _sparse

from ._view import standardise_gram
from .base import MOST_ENTRIES, line_parts
from .compressed import CompressedDesign

# Pairs of columns that one call into compiled code adds up: half a second.
MOST_PAIRS = 1 << 29


class CSRDesign(CompressedDesign):
    lines_are_rows = True

    def correlate(self, R):
        return self._by_position(_sparse.line_scatter, R.shape[1], R)

    def predict(self, W):
        return self._by_line(_sparse.line_dot, W.shape[1], W)

    def gram(self, known, new, row_weights, center, scale, out, rows=None):
        columns = np.concatenate([known, new])
        slot, is_new = self._slots(columns), np.zeros(self.n_columns, dtype=np.uint8)
        is_new[new] = True
        center = center[columns]
        out[:] = 0.0
        if rows is None:
            # An entry meets each new column once at most.
            most = min(MOST_ENTRIES, max(1, MOST_PAIRS // max(1, len(new))))
            parts = line_parts(self.indptr, self.n_threads, most)
            own_sums = np.empty(0)
        else:
            parts = [[(some.start, some.stop) for some in rows]]
            own_sums = np.zeros(len(columns))

        def add(part, to, share=0, n_shares=1):
            of_part = len(known), share, n_shares, own_sums, to
            self._pass(_sparse.row_gram, part, row_weights, slot, is_new, *of_part)

        if self._may_copy(out, len(parts)):
            self._add_up(add, parts, out)
        else:  # all rows for some of the sums each
            ranges, n = [r for part in parts for r in part], len(parts)
            self._run(lambda share: add(ranges, out, share, n), range(n))
        if not len(known):
            _dense.fold(out, 0)
        sums, weight = center, 1.0
        if rows is not None and center.any():  # what is centred is not their own mean
            sums, weight = own_sums, sum(float(row_weights[some].sum()) for some in rows)
        standardise_gram(out, center, scale[columns], sums, weight)

    def gather(self, columns, row_scale, column_scale):
        block = self._room(columns, row_scale)
        scale = row_scale, self._slots(columns), column_scale
        to = block.values, block.starts, block.rows, block.indptr, block.indptr[:-1].copy()
        self._pass(_sparse.gather_from_rows, self._all_ranges, *scale, *to)
        return block
