"""The figures that passes over X go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DesignTuning:
    """What each figure trades, and the benchmark that set it (``benchmarks/solvers.py`` if none)."""

    #: Entries that one call into compiled code passes over: an interrupt waits no longer than that.
    most_entries: int = 1 << 26
    #: Pairs of columns that one such call adds up: half a second.
    most_pairs: int = 1 << 29
    #: Numbers that threads may take for sums of their own, as a share of the stored entries: filling
    #: and adding large copies costs more than it gains (``benchmarks/growth.py --threads``).
    most_copied: float = 1 / 8
    #: Columns of a sparse matrix that store a single value are looked for where there are no more
    #: values than this share of so many sampled entries: in one-hot tables, but not in TF-IDF.
    most_values: float = 1 / 4
    sampled_values: int = 1 << 12
    #: Entries of a dense array in one call into compiled code, or of a copy that need not stay in cache.
    chunk: int = 1 << 22
    #: Entries of a panel of a dense Gram, which stays in cache, and rows that let BLAS come to speed.
    panel: int = 1 << 19
    least_rows: int = 256
    #: Ratio of mean to deviation up to which dense products are centred afterwards.
    late: float = 8.0
    #: Entries converted or copied at a time, half a MiB of float64, and how many of them along a line.
    block: int = 1 << 16
    along_line: int = 1 << 12
    #: Rows or columns at a time, where NumPy needs room for intermediate results.
    stretch: int = 1 << 14
    #: Columns whose products need a number for each of them and all others, in one pass.
    per_pass: int = 64
    #: Numbers of a block of columns whose products are summed while they are in the cache: 2 MiB.
    cached: int = 1 << 18
    #: Bytes for sums that are to be rounded, at least and as a share of X: memory against passes.
    room: int = 5 << 19
    room_share: float = 1 / 16
    #: Rows of a sample for each column, how many times as many there have to be, and how many in a
    #: run: a larger sample costs what it was to save (``benchmarks/ideas.py``).
    sampled_rows: int = 25
    least_spared: float = 4
    sampled_run: int = 256
    #: A sample that takes a column's norm for so much more or less is not used.
    misjudged: float = 0.1
    #: Products of rows are centred afterwards while that cancels no more than this multiple of what
    #: is left.
    most_cancelled: float = 64.0
    #: In a batch, a column's mean may lie so many of its deviations from the common centre.
    most_shifted: float = 1e3


DEFAULT = DesignTuning()
