"""How rows, columns and lists of entries are cut into pieces."""

from itertools import pairwise

import numpy as np


def starts_of(sizes):
    """Where lists of these sizes start that follow each other, and where the last of them ends."""
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def blocks(n, step):
    """Slices of length ``step`` that cover range(n)."""
    step = max(1, step)
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def line_parts(indptr, n_parts, most):
    """Cut the lines into ``n_parts`` parts of like size, each a list of ranges of ``most`` entries.

    There are fewer parts where there are fewer lines, at least one.
    """
    n_lines = len(indptr) - 1
    entries = int(indptr[-1])
    n_ranges = n_parts * max(1, -(-(entries + n_lines) // (most * n_parts)))
    goals = np.linspace(0, entries, n_ranges + 1)[1:-1].astype(indptr.dtype)
    cuts = np.searchsorted(indptr, goals)
    edges = [0, *np.clip(cuts, 0, n_lines).tolist(), n_lines]
    ranges = list(pairwise(edges))
    each = n_ranges // n_parts
    parts = [ranges[start : start + each] for start in range(0, n_ranges, each)]
    parts = [[(a, b) for a, b in part if a < b] for part in parts]
    return [part for part in parts if part] or [[]]
