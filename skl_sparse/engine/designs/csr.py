"""CSR: the rows are the lines."""

import numpy as np

import skl_sparse.engine.designs._dense as _dense
import skl_sparse.engine.designs._sparse as _sparse

from ..cuts import line_parts
from ._view import standardise_gram
from .compressed import CompressedDesign


class CSRDesign(CompressedDesign):
    lines_are_rows = True

    def correlate(self, R):
        return self._by_position(_sparse.line_scatter, R.shape[1], R)

    def predict(self, W):
        return self._by_line(_sparse.line_dot, W.shape[1], W)

    def gram(
        self, known, new, weights, out, center=None, scale=None, *, sums=None, rows=None, parts=None
    ):
        columns = np.concatenate([known, new])
        slot, is_new = self._slots(columns), np.zeros(self.n_columns, dtype=np.uint8)
        is_new[new] = True
        sums_known = center is None or sums is not None or not center[columns].any()
        own_sums = np.zeros(0 if sums_known else len(columns))
        part = np.empty(0, dtype=np.int32) if parts is None else parts
        products = out[None] if parts is None else out
        products[:] = 0.0
        if rows is None:
            # An entry meets each new column once at most.
            most = self.tuning.most_pairs // max(1, len(new))
            most = min(self.tuning.most_entries, max(1, most))
            shares = line_parts(self.indptr, self.threads.n if sums_known else 1, most)
        else:
            shares = [[(some.start, some.stop) for some in rows]]

        def add(share, to, place=0, n_places=1):
            of_share = len(known), place, n_places, own_sums, part, to
            self._pass(_sparse.row_gram, share, weights, slot, is_new, *of_share)

        if self._may_copy(products, len(shares)):
            self.threads.add_up(add, shares, products)
        else:  # all rows for some of the sums each
            ranges, n = [some for share in shares for some in share], len(shares)
            self.threads.run(lambda place: add(ranges, products, place, n), range(n))
        if not len(known):
            for some in products:
                _dense.fold(some, 0)
        if center is not None:
            if sums_known:
                total, weight = np.zeros(len(columns)) if sums is None else sums[columns], 1.0
            else:
                total = own_sums
                weight = sum(float(weights[some].sum()) for some in rows or [slice(None)])
            standardise_gram(out, center[columns], scale[columns], total, weight)

    def gather(self, columns, row_scale, column_scale):
        block = self._room(columns, row_scale)
        scale = row_scale, self._slots(columns), column_scale
        to = block.values, block.starts, block.rows, block.indptr, block.indptr[:-1].copy()
        self._pass(_sparse.gather_from_rows, self._all_ranges, *scale, *to)
        return block
