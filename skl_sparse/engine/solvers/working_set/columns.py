"""The columns gathered so far, and the cheaper of two ways to descend on them."""

from contextlib import suppress

import numpy as np

from ...designs.base import SparseColumns, blocks
from ._systems import DenseSystem, GramSystem, SparseSystem

# A working set of this size has its Gram formed whatever the data: it is small.
SMALL = 1024
# Up to this size it is formed in double precision, since little would be won in single.
DOUBLE = 128
# Numbers of it that move at a time where it grows or shrinks.
MOVED = 1 << 16
# Memory that the working set may always take; beyond, it is bounded by a share of X.
FREE_BYTES = 3 << 22
# A larger one is formed where it takes no more than so many times the memory of the columns, which a
# sweep reads either way; on a Gram Newton steps factorise.
GRAM_FIRST = 2


class ColumnPool:
    """Columns of A in order of arrival, shared by targets, starts and steps down a path.

    Either their Gram is kept and grown by what is new, or the columns themselves
    are gathered. A descent on the Gram pays the size of the pool for each changed coordinate, one
    on the columns pays their stored entries, at every look.

    A large Gram is in single precision, as long as that will do. Its sums are ``exact`` where there
    are many minima, of which rounding that depends on the container must not choose one.
    """

    def __init__(self, A, exact=True):
        self.A, self.exact = A, exact
        self.columns = np.empty(0, dtype=np.intp)
        self.member = np.zeros(A.n_columns, dtype=bool)
        self._single_will_do = True
        self._forget_gram()
        self._block = None

    def _forget_gram(self):
        self._entries, self._stride, self._known = np.empty(0), 0, 0

    def __len__(self):
        return len(self.columns)

    def fits(self, columns):
        """Whether the pool may hold these columns, one way or the other."""
        return self.holds_gram(columns) or self.A.gathered_bytes(columns) <= self._most_bytes

    def holds_gram(self, columns):
        """Whether these columns would be held as their Gram."""
        if not self.A.has_gram:
            return False
        size = self._dtype(len(columns)).itemsize * len(columns) ** 2
        if len(columns) <= SMALL:
            return True
        return size <= min(self._most_bytes, GRAM_FIRST * self.A.gathered_bytes(columns))

    def hold(self, columns):
        """Let those of the columns join that are not there yet."""
        new = columns[~self.member[columns]]
        if len(new):
            self.add(np.unique(new))

    def add(self, new):
        if len(new) == 0:
            return
        self.columns = np.concatenate([self.columns, new])
        self.member[new] = True
        self._block = None

    def reset(self, columns):
        """Forget all but these columns, keeping what is known of their Gram, where it lies."""
        wanted = np.zeros(self.A.n_columns, dtype=bool)
        wanted[columns] = True
        kept = np.flatnonzero(wanted[self.columns[: self._known]])
        gram = self._view(self._known)
        # No row lands on one still to move.
        for some in blocks(len(kept), MOVED // max(1, len(kept))):
            gram[some, : len(kept)] = gram[kept[some]].take(kept, axis=1)
        held = self.columns[kept]
        wanted[held] = False
        self.columns = np.concatenate([held, np.flatnonzero(wanted)])
        self._known = len(held)
        self.member[:] = False
        self.member[self.columns] = True
        self._block = None

    def system(self, r, c):
        """The pool's columns for a residual r, and their correlations c with it."""
        if self.holds_gram(self.columns):
            return GramSystem(self.gram(), c)
        self._forget_gram()
        if self._block is None:
            self._block = self.A.gather(self.columns)
        block = self._block
        if isinstance(block, SparseColumns):
            return SparseSystem(
                block.values, block.starts, block.rows, block.indptr, block.shift, r
            )
        return DenseSystem(block.values, r)

    def hold_in_double(self):
        """Hold the Gram in double precision from now on, whatever its size."""
        self._single_will_do = False
        if self._entries.dtype != np.float64:
            self._forget_gram()

    def gram(self):
        """The Gram of the pool, brought up to date."""
        known, m = self._known, len(self.columns)
        if known < m:
            if m > self._stride:
                self._stretch(m)
            gram = self._view(m)
            self.A.gram(self.columns[:known], self.columns[known:], gram[known:], self.exact)
            gram[:known, known:] = gram[known:, :known].T
            self._known = m
        return self._view(m)

    def _view(self, m):
        return self._entries.reshape(self._stride, self._stride)[:m, :m]

    def _dtype(self, size):
        single = size > DOUBLE and self._single_will_do
        return np.dtype(np.float32 if single else np.float64)

    def _stretch(self, new):
        """Make room, in place: a second copy of the Gram might be the largest array of a fit."""
        known, dtype, entries = self._known, self._dtype(new), None
        if dtype == self._entries.dtype:
            with suppress(ValueError):  # somebody still looks at it
                self._entries.resize(new * new)
                entries = self._entries
        if entries is None:
            entries = np.empty(new * new, dtype=dtype)
        before = self._entries[: known * self._stride].reshape(known, self._stride)
        after = entries.reshape(new, new)
        # Last rows first: none lands on one still to move.
        for some in reversed(blocks(known, MOVED // max(1, known))):
            after[some, :known] = before[some, :known].copy()
        self._entries, self._stride = entries, new

    @property
    def _most_bytes(self):
        return max(FREE_BYTES, self.A.design.nbytes // 2)
