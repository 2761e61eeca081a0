"""What a descent on a rounded Gram predicts of where it led, checked by the next full evaluation.

A Gram in single precision takes half the memory and half the time. Its rounding is a share of what
a descent changes, so each evaluation on the data corrects it, and a fit ends as exactly as ever. Where
columns are nearly collinear and coefficients large, that share may be too large, or the rounded
Gram have a direction along which there is no minimum: then double precision has to do.
"""

from dataclasses import dataclass

import numpy as np

# Rounding of a square that is kept up to date, where that of the null model is 1: of an exact fit
# nothing else is left.
ROUNDING = 1e-12


def square_after(square, step, before, after):
    """r . r for a residual that a step left, with the correlations before and after it."""
    return square - float(step @ (before + after))


def is_possible(square, before, coarse):
    """Whether there may be such a square of a residual, where it was ``before``.

    ``coarse`` is the share of it that may be wrong.
    """
    return square >= -(coarse * before + ROUNDING)


@dataclass
class Prediction:
    """The correlations of some columns after a descent, and the square of the residual.

    ``violation`` and ``square_before`` are what it started from, and ``coarse`` the share of them that
    may be wrong.
    """

    columns: np.ndarray
    correlations: np.ndarray
    square: float
    violation: float
    square_before: float
    coarse: float

    @classmethod
    def after(cls, system, columns, step, c, square, violation, coarse):
        """After ``step`` from where the correlations of the columns were c."""
        now = system.correlations()
        return cls(columns, now, square_after(square, step, c, now), violation, square, coarse)

    @property
    def is_possible(self):
        return is_possible(self.square, self.square_before, self.coarse)

    def agrees(self, correlations):
        """Whether the correlations, those of the data, are near enough."""
        missed = np.abs(correlations[self.columns] - self.correlations).max(initial=0.0)
        return missed <= self.coarse * self.violation
