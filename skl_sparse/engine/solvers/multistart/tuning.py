"""The figures that starts and local search go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MultistartTuning:
    """What each figure trades, and the benchmark that set it."""
