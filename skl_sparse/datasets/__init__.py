"""Small real data sets, part of the package: no download."""

from ._base import load_flights, load_spam

__all__ = ["load_flights", "load_spam"]
