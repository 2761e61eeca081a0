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
from libc.string cimport memcpy

from skl_sparse._entries cimport BLOCK, PREFETCH_STEP, all_ordinary, prefetch_entries

cdef extern from "_entry_loops.h" nogil:
    bint divide(
        size_t real, size_t integer, Py_ssize_t n, const void *x, const void *place,
        const double *factor, void *y
    )

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
SCALE_DOWN = 2.0 ** -600
SCALE_UP = 2.0 ** 600


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

    ``weights`` holds a weight per row, or nothing; for a sum of squares its root, since entries are
    weighted before they are squared. ``large`` and ``small`` receive the scaled parts of it.
    Returns whether every entry is finite.
    """
    cdef bint finite = True
    cdef Py_ssize_t i, j, k, start, row, minor
    cdef bint dense = indices.shape[0] == 0
    cdef bint weighted = weights.shape[0] > 0
    cdef double huge = 2.0 ** 480, tiny = 2.0 ** -480
    cdef double scale_down = SCALE_DOWN, scale_up = SCALE_UP
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
                    a *= w
                    if a > huge:
                        large[j] += (a * scale_down) * (a * scale_down)
                    elif a < tiny:
                        small[j] += (a * scale_up) * (a * scale_up)
                    else:
                        total[j] += a * a
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


cdef inline bint add_entry(double x, double* sum, int kind) noexcept nogil:
    """Add an entry to a sum, and tell whether that is finite or will tell by itself."""
    if kind == SQUARES_KIND:
        sum[0] += x * x
    elif kind == ABS_KIND:
        sum[0] += fabs(x)
    elif kind == SUM_KIND:
        sum[0] += x
    elif kind == MAX_KIND:
        sum[0] = max(sum[0], fabs(x))
    else:
        sum[0] += x != 0
    # Only a sum carries NaN and infinity along.
    return kind != MAX_KIND and kind != COUNT_KIND or fabs(x) <= DBL_MAX


cdef inline bint add_stored(
    const floating* data, const index_t* indices, Py_ssize_t nnz, int kind, double* total
) noexcept nogil:
    """Called with a constant ``kind``, so that the compiler leaves no branch on it in the loop."""
    cdef Py_ssize_t k = 0, i
    cdef bint finite = True
    while k + PREFETCH_STEP <= nnz:
        prefetch_entries(data, indices, k)
        for i in range(k, k + PREFETCH_STEP):
            finite &= add_entry(data[i], total + indices[i], kind)
        k += PREFETCH_STEP
    for i in range(k, nnz):
        finite &= add_entry(data[i], total + indices[i], kind)
    return finite


def accumulate_stored(
    const floating[::1] data,
    const index_t[::1] indices,
    int kind,
    double[::1] total,
):
    """The same for the commonest case, at thrice the speed: CSR, no weights, no threshold.

    Returns False if an entry or a sum is not finite: ``accumulate`` tells which. Squares are not
    scaled: the caller has to look at the sums.
    """
    cdef Py_ssize_t j, nnz = data.shape[0]
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
        for j in range(total.shape[0]):
            if not fabs(total[j]) <= DBL_MAX:
                finite = False
    return finite


def any_below(const floating[::1] data, double bound):
    """Tell whether any entry has 0 < abs(x) < bound."""
    cdef Py_ssize_t k
    cdef bint found = False
    cdef double a
    with nogil:
        for k in range(data.shape[0]):
            a = fabs(data[k])
            if a < bound and a > 0:
                found = True
    return found


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
    cdef Py_ssize_t i, j, k, q, n, start, stop, zeros = 0
    cdef bint dense = indices.shape[0] == 0
    cdef bint by_index = not dense and not columns_major
    cdef Py_ssize_t n_slices = 1 if by_index else indptr.shape[0] - 1
    cdef bint ordinary, finite = True
    cdef double x
    cdef floating[BLOCK] block
    cdef floating *y
    # What is divided and the result must not overlap: compilers then vectorise the loop.
    cdef bint in_place = data.shape[0] > 0 and &out[0] == &data[0]
    with nogil:
        for i in range(n_slices):
            # The rows of CSR do not matter.
            k = start = 0 if by_index else indptr[i]
            stop = data.shape[0] if by_index else indptr[i + 1]
            while k < stop:
                n = min(BLOCK, stop - k)
                y = &block[0] if in_place else &out[k]
                if by_index and not multiply:
                    ordinary = divide(
                        sizeof(floating), sizeof(index_t), n, &data[k], &indices[k], &factors[0], y
                    )
                else:
                    for q in range(n):
                        x = data[k + q]
                        if by_index:
                            j = indices[k + q]
                        else:
                            j = i if columns_major else k - start + q
                        y[q] = <floating>(x * factors[j] if multiply else x / factors[j])
                    ordinary = all_ordinary(y, n)
                # What is out of the ordinary is rare.
                if threshold > 0 or not ordinary:
                    for q in range(n):
                        x = fabs(data[k + q])
                        if x <= threshold:
                            y[q] = 0
                        elif not x <= DBL_MAX:
                            finite = False
                        zeros += y[q] == 0
                if in_place:
                    memcpy(&out[k], y, n * sizeof(floating))
                k += n
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
