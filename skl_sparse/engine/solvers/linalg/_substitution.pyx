"""Substitution with a Cholesky factor in rectangular full packed format, for a single vector.

LAPACK's own is made for many of them: it copies the factor once more in the order that pays then.
"""

from scipy.linalg.cython_blas cimport dgemv, dtrsv, sgemv, strsv

ctypedef fused real_t:
    float
    double


cdef void gemv(
    char *trans, int m, int n, const real_t *a, int stride, const real_t *x, real_t *y
) noexcept nogil:
    """y -= A x, or A^T x, for A of shape (m, n)"""
    cdef int one = 1
    cdef real_t minus = -1.0, plus = 1.0
    if real_t is float:
        sgemv(
            trans, &m, &n, &minus, <float *> a, &stride, <float *> x, &one, &plus, y, &one
        )
    else:
        dgemv(
            trans, &m, &n, &minus, <double *> a, &stride, <double *> x, &one, &plus, y, &one
        )


cdef void trsv(
    char *uplo, char *trans, int n, const real_t *a, int stride, real_t *x
) noexcept nogil:
    """x = A^-1 x, or A^-T x, for a triangle A"""
    cdef int one = 1
    if real_t is float:
        strsv(uplo, trans, "N", &n, <float *> a, &stride, x, &one)
    else:
        dtrsv(uplo, trans, "N", &n, <double *> a, &stride, x, &one)


def substitute(const real_t[::1] factor, real_t[::1] x):
    """x = (L L^T)^-1 x, in place, with L as pftrf leaves it (``transr="N", uplo="L"``).

    With x = (y, z) and L = [T 0; S U^T]: T, S and U lie in one rectangle, column after column.
    """
    cdef int n = <int> x.shape[0], below = 1 - n % 2, stride = n + below
    cdef int n_first = (n + 1) // 2, n_rest = n // 2
    cdef const real_t *triangle = &factor[below]
    cdef const real_t *square = triangle + n_first
    cdef const real_t *corner = &factor[0] + (1 - below) * <Py_ssize_t> stride
    cdef real_t *y = &x[0]
    cdef real_t *z = y + n_first
    with nogil:
        trsv("L", "N", n_first, triangle, stride, y)
        if n_rest:
            gemv("N", n_rest, n_first, square, stride, y, z)
            trsv("U", "T", n_rest, corner, stride, z)
            trsv("U", "N", n_rest, corner, stride, z)
            gemv("T", n_rest, n_first, square, stride, z, y)
        trsv("L", "T", n_first, triangle, stride, y)
