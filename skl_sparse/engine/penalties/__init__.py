"""Penalties: separable functions of the coefficients."""

from ._lp import LpPenalty, lp_prox_flat
from ._penalty import Penalty

__all__ = ["LpPenalty", "Penalty", "lp_prox_flat"]
