"""Penalties: separable functions of the coefficients, one file each; `PENALTIES` is their table."""

from ._lp import LpPenalty, lp_prox_flat
from ._mcp import McpPenalty
from ._penalty import Penalty

PENALTIES = {"lp": LpPenalty, "mcp": McpPenalty}

__all__ = ["PENALTIES", "LpPenalty", "McpPenalty", "Penalty", "lp_prox_flat"]
