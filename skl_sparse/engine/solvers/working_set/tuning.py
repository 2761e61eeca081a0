"""The figures that the working set and the descent on it go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkingSetTuning:
    """What each figure trades; ``benchmarks/ideas.py`` measures those it lists, and set them."""

    # -- which columns enter and leave
    #: Columns that enter in one pass: as many as twice the support takes, and at least so many. In
    #: convex problems times the root of what an entry costs: the dearer a pass, the fewer there
    #: should be. In others, of many minima, the root of the number of columns, between two bounds.
    least_new: int = 192
    least_new_of_many: tuple = (128, 192)
    #: Where few violate optimality, so many enter in all: those whose correlations come next, if they
    #: are more than this share of the way to the threshold. Otherwise the last columns come one by
    #: one, at the cost of a pass each.
    least_last: int = 64
    close: float = 0.5
    #: No more of those for each that does violate it, unless starts and search have use for all.
    close_for_each: int = 4
    #: A sample of the rows that keeps more than this share of the new columns cannot tell them apart:
    #: what it spares is less than the pass that its mistakes cost.
    most_kept: float = 0.85
    #: In convex problems inactive columns leave once they are so many times the support, times the
    #: root of what an entry costs: each changed coordinate pays for every column of a Gram, but what
    #: comes back costs a pass.
    most_inactive: float = 0.5
    #: But not within this factor of the tolerance: what is held then serves the rest.
    nearly: float = 10.0

    # -- how far a descent goes
    #: The share of what the last certificate found, and at the end of the tolerance, so that the next
    #: certificate meets it.
    inner: float = 0.1
    final: float = 0.3
    #: As long as that is cheap it goes on: in convex problems for so many passes over X; in others for
    #: so many numbers for each column, and only once few columns are left to enter: how far an early
    #: descent goes decides where the fit ends.
    free_passes: float = 2.0
    free_of_many: float = 32.0
    #: Passes without progress before a fit ends, and the objective, relative to the best, that it must
    #: not have then: where columns depend on each other rounding may lead anywhere.
    patience: int = 3
    astray: float = 1 + 1e-9
    #: Numbers touched by one call into compiled code: a fraction of a second, then Python may
    #: interrupt. Newton steps are not counted.
    budget: float = 3e8
    #: Rounds after which the certificate is computed again, and sweeps over the non-zeros in each.
    most_rounds: int = 300
    active_sweeps: int = 10
    #: Share of the support that may still change where Newton steps iterate, which costs no more than
    #: sweeps do; where they factorise it has to stay as it is.
    changing: float = 0.05

    # -- the Gram matrix, or columns
    #: A working set of this size has its Gram formed whatever the data: it is small.
    small: int = 1024
    #: Up to this size it is in double precision, since little would be won in single.
    in_double: int = 128
    #: A larger one is formed where it takes no more than so many times the memory of the columns,
    #: which a sweep reads either way; on a Gram Newton steps factorise.
    gram_first: float = 2.0
    #: Memory that the working set may always take, and as a share of X.
    free_bytes: int = 3 << 22
    most_share: float = 0.5
    #: Numbers of it that move at a time where it grows or shrinks.
    moved: int = 1 << 16
    #: Share of what a descent starts from that may be wrong of what a rounded Gram predicts.
    coarse: float = 0.1

    # -- Newton steps on the support
    #: Supports up to this size have their Newton system factorised, larger ones use conjugate gradients.
    most_factorised: int = 4000
    #: Coordinates that one step may bring to zero.
    most_held: int = 64
    #: What a factor in single precision may leave of a gradient, and have on its diagonal.
    left_by_single: float = 0.1
    largest_single: float = 1e30
    #: Steps of conjugate gradients, the share of the gradient's square that they may leave, and of what
    #: the descent's goal lets it keep.
    most_steps: int = 100
    share_left: float = 1e-12
    enough: float = 0.3


DEFAULT = WorkingSetTuning()
