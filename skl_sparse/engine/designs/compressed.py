"""What CSR and CSC share: compressed lines, which are the rows of one and the columns of the other."""

from functools import cached_property

import numpy as np

import skl_sparse.engine.designs._sparse as _sparse
from skl_sparse._storage import index_arrays

from ..cuts import blocks, line_parts, starts_of
from ..threads import Threads
from ._view import finish_moments
from .base import ColumnSums, Design, Moments, SparseColumns, Traits
from .tuning import DEFAULT
from .weights import left_out, moments_about, repeated


class CompressedDesign(Design):
    """A CSR or CSC matrix without duplicate entries, read where it lies."""

    traits = Traits(entry_cost=4.0, lazy_offset=100.0)
    lines_are_rows: bool

    def __init__(self, X, threads=None, tuning=DEFAULT):
        if X.shape[0] > np.iinfo(np.int32).max:
            most = np.iinfo(np.int32).max
            raise ValueError(f"X has {X.shape[0]} rows; at most {most} are supported")
        self.data = X.data
        self.indices, self.indptr = index_arrays(X)
        self.n_rows, self.n_columns = X.shape
        self.threads, self.tuning = threads or Threads(), tuning
        self.n_stored = X.nnz
        self.nbytes = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
        self._parts = line_parts(X.indptr, self.threads.n, tuning.most_entries)
        self._all_ranges = [r for part in self._parts for r in part]

    @property
    def n_positions(self):
        return self.n_columns if self.lines_are_rows else self.n_rows

    def _pass(self, kernel, part, *arguments):
        """Call a kernel on all ranges of a part."""
        for start, stop in part:
            kernel(self.data, self.indices, self.indptr, *arguments, start, stop)

    def _by_line(self, kernel, width, *arguments):
        """What a kernel writes to an array with a row a line, its last argument."""
        out = np.zeros((len(self.indptr) - 1, width))
        self.threads.run(lambda part: self._pass(kernel, part, *arguments, out), self._parts)
        return out

    def _by_position(self, kernel, width, *arguments):
        """What a kernel adds to an array with a row a position, its last argument.

        Any line may hold any position: each thread has an array of its own.
        """
        out = np.zeros((self.n_positions, width))
        self.threads.add_up(
            lambda part, to: self._pass(kernel, part, *arguments, to), self._parts, out
        )
        return out

    def _slots(self, columns):
        slot = np.full(self.n_columns, -1, dtype=np.int32)
        slot[columns] = np.arange(len(columns), dtype=np.int32)
        return slot

    def _sizes(self, columns, row_scale):
        """How many values and how many rows gathered columns take: one value where all are alike."""
        counts = self._counts[columns]
        if repeated(row_scale) and self.n_stored:
            return np.where(self._alike[columns], np.minimum(counts, 1), counts), counts
        return counts, counts

    def gathered_bytes(self, columns, row_scale):
        sizes, counts = self._sizes(columns, row_scale)
        return int(8 * sizes.sum(dtype=np.int64) + 4 * counts.sum(dtype=np.int64))

    def _room(self, columns, row_scale):
        """`SparseColumns` to fill with the rows and the scaled values of columns."""
        starts, indptr = map(starts_of, self._sizes(columns, row_scale))
        values, rows = np.empty(starts[-1]), np.empty(indptr[-1], dtype=np.int32)
        return SparseColumns(values, starts, rows, indptr, np.zeros(len(columns)))

    def sums(self, weights, center, v=None, parts=None, n_parts=1):
        # Equal weights become ones, whose sums have no rounding.
        if repeated(weights):
            unit, relative = weights[0], np.broadcast_to(1.0, self.n_rows)
        else:
            unit = weights.max()
            relative = weights / unit
        part = np.empty(0, dtype=np.int32) if parts is None else parts
        by_column = self._by_position if self.lines_are_rows else self._by_line
        pairs = by_column(_sparse.plain_sums, 2 * n_parts, relative, self.lines_are_rows, part)
        self._check_finite(pairs[:, ::2])
        shift = np.broadcast_to(0.0, self.n_columns)
        if parts is None:
            first, second = split(pairs, self.tuning.stretch)
            return ColumnSums(first[None], second[None], shift, unit)
        return ColumnSums(pairs[:, ::2].T, pairs[:, 1::2].T, shift, unit)

    def moments_of(self, first, second, sums, weights, center, v=None):
        doubtful = finish_moments(first, second, sums.shift, sums.unit, center)
        moments = Moments(first, second)
        if np.any(moments.deviation[doubtful] == 0.0):
            # Of hashed text most columns are empty: nothing is to doubt.
            doubtful = doubtful[self._counts[doubtful] > 0]
        if len(doubtful):
            careful = self._careful_moments(doubtful, weights, center)
            moments.mean[doubtful], moments.deviation[doubtful] = careful
        return moments

    def _careful_moments(self, columns, weights, center):
        """Mean and deviation of some columns.

        In two passes: about the mean, and in units of the largest.
        """
        slot = self._slots(columns)
        total, largest, first, second = np.zeros((4, len(columns)))
        count = np.zeros(len(columns), dtype=np.int64)
        where = self._all_ranges, weights, self.lines_are_rows, slot
        self._pass(_sparse.column_sums, *where, total, count, largest)
        guess = total if center else np.zeros(len(columns))
        unit = np.where(largest > 0, largest, 1.0)
        if largest.any():
            roots = np.sqrt(weights)
            self._pass(
                _sparse.column_deviations,
                self._all_ranges,
                *(roots, self.lines_are_rows, slot, guess, unit, first, second),
            )
        rest = self._weight_of_zeros(columns, weights, count)
        shift = guess / unit
        first -= rest * shift
        second += rest * shift * shift
        return moments_about(first, second, guess, unit, center)

    def _weight_of_zeros(self, columns, weights, count):
        """The weight of the rows that each of some columns does not store.

        ``count`` is the number of stored entries in rows that have a weight.
        """
        if repeated(weights):
            return weights[0] * (self.n_rows - count)
        rest = np.zeros(len(columns))
        some = np.flatnonzero(count < np.count_nonzero(weights))  # a full column has no zeros
        ones = np.ones(self.n_rows)
        for part in blocks(len(some), max(1, self.tuning.chunk // self.n_rows)):
            block = self.gather(columns[some[part]], ones, np.ones(len(some[part])))
            rest[some[part]] = left_out(weights, block.rows, block.indptr)
        return rest

    @cached_property
    def _counts(self):
        """Number of stored entries of each column, which is no more than there are rows."""
        if not self.lines_are_rows:
            return np.diff(self.indptr)

        def add(part, to):
            for some in part:
                _sparse.count_entries(self.indices, self.indptr, to, *some)

        small = self.n_rows <= np.iinfo(np.uint16).max  # of wide data, long vectors are large
        count = np.zeros(self.n_columns, dtype=np.uint16 if small else np.int32)
        self.threads.add_up(add, self._parts, count)
        return count

    @cached_property
    def _alike(self):
        """Which columns store a single value, however often.

        None, without a pass, where too many of the entries differ, as a sample tells.
        """
        n = self.tuning.sampled_values
        sample = np.random.default_rng(0).integers(self.n_stored, size=n)
        if len(np.unique(self.data[sample])) > self.tuning.most_values * n:
            return np.zeros(self.n_columns, dtype=bool)
        first = np.full(self.n_columns, np.nan)
        alike = np.ones(self.n_columns, dtype=bool)
        self._pass(
            _sparse.find_alike, self._all_ranges, self.lines_are_rows, first, alike.view(np.uint8)
        )
        return alike

    def _entries(self):
        return (self.data[some] for some in blocks(self.n_stored, self.tuning.most_entries))

    def stored_in(self, columns):
        return int(self._counts[columns].sum(dtype=np.int64))


def split(pairs, stretch):
    """The two columns of an array of shape (n, 2), one after the other where it lies.

    Of wide data an array of its own for each would be among the largest of a fit. Both are views of
    the array, which stays as long as one of them.
    """
    n, flat = len(pairs), pairs.reshape(-1)
    first = pairs[:, 0].copy()
    for some in blocks(n, stretch):
        flat[some] = flat[2 * some.start + 1 : 2 * some.stop : 2]
    flat[n:] = first
    return flat[n:], flat[:n]
