"""A design with centred, unit-norm columns and weighted rows, none of it ever applied to X."""

import numpy as np

from .base import DenseColumns, SparseColumns

# Beyond this ratio of mean to deviation a lazy shift would lose digits to cancellation.
OFFSET = 10.0


class StandardisedDesign:
    """A = diag(q) (X - 1 mean^T) diag(1/d), seen through the same three questions as X.

    ``q`` holds the roots of the row weights (which sum to one), ``mean`` the weighted column means
    (zero without an intercept), ``d`` the column deviations, so that every column of A has unit
    norm, and is orthogonal to q where there is an intercept. A constant column has no deviation:
    its column of A is zero, and so is its coefficient.

    A sparse column whose mean dwarfs its deviation is nearly full. Those columns, in any design,
    are held centred and dense: their shift is the one that rounding would spoil.
    """

    def __init__(self, design, weights, center):
        self.design = design
        self.n_rows, self.n_columns = design.n_rows, design.n_columns
        self.q = np.sqrt(weights)
        self.idle_rows = np.flatnonzero(weights == 0)
        moments = design.moments(weights, center)
        self.mean, self.deviation = moments.mean, moments.deviation
        live = self.deviation > 0
        self.scale = np.divide(1.0, self.deviation, out=np.zeros(self.n_columns), where=live)
        with np.errstate(over="ignore"):
            self.offset = np.flatnonzero(live & (np.abs(self.mean) * self.scale > OFFSET))
        self.centred = self._centre(self.offset) if len(self.offset) else None
        # The columns of A before the shift, and the shift in units of q.
        self.shift = self.mean * self.scale
        self.shift[self.offset] = 0.0

    def _centre(self, columns):
        columns_of_x = self.design.gather(columns, np.ones(self.n_rows), np.ones(len(columns)))
        if isinstance(columns_of_x, DenseColumns):
            values = columns_of_x.values
        else:
            values = np.zeros((len(columns), self.n_rows))
            slots = np.repeat(np.arange(len(columns)), np.diff(columns_of_x.indptr))
            values[slots, columns_of_x.rows] = columns_of_x.values
        values -= self.mean[columns, None]
        values *= self.scale[columns, None]
        values *= self.q
        return values

    def correlate(self, R):
        """A^T R, shape (n_columns, k), for R of shape (n_rows, k)."""
        out = self.design.correlate(np.ascontiguousarray(self.q[:, None] * R))
        out *= self.scale[:, None]
        out -= self.shift[:, None] * (self.q @ R)
        if self.centred is not None:
            out[self.offset] = self.centred @ R
        return out

    def predict(self, U):
        """A U, shape (n_rows, k), for U of shape (n_columns, k)."""
        W = U * self.scale[:, None]
        W[self.offset] = 0.0
        out = self.design.predict(W)
        out -= self.shift @ U
        out *= self.q[:, None]
        out[self.idle_rows] = 0.0  # also where a huge value that does not count overflowed
        if self.centred is not None:
            out += self.centred.T @ U[self.offset]
        return out

    def gram(self, known, new, out=None):
        """A_new^T A_[known, new], shape (len(new), len(known) + len(new)), in ``out`` if given."""
        columns = np.concatenate([known, new])
        if out is None:
            out = np.empty((len(new), len(columns)))
        self.design.gram(known, new, self.q**2, out)
        scale, shift = self.scale[columns], self.shift[columns]
        for i, column in enumerate(new):
            out[i] *= self.scale[column] * scale
            if self.shift[column] != 0.0:
                out[i] -= self.shift[column] * shift
        if self.centred is not None:
            self._mend(out, columns, len(known))
        return out

    def _mend(self, out, columns, n_known):
        """Replace what concerns the columns held centred by their exact products."""
        place = {column: k for k, column in enumerate(self.offset)}
        for i, column in enumerate(columns):
            if column in place:
                products = self.correlate(self.centred[place[column]][:, None])[columns, 0]
                if i >= n_known:
                    out[i - n_known] = products
                out[:, i] = products[n_known:]

    def gather(self, columns):
        """The columns of A as `SparseColumns` or `DenseColumns`."""
        block = self.design.gather(columns, self.q, self.scale[columns])
        place = {column: k for k, column in enumerate(self.offset)}
        held = [(i, place[column]) for i, column in enumerate(columns) if column in place]
        if isinstance(block, DenseColumns):
            block.values -= np.outer(self.shift[columns], self.q)
            for i, k in held:
                block.values[i] = self.centred[k]
            return block
        block.shift = self.shift[columns]
        if held:
            every_row = np.arange(self.n_rows, dtype=np.int32)
            cuts = block.indptr[1:-1]
            values, rows = np.split(block.values, cuts), np.split(block.rows, cuts)
            for i, k in held:
                values[i], rows[i] = self.centred[k], every_row
            lengths = [len(v) for v in values]
            block = SparseColumns(
                np.concatenate(values),
                np.concatenate(rows),
                np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
                block.shift,
            )
        return block
