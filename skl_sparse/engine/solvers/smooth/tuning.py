"""The figures that fits without zeros go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SmoothTuning:
    """What each figure trades, and the benchmark that set it."""
