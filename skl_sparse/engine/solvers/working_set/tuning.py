"""The figures that the working set and the descent on it go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkingSetTuning:
    """What each figure trades, and the benchmark that set it."""
