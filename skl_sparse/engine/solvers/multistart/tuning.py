"""The figures that starts and local search go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MultistartTuning:
    """What each figure trades; ``benchmarks/ideas.py`` measures those it lists, and set them."""

    # -- starts
    #: Problems with so few columns have all of them in the working set.
    few_columns: int = 64
    #: Steps of the path of decreasing penalties, and the largest step left that is enough on the way,
    #: there and with a perturbed penalty.
    path_steps: int = 10
    rough: float = 1e-3
    #: Objectives that agree so well are a tie, which the first wins.
    tie: float = 1e-10
    #: The share of the penalty at which columns enter that others blocked.
    perturbed: float = 0.8
    #: Numbers that exchanges may touch, at least and for each column of X: a brief search does not
    #: rule the time of a fit, a thorough one takes seconds. Neither depends on the container of X, nor
    #: on how its rows are written.
    brief_work: tuple = (1e6, 16)
    thorough_work: tuple = (4e9, 1 << 14)
    #: No start begins, and no round with a perturbed penalty, once those before touched so many times
    #: more.
    starting: float = 8

    # -- local search
    #: Exchanges tried around one point, and in all. A brief search tries fewer where the working set
    #: has more than a ``few`` columns, in inverse proportion, down to ``fewest``.
    brief_tries: tuple = (64, 1024)
    thorough_tries: tuple = (1024, 32768)
    few: int = 32
    fewest: int = 16
    #: Columns of the support that are offered for a swap: the smallest.
    most_swapped: int = 256
    #: Sweeps in which an exchange has to settle, and the step at which it has.
    settle_sweeps: int = 200
    settled: float = 1e-5
    #: Numbers touched in the time that the calls of a refit take.
    calls: float = 1 << 17


DEFAULT = MultistartTuning()
