"""Dense arrays, C or Fortran order, through BLAS."""

from functools import partial

import numpy as np

import skl_sparse.engine.designs._dense as _dense

from ..cuts import blocks
from ..threads import Threads
from ._view import finish_moments, standardise_gram
from .base import ColumnSums, DenseColumns, Design, Moments, Traits
from .tuning import DEFAULT
from .weights import moments_about, repeated


class DenseDesign(Design):
    """An array, read in lines as it lies in memory: columns in Fortran order, else rows.

    X^T R and X W are the products of the lines with a matrix and the products of their transpose,
    one way round or the other.
    """

    traits = Traits(
        entry_cost=1.0,
        lazy_offset=1e4,
        multiplies_in_single=True,
        centres_products=True,
        finds_products=True,
        has_row_gram=True,
    )

    def __init__(self, X, threads=None, tuning=DEFAULT):
        self.X = X
        self.n_rows, self.n_columns = X.shape
        self.threads, self.tuning = threads or Threads(), tuning
        self.nbytes = X.nbytes
        self.n_stored = X.size
        self.lines_are_columns = X.flags.f_contiguous
        self.lines = X.T if self.lines_are_columns else X

    def _tiles(self, n_lines, length):
        """A list for each thread of the tiles, (lines, positions), of its share of the lines.

        BLAS reads float64 where it lies. What has to be converted is cut so small that the copy
        stays in cache.
        """
        each = -(-n_lines // self.threads.n)
        converted = self.lines.dtype != np.float64
        stretch = min(length, self.tuning.along_line) if converted else length
        step = self.tuning.block // max(1, stretch) if converted else each
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
        return self.threads.n == 1 and self.lines.dtype == np.float64

    def _dot(self, V):
        """Lines times V."""
        if self._at_once:
            return self.lines @ V
        out = np.zeros((len(self.lines), V.shape[1]))

        def task(tiles):
            for lines, at in tiles:
                out[lines] += as_double(self.lines[lines, at]) @ V[at]

        self.threads.run(task, self._tiles(*self.lines.shape))
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

        return sum(self.threads.run(task, self._tiles(*self.lines.shape)))

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

        self.threads.run(task, blocks(self.n_rows, -(-self.n_rows // self.threads.n)))
        return out.T

    def _columns(self, columns, rows):
        """A copy of some entries, a row a column of X, as contiguous as X lets them be."""
        if self.lines_are_columns:
            return self.lines[columns, rows]
        return self.lines[rows].take(columns, axis=1).T

    def gram(
        self, known, new, weights, out, center=None, scale=None, *, sums=None, rows=None, parts=None
    ):
        columns = np.concatenate([known, new])
        raw = center is None
        center = np.zeros(len(columns)) if raw else center[columns]
        scale = np.ones(len(columns)) if raw else scale[columns]
        out[:] = 0.0
        if parts is not None:
            self._gram_by_part(columns, len(known), np.sqrt(weights), center, scale, parts, out)
            return
        every = len(columns) == self.n_columns and bool((np.diff(columns) == 1).all())
        plain = self.lines.dtype == out.dtype == np.float64 and self.lines.flags.c_contiguous
        weight = weights[0]
        alike = repeated(weights) or bool((weights == weight).all())
        with np.errstate(over="ignore", invalid="ignore"):
            late = raw or sums is not None
            late = late and bool(np.abs(center * scale).max(initial=0.0) <= self.tuning.late)
        as_it_lies = plain and every and alike and late and rows is None
        if as_it_lies:
            add, rows = self._add_products, blocks(self.n_rows, self.tuning.chunk // len(columns))
        else:
            add = partial(self._add_products_of, columns, np.sqrt(weights), center, scale)
            rows = blocks(self.n_rows, self._panel_length(columns)) if rows is None else rows
        n = min(self.threads.n, max(1, len(rows)))
        n = n if self._may_copy(out, n) else 1
        self.threads.add_up(partial(add, len(known)), [rows[k::n] for k in range(n)], out)
        _dense.fold(out, len(known))
        if as_it_lies:
            out *= weight
            if not raw:
                standardise_gram(out, center, scale, sums[columns], 1.0)

    def _gram_by_part(self, columns, n_known, row_scale, center, scale, parts, out):
        """The products of each part, whose rows may lie anywhere: a panel of them at a time."""
        order = np.argsort(parts, kind="stable")
        edges = np.searchsorted(parts[order], np.arange(len(out) + 1))
        length = self._panel_length(columns)

        def add(part):
            rows = order[edges[part] : edges[part + 1]]
            for some in blocks(len(rows), length):
                self._add_products_of(
                    columns, row_scale, center, scale, n_known, [rows[some]], out[part]
                )
            _dense.fold(out[part], n_known)

        self.threads.run(add, range(len(out)))

    def _panel_length(self, columns):
        return max(self.tuning.least_rows, self.tuning.panel // max(1, len(columns)))

    def _add_products(self, n_known, panels, out):
        """Add the products of all columns over slices of rows."""
        for rows in panels:
            lines = self.X[rows].T if self.lines_are_columns else self.X[rows]
            _dense.add_products(lines, self.lines_are_columns, n_known, out)

    def _add_products_of(self, columns, row_scale, center, scale, n_known, panels, out):
        """Add the products of columns less their centres, scaled both ways, over some rows.

        A panel is a slice of rows, or an array that lists them.
        """
        places = np.argsort(columns)  # in the order in which they lie
        sources, of_columns = columns[places], (places, center[places], scale[places])
        entries = np.empty(0, dtype=out.dtype)
        for rows in panels:
            if isinstance(rows, slice):
                block, names = self.X[rows], sources
            else:
                block, names = self._entries_at(sources, rows), np.arange(len(sources))
            shape = len(block), len(columns)
            if entries.size < len(block) * len(columns):
                entries = np.empty(len(block) * len(columns), dtype=out.dtype)
            lines = entries[: len(block) * len(columns)].reshape(
                shape[::-1] if self.lines_are_columns else shape
            )
            _dense.fill_panel(
                block, names, *of_columns, row_scale[rows], self.lines_are_columns, lines
            )
            _dense.add_products(lines, self.lines_are_columns, n_known, out)

    def _entries_at(self, columns, rows):
        """A copy of some columns of listed rows, in the order of X."""
        if self.lines_are_columns:
            return self.lines[columns[:, None], rows].T
        return self.lines[rows[:, None], columns]

    def row_gram(self):
        out = np.zeros((self.n_rows, self.n_rows))
        step = self.tuning.chunk if self.X.dtype == np.float64 else self.tuning.block
        for columns in blocks(self.n_columns, step // self.n_rows):
            block = as_double(self.X[:, columns])
            out += block @ block.T
        return out

    def gather(self, columns, row_scale, column_scale):
        values = np.empty((len(columns), self.n_rows))
        for rows in blocks(self.n_rows, self.tuning.along_line // 4):
            for some in blocks(len(columns), 4 * self.tuning.block // self.tuning.along_line):
                tile = values[some, rows]
                entries = self._columns(columns[some], rows)
                np.multiply(entries, column_scale[some, None], out=tile)
                tile *= row_scale[rows]
        return DenseColumns(values)

    def sums(self, weights, center, v=None, parts=None, n_parts=1):
        v = np.zeros(self.n_rows) if v is None else v
        weights = np.ascontiguousarray(weights)
        of_parts = [weights]
        if parts is not None:
            of_parts = [np.where(parts == part, weights, 0.0) for part in range(n_parts)]
        # Half-way between two rows is among the others: sums about it lose little to cancellation.
        shift = np.zeros(self.n_columns)
        if center:
            with np.errstate(invalid="ignore"):  # what is not finite shows in the sums
                shift = 0.5 * self.X[0].astype(np.float64) + 0.5 * self.X[-1].astype(np.float64)
        first, second, products = (np.zeros((n_parts, self.n_columns)) for _ in range(3))

        def task(columns):
            for rows in blocks(self.n_rows, self.tuning.chunk // len(shift[columns])):
                block, add = self.X[rows, columns], _dense.sums_by_rows
                if self.lines_are_columns:
                    block, add = block.T, _dense.sums_by_columns
                else:
                    away, apart = block.strides
                    in_order = apart == block.itemsize and away % block.itemsize == 0
                    block = block if in_order else block.copy("C")
                for k, w in enumerate(of_parts):
                    to = (part[k, columns] for part in (first, second, products))
                    add(block, w[rows], v[rows], shift[columns], *to)

        width = -(-self.n_columns // self.threads.n)
        if self.lines_are_columns:
            width = min(width, self.tuning.chunk // self.n_rows)
        with np.errstate(invalid="ignore", over="ignore"):
            self.threads.run(task, blocks(self.n_columns, width))
            self._check_finite(first)
            products = products[0] + shift * v.sum()
        return ColumnSums(first, second, shift, 1.0, products)

    def moments_of(self, first, second, sums, weights, center, v=None):
        v = np.zeros(self.n_rows) if v is None else v
        doubtful = finish_moments(first, second, sums.shift, sums.unit, center)
        moments = Moments(first, second, sums.products)
        for some in blocks(len(doubtful), self.tuning.chunk // self.n_rows):
            columns = doubtful[some]
            mean, deviation, product = self._careful_moments(columns, weights, center, v)
            moments.mean[columns], moments.deviation[columns] = mean, deviation
            moments.products[columns] = product
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
        return (
            self.lines[some] for some in blocks(len(self.lines), self.tuning.chunk // max(1, width))
        )

    def stored_in(self, columns):
        return self.n_rows * len(columns)

    def gathered_bytes(self, columns, row_scale):
        return 8 * self.stored_in(columns)


def as_double(values):
    return values.astype(np.float64, copy=False)
