"""Column sums, scaling and medians: single passes over the entries, one source for every layout.

An array is walked along its major axis: the rows of CSR and C-ordered dense arrays, the columns of
CSC and Fortran-ordered ones (``columns_major``). Entry k of major slice i lies in
``indptr[i] <= k < indptr[i + 1]``; a dense array stores no ``indices``, its minor index is the
distance from the start of the slice. Only entries with abs(x) > threshold count, so explicit zeros
never do. Sums are kept in double. Passes notice NaN and infinity on their way, which saves one.
"""

from cython cimport floating
from libc.float cimport DBL_MAX
from libc.math cimport fabs
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport qsort

ctypedef fused index_t:
    int32_t
    int64_t

cdef enum:
    COUNT_KIND
    SUM_KIND
    ABS_KIND
    SQUARES_KIND
    MAX_KIND

COUNT = COUNT_KIND
SUM = SUM_KIND
ABS = ABS_KIND
SQUARES = SQUARES_KIND
MAX = MAX_KIND

# Squares of doubles leave the range of doubles. As in Blue's algorithm for the Euclidean norm (ACM
# TOMS 4, 1978) entries beyond 2**480 and below 2**-480 are scaled and summed apart.
SHRINK = 2.0 ** -600
STRETCH = 2.0 ** 600


def accumulate(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    bint columns_major,
    int kind,
    double threshold,
    const double[::1] weights,
    double[::1] total,
    double[::1] large,
    double[::1] small,
):
    """Add each column's count, sum, sum of abs or of squares, or maximum to ``total``.

    ``weights`` holds a weight per row, or nothing. ``large`` and ``small`` receive the scaled parts
    of a sum of squares. Returns whether every entry is finite.
    """
    cdef bint finite = True
    cdef Py_ssize_t i, j, k, start, row, minor
    cdef bint dense = indices.shape[0] == 0
    cdef bint weighted = weights.shape[0] > 0
    cdef double huge = 2.0 ** 480, tiny = 2.0 ** -480
    cdef double shrink = SHRINK, stretch = STRETCH
    cdef double x, a, w = 1.0
    with nogil:
        for i in range(indptr.shape[0] - 1):
            start = indptr[i]
            for k in range(start, indptr[i + 1]):
                x = data[k]
                a = fabs(x)
                if a <= threshold:
                    continue
                if not a <= DBL_MAX:
                    finite = False
                minor = k - start if dense else indices[k]
                if columns_major:
                    j = i
                    row = minor
                else:
                    j = minor
                    row = i
                if weighted:
                    w = weights[row]
                    if w == 0:
                        continue
                if kind == SQUARES_KIND:
                    if a > huge:
                        large[j] += w * (a * shrink) * (a * shrink)
                    elif a < tiny:
                        small[j] += w * (a * stretch) * (a * stretch)
                    else:
                        total[j] += w * a * a
                elif kind == ABS_KIND:
                    total[j] += w * a
                elif kind == MAX_KIND:
                    if a > total[j]:
                        total[j] = a
                elif kind == SUM_KIND:
                    total[j] += w * x
                else:
                    total[j] += w
    return finite


cdef inline bint add_stored(
    const floating* data, const index_t* indices, Py_ssize_t nnz, int kind, double* total
) noexcept nogil:
    """Called with a constant ``kind``, so that the compiler leaves no branch on it in the loop."""
    cdef Py_ssize_t k
    cdef bint finite = True
    cdef double a
    for k in range(nnz):
        a = fabs(data[k])
        if not a <= DBL_MAX:
            finite = False
        if kind == SQUARES_KIND:
            total[indices[k]] += a * a
        elif kind == ABS_KIND:
            total[indices[k]] += a
        elif kind == MAX_KIND:
            total[indices[k]] = max(total[indices[k]], a)
        elif kind == SUM_KIND:
            total[indices[k]] += data[k]
        else:
            total[indices[k]] += a != 0
    return finite


