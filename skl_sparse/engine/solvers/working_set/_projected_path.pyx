"""The projected Newton path: a Newton step that goes on along a face of its orthant."""

from libc.math cimport INFINITY

import numpy as np
from scipy.linalg.cython_lapack cimport dposv

cdef enum:
    NONE = -1


def projected_path(
    const double[::1] old, const double[::1] newton, solve, Py_ssize_t most_held
):
    """The minimiser of the quadratic in the orthant of ``old``, or a point on the way there.

    With H d = g, the direction that keeps the coordinates K at zero is d - Z m, where
    Z = H^-1 E_K and Z_K m = d_K; after a share t of a step, 1 - t of its direction is left. Z_K is
    positive definite as H is; where rounding says no, the path ends. Rounding of ``solve`` leaves a
    point on the face, though not quite the minimiser.

    Parameters
    ----------
    old : ndarray of shape (m,)
    newton : ndarray of shape (m,)
        d, the step to the minimiser without bounds.
    solve : callable
        b -> H^-1 b
    most_held : int
        Coordinates that may be held at zero; none: the step ends where the first gets there.
    """
    cdef Py_ssize_t m = old.shape[0], n_held = 0, first, i, k
    point, unit, inverse = np.array(old), np.zeros(m), np.empty((most_held, m))
    cdef double[::1] x = point, direction = np.array(newton)
    cdef const double[:, ::1] columns = inverse
    cdef double[::1] block = np.empty(most_held * most_held), multipliers = np.empty(most_held)
    cdef Py_ssize_t[::1] held = np.empty(most_held, dtype=np.intp)
    cdef double share
    cdef int order, info, one = 1
    while True:
        with nogil:
            first, share = NONE, INFINITY
            for i in range(m):
                if sign(x[i] + direction[i]) != sign(x[i]) and -x[i] / direction[i] < share:
                    first, share = i, -x[i] / direction[i]
            share = min(share, 1.0)
            for i in range(m):
                x[i] += share * direction[i]
                if first != NONE and (i == first or sign(x[i]) != sign(old[i])):  # or rounding
                    x[i] = 0.0
        if first == NONE or n_held == most_held:
            return point
        unit[first] = 1.0
        inverse[n_held] = solve(unit)
        unit[first] = 0.0
        held[n_held] = first
        n_held += 1
        with nogil:
            for i in range(m):
                direction[i] *= 1.0 - share
            for k in range(n_held):
                multipliers[k] = direction[held[k]]
                for i in range(k + 1):
                    block[i + k * n_held] = columns[i, held[k]]
            order = <int> n_held
            dposv("U", &order, &one, &block[0], &order, &multipliers[0], &order, &info)
            if info == 0:
                for k in range(n_held):
                    for i in range(m):
                        direction[i] -= multipliers[k] * columns[k, i]
                for i in range(m):
                    if x[i] == 0.0:
                        direction[i] = 0.0
        if info != 0:
            return point
