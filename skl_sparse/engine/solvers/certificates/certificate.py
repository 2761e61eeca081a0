"""How good a point is, told without trusting the solver that found it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Certificate:
    """Duality gap relative to the null model (nan where there is no dual) and optimality.

    Attributes
    ----------
    gap : float
        (F(w) - best dual value found) / F(0), clipped at 0.
    optimality : float
        max_j min(|du_j|, sqrt(2 decrease_j)): the largest exact 1-D step left to take.
    """

    gap: float
    optimality: float

    @property
    def deciding(self):
        """Name and value of the figure that decides."""
        if math.isnan(self.gap):
            return "optimality_", self.optimality
        return "dual_gap_", self.gap

    def reached(self, tol):
        return self.deciding[1] <= tol