def accumulate_stored(
    const floating[::1] data,
    const index_t[::1] indices,
    int kind,
    double[::1] total,
):
    """The same for the commonest case, at twice the speed: CSR, no weights, no threshold.

    Squares are not scaled: the caller has to look at the sums.
    """
    cdef Py_ssize_t nnz = data.shape[0]
    cdef bint finite = True
    if nnz == 0:
        return finite
    with nogil:
        if kind == SQUARES_KIND:
            finite = add_stored(&data[0], &indices[0], nnz, SQUARES_KIND, &total[0])
        elif kind == ABS_KIND:
            finite = add_stored(&data[0], &indices[0], nnz, ABS_KIND, &total[0])
        elif kind == MAX_KIND:
            finite = add_stored(&data[0], &indices[0], nnz, MAX_KIND, &total[0])
        elif kind == SUM_KIND:
            finite = add_stored(&data[0], &indices[0], nnz, SUM_KIND, &total[0])
        else:
            finite = add_stored(&data[0], &indices[0], nnz, COUNT_KIND, &total[0])
    return finite


def survey(const floating[::1] data):
    """Return the number of zeros, or -1 if an entry is not finite."""
    cdef Py_ssize_t k, zeros = 0
    cdef double a
    with nogil:
        for k in range(data.shape[0]):
            a = fabs(data[k])
            if not (a > 0 and a <= DBL_MAX):
                if a != 0:
                    zeros = -1
                    break
                zeros += 1
    return zeros


def any_below(const floating[::1] data, double bound):
    """Tell whether any entry has 0 < abs(x) < bound."""
    cdef Py_ssize_t k
    cdef bint found = False
    cdef double a
    with nogil:
        for k in range(data.shape[0]):
            a = fabs(data[k])
            if 0 < a < bound:
                found = True
                break
    return found


cdef inline double scaled(double x, double factor, double threshold, bint multiply) noexcept nogil:
    if fabs(x) <= threshold:
        return 0.0
    return x * factor if multiply else x / factor


def scale(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    bint columns_major,
    double threshold,
    const double[::1] factors,
    bint multiply,
    floating[::1] out,
):
    """Divide (or multiply) each column by its factor; entries that do not count become 0.

    ``out`` may be ``data``. Returns the number of zeros written, or -1 if an entry is not finite.
    """
    cdef Py_ssize_t i, j, k, start, zeros = 0
    cdef bint dense = indices.shape[0] == 0
    cdef bint finite = True
    with nogil:
        if not dense and not columns_major:  # CSR: rows do not matter
            for k in range(data.shape[0]):
                if not fabs(data[k]) <= DBL_MAX:
                    finite = False
                out[k] = <floating>scaled(data[k], factors[indices[k]], threshold, multiply)
                zeros += out[k] == 0
        else:
            for i in range(indptr.shape[0] - 1):
                start = indptr[i]
                for k in range(start, indptr[i + 1]):
                    if not fabs(data[k]) <= DBL_MAX:
                        finite = False
                    j = i if columns_major else k - start
                    out[k] = <floating>scaled(data[k], factors[j], threshold, multiply)
                    zeros += out[k] == 0
    return zeros if finite else -1


cdef int compare(const void* left, const void* right) noexcept nogil:
    cdef double a = (<const double*>left)[0]
    cdef double b = (<const double*>right)[0]
    return (a > b) - (a < b)


def medians(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    bint columns_major,
    const int64_t[::1] offsets,
    int64_t[::1] ends,
    double[::1] values,
    double[::1] out,
):
    """Write the median of each column's non-zero entries to ``out``, 0 for a column without any.

    Column j's entries are gathered in ``values[offsets[j]:offsets[j + 1]]``; ``ends`` starts as
    ``offsets[:-1]``.
    """
    cdef Py_ssize_t i, j, k, start, first, count, middle
    cdef bint dense = indices.shape[0] == 0
    with nogil:
        for i in range(indptr.shape[0] - 1):
            start = indptr[i]
            for k in range(start, indptr[i + 1]):
                if data[k] == 0:
                    continue
                if columns_major:
                    j = i
                else:
                    j = k - start if dense else indices[k]
                values[ends[j]] = data[k]
                ends[j] += 1
        for j in range(out.shape[0]):
            first = offsets[j]
            count = offsets[j + 1] - first
            if count == 0:
                out[j] = 0.0
                continue
            qsort(&values[first], count, sizeof(double), compare)
            middle = first + count // 2
            if count % 2:
                out[j] = values[middle]
            else:
                out[j] = 0.5 * values[middle - 1] + 0.5 * values[middle]
