"""Dense arrays, C or Fortran order, through BLAS."""

from functools import partial

import numpy as np

import skl_sparse.engine.designs._dense as _dense

from ._view import finish_moments, standardise_gram
from .base import (
    DenseColumns,
    Design,
    Moments,
    blocks,
    moments_about,
    repeated,
)

# Entries of one call into compiled code, or of a copy that need not stay in cache.
CHUNK = 1 << 22
# Entries of a panel of the Gram, which stays in cache, and rows that let BLAS come to speed.
PANEL, LEAST_ROWS = 1 << 19, 256
# Ratio of mean to deviation up to which products are centred afterwards: a little is cancelled.
LATE = 8.0
# Entries converted or copied at a time, half a MiB of float64, and how many of them along a line.
BLOCK, STRETCH = 1 << 16, 1 << 12


class DenseDesign(Design):
    """An array, read in lines as it lies in memory: columns in Fortran order, else rows.

    X^T R and X W are the products of the lines with a matrix and the products of their transpose,
    one way round or the other.
    """

    entry_cost = 1.0
    lazy_offset = 1e4
    multiplies_in_single = True
    finds_products = True

    def __init__(self, X, n_threads=1):
        self.X = X
        self.n_rows, self.n_columns = X.shape
        self.n_threads = n_threads
        self.nbytes = X.nbytes
        self.n_stored = X.size
        self.lines_are_columns = X.flags.f_contiguous
        self.lines = X.T if self.lines_are_columns else X

    def _tiles(self, n_lines, length):
        """A list for each thread of the tiles, (lines, positions), of its share of the lines.

        BLAS reads float64 where it lies. What has to be converted is cut so small that the copy
        stays in cache.
        """
        each = -(-n_lines // self.n_threads)
        converted = self.lines.dtype != np.float64
        stretch = min(length, STRETCH) if converted else length
        step = BLOCK // max(1, stretch) if converted else each
        return [
            [
                (slice(part.start + some.start, part.start + some.stop), positions)
                for positions in blocks(length, stretch)
                for some in blocks(part.stop - part.start, step)
            ]
            for part in blocks(n_lines, each)
        ]

    @property
    def _at_once(self):
        """Whether all lines are one tile: small data should not wait for Python."""
        return self.n_threads == 1 and self.lines.dtype == np.float64

    def _dot(self, V):
        """Lines times V."""
        if self._at_once:
            return self.lines @ V
        out = np.zeros((len(self.lines), V.shape[1]))

        def task(tiles):
            for lines, at in tiles:
                out[lines] += as_double(self.lines[lines, at]) @ V[at]

        self._run(task, self._tiles(*self.lines.shape))
        return out

    def _scatter(self, V):
        """Transposed lines times V."""
        if self._at_once:
            return self.lines.T @ V

        def task(tiles):
            out = np.zeros((self.lines.shape[1], V.shape[1]))
            for lines, at in tiles:
                out[at] += as_double(self.lines[lines, at]).T @ V[lines]
            return out

        return sum(self._run(task, self._tiles(*self.lines.shape)))

    def correlate(self, R):
        return self._dot(R) if self.lines_are_columns else self._scatter(R)

    def predict(self, W):
        columns = np.flatnonzero(W.any(axis=1))
        # Reading a few columns of each row beats reading all of them.
        if len(columns) >= self.n_columns // (2 if self.lines_are_columns else 8):
            return self._scatter(W) if self.lines_are_columns else self._dot(W)
        weights = np.ascontiguousarray(W[columns].T)
        out = np.empty((W.shape[1], self.n_rows))

        def task(rows):
            _dense.combine_columns(
                self.X[rows], columns, weights, self.lines_are_columns, out[:, rows]
            )

        self._run(task, blocks(self.n_rows, -(-self.n_rows // self.n_threads)))
        return out.T

    def _columns(self, columns, rows):
        """A copy of some entries, a row a column of X, as contiguous as X lets them be."""
        if self.lines_are_columns:
            return self.lines[columns, rows]
        return self.lines[rows].take(columns, axis=1).T

    def gram(self, known, new, row_weights, center, scale, out, rows=None):
        columns = np.concatenate([known, new])
        center, scale, weight = center[columns], scale[columns], row_weights[0]
        every = len(columns) == self.n_columns and bool((np.diff(columns) == 1).all())
        plain = self.lines.dtype == out.dtype == np.float64 and self.lines.flags.c_contiguous
        alike = repeated(row_weights) or bool((row_weights == weight).all())
        with np.errstate(over="ignore", invalid="ignore"):
            late = bool(np.abs(center * scale).max(initial=0.0) <= LATE)
        as_it_lies = plain and every and alike and late and rows is None
        out[:] = 0.0
        if as_it_lies:
            add, rows = self._add_products, blocks(self.n_rows, CHUNK // len(columns))
        else:
            add = partial(self._add_products_of, columns, np.sqrt(row_weights), center, scale)
            length = max(LEAST_ROWS, PANEL // max(1, len(columns)))
            rows = blocks(self.n_rows, length) if rows is None else rows
        n = min(self.n_threads, max(1, len(rows)))
        n = n if self._may_copy(out, n) else 1
        self._add_up(partial(add, len(known)), [rows[k::n] for k in range(n)], out)
        _dense.fold(out, len(known))
        if as_it_lies:
            out *= weight
            standardise_gram(out, center, scale, center, 1.0)

    def _add_products(self, n_known, panels, out):
        """Add the products of all columns over slices of rows."""
        for rows in panels:
            lines = self.X[rows].T if self.lines_are_columns else self.X[rows]
            _dense.add_products(lines, self.lines_are_columns, n_known, out)

    def _add_products_of(self, columns, row_scale, center, scale, n_known, panels, out):
        """Add the products of columns less their centres, scaled both ways, over slices of rows."""
        places = np.argsort(columns)  # in the order in which they lie
        sources = columns[places], places, center[places], scale[places]
        longest = max((rows.stop - rows.start for rows in panels), default=0)
        entries = np.empty(longest * len(columns), dtype=out.dtype)
        for rows in panels:
            block = self.X[rows]
            shape = len(block), len(columns)
            lines = entries[: len(block) * len(columns)].reshape(
                shape[::-1] if self.lines_are_columns else shape
            )
            _dense.fill_panel(block, *sources, row_scale[rows], self.lines_are_columns, lines)
            _dense.add_products(lines, self.lines_are_columns, n_known, out)

    def row_gram(self):
        out = np.zeros((self.n_rows, self.n_rows))
        step = CHUNK if self.X.dtype == np.float64 else BLOCK
        for columns in blocks(self.n_columns, step // self.n_rows):
            block = as_double(self.X[:, columns])
            out += block @ block.T
        return out

    def gather(self, columns, row_scale, column_scale):
        values = np.empty((len(columns), self.n_rows))
        for rows in blocks(self.n_rows, STRETCH // 4):
            for some in blocks(len(columns), 4 * BLOCK // STRETCH):
                tile = values[some, rows]
                entries = self._columns(columns[some], rows)
                np.multiply(entries, column_scale[some, None], out=tile)
                tile *= row_scale[rows]
        return DenseColumns(values)

    def moments(self, weights, center, v=None):
        v = np.zeros(self.n_rows) if v is None else v
        weights = np.ascontiguousarray(weights)
        # Half-way between two rows is among the others: sums about it lose little to cancellation.
        shift = np.zeros(self.n_columns)
        if center:
            shift = 0.5 * self.X[0].astype(np.float64) + 0.5 * self.X[-1].astype(np.float64)
        first, second, products = (np.zeros(self.n_columns) for _ in range(3))

        def task(columns):
            at = shift[columns], first[columns], second[columns], products[columns]
            for rows in blocks(self.n_rows, CHUNK // len(shift[columns])):
                block = self.X[rows, columns]
                if self.lines_are_columns:
                    _dense.sums_by_columns(block.T, weights[rows], v[rows], *at)
                else:
                    away, apart = block.strides
                    in_order = apart == block.itemsize and away % block.itemsize == 0
                    block = block if in_order else block.copy("C")
                    _dense.sums_by_rows(block, weights[rows], v[rows], *at)

        width = -(-self.n_columns // self.n_threads)
        if self.lines_are_columns:
            width = min(width, CHUNK // self.n_rows)
        with np.errstate(invalid="ignore", over="ignore"):
            self._run(task, blocks(self.n_columns, width))
        self._check_finite(first)
        with np.errstate(invalid="ignore", over="ignore"):
            products += shift * v.sum()
        doubtful = finish_moments(first, second, shift, 1.0, center)
        moments = Moments(first, second, products)
        for some in blocks(len(doubtful), CHUNK // self.n_rows):
            columns = doubtful[some]
            mean, deviation, product = self._careful_moments(columns, weights, center, v)
            moments.mean[columns], moments.deviation[columns] = mean, deviation
            products[columns] = product
        return moments

    def _careful_moments(self, columns, weights, center, v):
        """Mean, deviation and products with v of some columns.

        In two passes: about the mean, and in units of the largest.
        """
        live = weights > 0
        weights = weights[live]
        roots = np.sqrt(weights)
        values = self.X[:, columns].T[:, live].astype(np.float64)
        products = values @ v[live]
        largest = (np.abs(values) * roots).max(axis=1)
        unit = np.where(largest > 0, largest, 1.0)
        guess = values @ weights if center else np.zeros(len(columns))
        values -= guess[:, None]
        values *= roots
        values /= unit[:, None]
        first, second = values @ roots, np.einsum("ij,ij->i", values, values)
        return *moments_about(first, second, guess, unit, center), products

    def _entries(self):
        width = self.lines.shape[1]
        return (self.lines[some] for some in blocks(len(self.lines), CHUNK // max(1, width)))

    def stored_in(self, columns):
        return self.n_rows * len(columns)

    def gathered_bytes(self, columns, row_scale):
        return 8 * self.stored_in(columns)


def as_double(values):
    return values.astype(np.float64, copy=False)
