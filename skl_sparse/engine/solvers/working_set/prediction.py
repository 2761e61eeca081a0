"""What a descent on a rounded Gram says of where it led, and whether that came true.

A Gram in single precision takes half the memory and half the time. Its rounding is a share of what
a descent changes, so each look at the data corrects it, and a fit ends as exactly as ever. Where
columns are nearly collinear and coefficients large, that share may be too large, or the rounded
Gram have a direction along which there is no minimum: then double precision has to do.
"""

from dataclasses import dataclass

import numpy as np

# Share of what a descent starts from, violation and square of the residual, that may be wrong.
COARSE = 0.1
# Rounding of a square that is kept up to date, where that of the null model is 1: of an exact fit
# nothing else is left.
ROUNDING = 1e-12


def square_after(square, step, before, after):
    """r . r for a residual that a step left, with the correlations before and after it."""
    return square - float(step @ (before + after))


def possible(square, before):
    """Whether there may be such a square of a residual, where it was ``before``."""
    return square >= -(COARSE * before + ROUNDING)


@dataclass
class Foretold:
    """The correlations of some columns after a descent, and the square of the residual.

    ``violation`` and ``square_before`` are what it started from.
    """

    columns: np.ndarray
    correlations: np.ndarray
    square: float
    violation: float
    square_before: float

    @classmethod
    def after(cls, system, columns, step, c, square, violation):
        """After ``step`` from where the correlations of the columns were c."""
        now = system.correlations()
        return cls(columns, now, square_after(square, step, c, now), violation, square)

    @property
    def possible(self):
        return possible(self.square, self.square_before)

    def came_true(self, correlations):
        """Whether all correlations, those of the data, are near enough."""
        missed = np.abs(correlations[self.columns] - self.correlations).max(initial=0.0)
        return missed <= COARSE * self.violation
