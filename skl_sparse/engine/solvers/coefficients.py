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

    def kept(self, mask):
        """The same, but zero outside a mask of all columns."""
        values = np.where(mask[self.columns], self.values, 0.0)
        return Coefficients(self.columns, values, self.size)

    def replaced(self, member, columns, values):
        """The same, but ``values`` at the columns that the mask ``member`` tells too."""
        rest = ~member[self.columns]
        places = np.flatnonzero(values)
        columns = np.concatenate([self.columns[rest], columns[places]])
        values = np.concatenate([self.values[rest], values[places]])
        order = np.argsort(columns)
        return Coefficients(columns[order], values[order], self.size)
