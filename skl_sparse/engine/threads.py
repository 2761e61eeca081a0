"""Threads for passes over the data: a fit has one set of them, which all its designs share."""

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import local

import numpy as np


class Threads:
    """The calling thread and ``n - 1`` others.

    Any number of callers may use the same threads at once: what a call writes to belongs to the
    call, or to the thread that calls.
    """

    def __init__(self, n=1):
        self.n = n
        self._scratch = local()

    def run(self, task, parts):
        """Call ``task(part)`` for every part; the results in order."""
        if self.n == 1 or len(parts) == 1:
            return [task(part) for part in parts]
        others = self._others.map(task, parts[1:])
        return [task(parts[0]), *others]

    def add_up(self, add, parts, out):
        """Call ``add(part, to)``, which adds to an array, for every part.

        The first adds to ``out`` where it lies, each other to an array of its own.
        """
        sums = [out, *(self._like(out, k) for k in range(1, len(parts)))]

        def task(k):
            if k:
                sums[k][...] = 0
            add(parts[k], sums[k])

        self.run(task, range(len(parts)))
        for some in sums[1:]:
            out += some

    def _like(self, out, k):
        """The kth scratch array of the calling thread, in the shape of another array.

        It is kept for the passes to come: pages that are new in every pass cost more than its sums.
        And they are touched here, since threads that ask for new pages at once wait for each other.
        """
        arrays = vars(self._scratch)
        array = arrays.get(k)
        if array is None or array.nbytes < out.nbytes:
            array = arrays[k] = np.full(out.nbytes, 0, dtype=np.uint8)
        return array[: out.nbytes].view(out.dtype).reshape(out.shape)

    @cached_property
    def _others(self):
        """Starting threads anew for every pass would be felt."""
        return ThreadPoolExecutor(self.n - 1)
