"""A weighted view of a design: centred, unit-norm columns and weighted rows, never applied to X."""

import numpy as np

from ..cuts import blocks, starts_of
from ._view import invert, standardise, weigh
from .base import DenseColumns, SparseColumns
from .weights import repeated, roots, weighted_sums

# Products of rows are centred afterwards while no square of the data leaves the range of numbers.
PLAIN = 1e-200, 1e200
# Deviations whose squares, and sums of many of them, do not leave it.
SQUARABLE = 1e-150, 1e150


class WeightedView:
    """A = diag(q) (X - 1 mean^T) diag(1/d), seen through the same questions as X.

    ``q`` holds the roots of the row weights (which sum to one), ``mean`` the weighted column means
    (zero without an intercept), ``d`` the column deviations, so that every column of A has unit
    norm, and is orthogonal to q where there is an intercept. A constant column has no deviation:
    its column of A is zero, and so is its coefficient.

    A design has as many views as there are weights: targets that share their weights share a view,
    the folds of a cross-validation have one each. Like the design a view does not change once it is
    made, and any number of threads may ask it at once.

    A sparse column whose mean dwarfs its deviation is nearly full. Those columns, few in any real
    data, are held centred and dense: their shift is the one that rounding would spoil.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_rows,)
        They sum to one.
    center : bool
        Whether there is an intercept.
    Y : ndarray of shape (n_rows, n_targets), optional
        If there is one target, the pass over X that finds the means may find its products with X by
        the way: most fits ask for ``correlate(Y)`` next.
    moments : Moments, optional
        Those of the columns under these weights, if they are known; `Y` is not looked at then.
    parts : Parts, optional
        The rows in parts, of which this view leaves out the one named ``left_out``, or none.
    left_out : int, optional
    """

    def __init__(self, design, weights, center, Y=None, *, moments=None, parts=None, left_out=None):
        self.design, self.tuning = design, design.tuning
        self.n_rows, self.n_columns = design.n_rows, design.n_columns
        self.weights, self.q = weights, roots(weights)
        self.idle_rows = np.flatnonzero([] if repeated(weights) else weights == 0)
        self.center = center
        self.parts, self.left_out = parts, left_out
        self._target, v = None, None
        if moments is None and Y is not None and Y.shape[1] == 1 and design.traits.finds_products:
            self._target, v = Y, self.q * Y[:, 0]
        if moments is None:
            moments = design.moments(weights, center, v)
        if self._target is not None:
            self._products_of_target = moments.products[:, None]
        self.mean, self.scale = moments.mean, moments.deviation
        #: The least and the largest deviation of columns that vary; one is among them.
        *self.deviations, self.offset = invert(self.scale, self.mean, design.traits.lazy_offset)
        #: Whether `gram`, which sums products in the units of X, is in the range of numbers.
        self.has_gram = SQUARABLE[0] < self.deviations[0] and self.deviations[1] < SQUARABLE[1]
        self.centred = self._centre(self.offset) if len(self.offset) else None

    def reweighted(self, weights):
        """A view of the same design with other row weights, which sum to one."""
        return WeightedView(self.design, weights, self.center)

    @property
    def deviation(self):
        """Deviation of each column, zero if it is constant."""
        return np.divide(1.0, self.scale, out=np.zeros(self.n_columns), where=self.scale > 0)

    def _centre(self, columns):
        block = self.design.gather(columns, np.ones(self.n_rows), np.ones(len(columns)))
        dense = isinstance(block, DenseColumns)
        values = block.values if dense else block.to_dense(self.n_rows)
        with np.errstate(over="ignore", invalid="ignore"):
            values -= self.mean[columns, None]
            values *= self.scale[columns, None]
            values *= self.q
        values[:, self.idle_rows] = 0.0
        return values

    def correlate(self, R):
        """A^T R, shape (n_columns, k), for R of shape (n_rows, k)."""
        out, unit = self._products(R)
        if not self.standardise(out, unit, R) and unit != 1.0:
            out = self._products_of(R)
            self.standardise(out, 1.0, R)
        return out

    def standardise(self, products, unit, R):
        """Turn X^T diag(q) R, in units of ``unit``, into A^T R, in place.

        Returns whether the products were finite.
        """
        along_q = (
            weighted_sums(self.q, R, self.tuning.stretch) if self.center else np.zeros(R.shape[1])
        )
        finite = standardise(products, unit, along_q, self.mean, self.scale)
        if self.centred is not None:
            products[self.offset] = self.centred @ R
        return finite

    def _products(self, R):
        """X^T diag(q) R and its unit."""
        if self._target is not None and np.array_equal(R, self._target):
            return self._products_of_target.copy(), 1.0
        if repeated(self.q):  # no other vector as long as the rows are many
            return self.design.correlate(np.ascontiguousarray(R)), float(self.q[0])
        return self._products_of(R), 1.0

    def _products_of(self, R):
        """The same in units of one: where the products of R alone would overflow."""
        return self.design.correlate(np.ascontiguousarray(self.q[:, None] * R))

    def predict(self, U):
        """A U, shape (n_rows, k), for U of shape (n_columns, k)."""
        with np.errstate(over="ignore", invalid="ignore"):
            W = U * self.scale[:, None]
        return self._times(W, U[self.offset])

    def combine(self, points):
        """A u for points u, each given by its ``columns`` and ``values``: a column for each."""
        return self._times(*self.unscaled(points))

    def unscaled(self, points):
        """The coefficients of points in the units of X, and those of the columns held centred."""
        W = np.zeros((self.n_columns, len(points)))
        held = np.zeros((len(self.offset), len(points)))
        for k, u in enumerate(points):
            W[u.columns, k] = u.values * self.scale[u.columns]
            if len(self.offset):
                held[:, k] = u.at(self.offset)
        W[self.offset] = 0.0
        return W, held

    def push(self, W):
        """A diag(1/scale) W, of which W, in the units of X, does not remain."""
        return self._times(W, W[self.offset] / self.scale[self.offset, None])

    def _times(self, W, held):
        W[self.offset] = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            out = self.design.predict(W)
        return self.weigh_rows(out, W, held)

    def weigh_rows(self, predictions, W, held):
        """Turn X W into A u, in place, for the coefficients that `unscaled` returned."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self.center:
                predictions -= self.mean @ W
            predictions *= self.q[:, None]
        predictions[self.idle_rows] = 0.0  # also where a huge value that does not count overflowed
        if self.centred is not None:
            predictions += self.centred.T @ held
        return predictions

    def pull(self, v, weights):
        """diag(scale) diag(weights) A^T v, which is for `push`, and v^T A diag(weights) A^T v.

        Vectors as long as the columns are read and written less often than by `correlate` and
        `predict`.
        """
        along_q = float(weighted_sums(self.q, v, self.tuning.stretch)) if self.center else 0.0
        lazy = weights
        if self.centred is not None:
            lazy = weights.copy()
            lazy[self.offset] = 0.0
        of_columns = along_q, self.mean, self.scale, lazy
        W, unit = self._products(v[:, None])
        finite, square = weigh(W[:, 0], unit, *of_columns)
        if not finite and unit != 1.0:
            W = self._products_of(v[:, None])
            _, square = weigh(W[:, 0], 1.0, *of_columns)
        if self.centred is not None:
            c = self.centred @ v
            weighted = c * weights[self.offset]
            square += float(c @ weighted)
            W[self.offset, 0] = weighted * self.scale[self.offset]
        return W, square

    def gram(self, known, new, out=None, exact=True):
        """A_new^T A_[known, new], shape (len(new), len(known) + len(new)), in ``out`` if given.

        That may be in single precision. Sums are rounded to it then, if that is to be ``exact``;
        else they may be taken in it.
        """
        if out is None:
            out = np.empty((len(new), len(known) + len(new)))
        if out.dtype == np.float64 or (self.design.traits.multiplies_in_single and not exact):
            self._fill_gram(known, new, out)
            return out
        # Some columns at a time, about as many each; the pairs of those before with them are known then.
        columns, n_known = np.concatenate([known, new]), len(known)
        most = self.room() // (8 * max(1, len(columns)))
        n_passes = max(1, -(-len(new) // max(1, most)))
        at_once = -(-len(new) // n_passes)
        room = np.empty(at_once * len(columns))
        for some in blocks(len(new), at_once):
            before, after, n = n_known + some.start, n_known + some.stop, some.stop - some.start
            products = room[: n * after].reshape(n, after)
            self._fill_gram(columns[:before], new[some], products)
            out[some, :after] = products
            out[: some.start, before:after] = products[:, n_known:before].T
        return out

    def room(self):
        """Bytes that sums may take before they are rounded."""
        return max(self.tuning.room, int(self.tuning.room_share * self.design.nbytes))

    def _fill_gram(self, known, new, out):
        with np.errstate(over="ignore", invalid="ignore"):
            self.design.gram(known, new, self.weights, out, self.mean, self.scale, sums=self.mean)
        self.correct_gram(known, new, out)

    def correct_gram(self, known, new, out):
        """Put in the products of columns that are held centred."""
        columns, per_pass = np.concatenate([known, new]), self.tuning.per_pass
        held = self._held(columns)
        for start in range(0, len(held), per_pass):
            places, kept = held[start : start + per_pass].T
            products = self.correlate(np.ascontiguousarray(self.centred[kept].T))[columns]
            out[:, places] = products[len(known) :]
            among_new = places >= len(known)
            out[places[among_new] - len(known)] = products.T[among_new]

    def may_sample(self, n_columns):
        """Whether the rows are so many that a sample tells about so many columns."""
        many = self._sampled_every(n_columns) >= self.tuning.least_spared
        return many and self.has_gram and not len(self.offset)

    def _sampled_every(self, n_columns):
        return self.n_rows // (self.tuning.sampled_rows * max(1, n_columns))

    def sampled_gram(self, columns):
        """About A^T A for the named columns, from a sample of the rows; None where that is no good.

        Rows have to be very many, and the sample has to give about the norms of the columns: one
        that misses the few rows in which a column varies does not.
        """
        if not self.may_sample(len(columns)):
            return None
        every = self._sampled_every(len(columns))
        # Short runs of rows from all over: rows may be in any order.
        rows = blocks(self.n_rows, self.tuning.sampled_run)[::every]
        weight = sum(float(self.weights[some].sum()) for some in rows)
        out = np.empty((len(columns), len(columns)))
        with np.errstate(over="ignore", invalid="ignore"):
            none = columns[:0]
            self.design.gram(none, columns, self.weights, out, self.mean, self.scale, rows=rows)
            out /= max(weight, np.finfo(np.float64).tiny)
            norm = np.sqrt(out.diagonal())
            if not np.abs(norm - 1.0).max(initial=0.0) <= self.tuning.misjudged:
                return None
            out /= norm
            out /= norm[:, None]
        return out

    def row_gram(self, column_weights):
        """A W A^T, shape (n_rows, n_rows), with W = diag(column_weights)."""
        products = self._plain_row_gram(column_weights)
        if products is not None:
            return products
        products = np.zeros((self.n_rows, self.n_rows))
        columns = np.flatnonzero(column_weights)
        for some in blocks(len(columns), self.tuning.cached // self.n_rows):
            block = self.dense(columns[some])
            block *= np.sqrt(column_weights[columns[some]])
            products += block @ block.T
        return products

    def _plain_row_gram(self, column_weights):
        """The same from X X^T, centred afterwards; None where that is not it, or would cancel.

        It is where the weights are alike in the units of X.
        """
        if not self.design.traits.has_row_gram or len(self.idle_rows):
            return None
        varies = self.scale > 0
        with np.errstate(over="ignore", invalid="ignore"):
            weights = (column_weights * self.scale * self.scale)[varies]
            weight = weights.max(initial=0.0)
            cancels = (
                weight * (self.mean @ self.mean) > self.tuning.most_cancelled * column_weights.sum()
            )
        alike = weights.min(initial=np.inf) >= (1 - 1e-12) * weight
        if not alike or cancels or not PLAIN[0] < weight < PLAIN[1]:
            return None
        products = self.design.row_gram()
        if self.center:
            sums = products @ self.weights
            products -= sums
            products -= sums[:, None]
            products += self.weights @ sums
        products *= weight * self.q
        products *= self.q[:, None]
        return products

    def _held(self, columns):
        """(place in ``columns``, row of ``centred``) of each column held centred."""
        if not len(self.offset):
            return np.empty((0, 2), dtype=np.intp)
        row = {column: k for k, column in enumerate(self.offset)}
        pairs = [(i, row[column]) for i, column in enumerate(columns) if column in row]
        return np.array(pairs, dtype=np.intp).reshape(-1, 2)

    def dense(self, columns):
        """The columns of A as an array of shape (n_rows, len(columns))."""
        block = self.gather(columns)
        if isinstance(block, DenseColumns):
            return block.values.T
        values = block.to_dense(self.n_rows)
        self._shift(values, block.shift)
        return values.T

    def _shift(self, values, shift):
        """Take the shifts, in units of q, off columns that are the rows of an array."""
        if shift.any():
            for some in blocks(len(shift), max(1, self.tuning.stretch // self.n_rows)):
                values[some] -= shift[some, None] * self.q

    def gathered_bytes(self, columns):
        """The memory of what `gather` returns, but for columns that are held centred."""
        return self.design.gathered_bytes(columns, self.q)

    def gather(self, columns):
        """The columns of A as `SparseColumns` or `DenseColumns`."""
        with np.errstate(over="ignore", invalid="ignore"):
            block = self.design.gather(columns, self.q, self.scale[columns])
        if len(self.idle_rows):  # a huge value that does not count overflowed
            if isinstance(block, DenseColumns):
                block.values[:, self.idle_rows] = 0.0
            else:
                # No values are shared, since the rows differ in weight.
                block.values[self.q[block.rows] == 0.0] = 0.0
        held = self._held(columns)
        with np.errstate(over="ignore"):
            shift = self.mean[columns] * self.scale[columns]
        shift[held[:, 0]] = 0.0
        if isinstance(block, DenseColumns):
            self._shift(block.values, shift)
            for i, k in held:
                block.values[i] = self.centred[k]
            return block
        block.shift = shift
        if len(held):
            every_row = np.arange(self.n_rows, dtype=np.int32)
            values = np.split(block.values, block.starts[1:-1])
            rows = np.split(block.rows, block.indptr[1:-1])
            for i, k in held:
                values[i], rows[i] = self.centred[k], every_row
            starts, indptr = (starts_of([len(part) for part in parts]) for parts in (values, rows))
            values, rows = np.concatenate(values), np.concatenate(rows)
            block = SparseColumns(values, starts, rows, indptr, block.shift)
        return block
