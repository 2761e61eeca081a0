"""The clocks of the benchmarks: time of a call, and the unit that times of fits are given in.

Processor time unless said: other programs on the machine disturb it least. Where threads are
compared it would add them up, so there it is wall time.
"""

import gc
import time

import numpy as np


def times(function, repeats, clock=time.process_time):
    """Seconds that each of some calls took, and what the last returned."""
    gc.collect()  # once: it takes longer than what is timed often does
    seconds = []
    for _ in range(repeats):
        start = clock()
        result = function()
        seconds.append(clock() - start)
    return seconds, result


def matvec(X, y):
    """Seconds of one X.T @ r as SciPy or NumPy do it, and what it came to for r = y - mean y."""
    r = y - y.mean()
    seconds, gradient = times(lambda: X.T @ r, 9)
    return float(np.median(seconds)), gradient
