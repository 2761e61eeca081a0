"""Coefficients of one target: as many as are not zero, where those are few."""

from dataclasses import dataclass

import numpy as np

EVERY = slice(None)


@dataclass(frozen=True)
class Coefficients:
    """u of ``size`` columns: ``u[columns] = values``, and zero elsewhere.

    Of wide data a vector as long as the columns may be a tenth: a fit holds as few as it can.

    Attributes
    ----------
    columns : ndarray of int, ascending, or EVERY
    values : ndarray
    size : int
    """

    columns: np.ndarray | slice
    values: np.ndarray
    size: int

    @classmethod
    def none(cls, size):
        return cls(np.empty(0, dtype=np.intp), np.empty(0), size)

    @classmethod
    def every(cls, u):
        return cls(EVERY, u, len(u))

    @property
    def dense(self):
        """All of them, as a new array."""
        u = np.zeros(self.size)
        u[self.columns] = self.values
        return u

    def sparse(self):
        """The same without zeros."""
        places = np.flatnonzero(self.values)
        columns = places if self.columns is EVERY else self.columns[places]
        return Coefficients(columns, self.values[places], self.size)

    def at(self, columns):
        return self.dense[columns]

    @property
    def member(self):
        """Mask of all columns: whose coefficients are not zero."""
        member = np.zeros(self.size, dtype=bool)
        member[self.columns] = self.values != 0
        return member

    def only(self, keep):
        """The same, but zero where a mask of the values says no."""
        return Coefficients(self.columns, np.where(keep, self.values, 0.0), self.size)

    def kept(self, mask):
        """The same, but zero outside a mask of all columns."""
        return self.only(mask[self.columns])

    def combined(self, other, a, b):
        """a times these and b times others, both sparse."""
        columns = np.union1d(self.columns, other.columns)
        values = np.zeros(len(columns))
        values[np.searchsorted(columns, self.columns)] += a * self.values
        values[np.searchsorted(columns, other.columns)] += b * other.values
        return Coefficients(columns, values, self.size).sparse()

    def replaced(self, member, columns, values):
        """The same, but ``values`` at the columns that the mask ``member`` tells too."""
        rest = ~member[self.columns]
        places = np.flatnonzero(values)
        columns = np.concatenate([self.columns[rest], columns[places]])
        values = np.concatenate([self.values[rest], values[places]])
        order = np.argsort(columns)
        return Coefficients(columns[order], values[order], self.size)
