"""The figures that proximal methods go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProximalTuning:
    """What each figure trades, and the benchmark that set it."""
