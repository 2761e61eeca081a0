cdef class System:
    cdef readonly Py_ssize_t n_columns
    cdef double correlation_cost
    cdef const double *known

    cdef double correlation(self, Py_ssize_t j) noexcept nogil
    cdef void step(self, Py_ssize_t j, double delta) noexcept nogil
    cdef double cost(self, Py_ssize_t j) noexcept nogil
    cdef double between(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil
    cdef void restore(self, System other) noexcept nogil
