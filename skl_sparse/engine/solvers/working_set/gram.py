"""A Gram matrix that grows and shrinks where it lies."""

from weakref import ref

import numpy as np

from ...cuts import blocks


class GrowingGram:
    """The Gram matrix of the first ``known`` columns of a working set.

    It may be the largest array of a fit, and is never held twice.
    """

    def __init__(self, moved):
        self._moved = moved  # numbers that move at a time
        self._entries, self._stride, self.known = np.empty(0), 0, 0
        self._lent = []

    @property
    def dtype(self):
        return self._entries.dtype

    def view(self, m):
        """The matrix of the first m columns. While somebody has it, it does not move."""
        matrix = self._entries.reshape(self._stride, self._stride)[:m, :m]
        self._lent = [lent for lent in self._lent if lent() is not None] + [ref(matrix)]
        return matrix

    def keep(self, places):
        """Forget all but the columns at some places, in ascending order."""
        matrix = self.view(self.known)
        # No row lands on one still to move.
        for some in blocks(len(places), self._moved // max(1, len(places))):
            matrix[some, : len(places)] = matrix[places[some]].take(places, axis=1)
        self.known = len(places)

    def stretch(self, m, dtype):
        """Make room for m columns."""
        if m <= self._stride:
            return
        known, before = self.known, self._entries
        if dtype != before.dtype or any(lent() is not None for lent in self._lent):
            entries = np.empty(m * m, dtype=dtype)
        else:
            # NumPy would count the references of this very frame; who has the matrix is known better.
            before.resize(m * m, refcheck=False)
            entries = before
        old = before[: known * self._stride].reshape(known, self._stride)
        new = entries.reshape(m, m)
        # Last rows first: none lands on one still to move.
        for some in reversed(blocks(known, self._moved // max(1, known))):
            new[some, :known] = old[some, :known].copy()
        self._entries, self._stride = entries, m
