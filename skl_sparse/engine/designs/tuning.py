"""The figures that passes over X go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DesignTuning:
    """What each figure trades, and the benchmark that set it."""
