"""The Lp penalty, any real p >= 0, with a ridge term: h_j(u) = lam_j |u|^p + ridge_j u^2 / 2."""

from libc.math cimport INFINITY, cbrt, exp, fabs, isfinite, log, pow, sqrt
from libc.stdint cimport uint64_t

cimport cython
import numpy as np

from skl_sparse.engine.penalties._penalty cimport DualSums, Penalty, is_inactive

ctypedef fused real_t:
    float
    double

# From this p on |u|^p is computed from its slope, of which p is a factor.
cdef double LEAST_POWER_WITH_SLOPE = 0.1


cdef inline double power(double x, double p) noexcept nogil:
    """x^p for x > 0, the roots that matter without a call of pow."""
    cdef double root
    if p == 0.0:
        return 1.0
    if p == 0.5:
        return sqrt(x)
    if p == 1.0:
        return x
    if p == -0.5:
        return 1.0 / sqrt(x)
    if p == -1.0:
        return 1.0 / x
    if p == 2.0:
        return x * x
    if p == 2.0 / 3.0:
        root = cbrt(x)
        return root * root
    if p == 0.75:
        root = sqrt(x)
        return root * sqrt(root)
    if p == 2.0 / 3.0 - 1.0:
        return 1.0 / cbrt(x)
    if p == -1.5:
        return 1.0 / (x * sqrt(x))
    if p == 2.0 / 3.0 - 2.0:
        return 1.0 / (x * cbrt(x))
    return pow(x, p)


cdef double jump_threshold(double lam, double p) noexcept nogil:
    """Where the proximal step of lam |u|^p leaves zero."""
    if p > 1.0:
        return 0.0
    if lam == 0.0 or lam == INFINITY or p == 1.0:
        return lam
    # The step leads from zero to x with x^(2-p) = 2 lam (1-p), and z = x + lam p x^(p-1).
    cdef double excess = 0.5 * p / (1.0 - p)
    return (1.0 + excess) * power(2.0 * lam * (1.0 - p), 1.0 / (2.0 - p))


cdef int linear_power(double p) noexcept nogil:
    """The power of `jump_threshold` that is linear in s where lam has s^p: 1, 2, 3, or 0 for none.

    It is (2 - p) / p. Where that is no small integer the threshold itself has to be at hand.
    """
    if p == 1.0:
        return 1
    if p == 2.0 / 3.0:
        return 2
    return 3 if p == 0.5 else 0


cdef union Bits:
    double number
    uint64_t bits


cdef inline double about_root(double x, int m) noexcept nogil:
    """The mth root of a normal x > 0 to 4 %: dividing its bits divides the exponent."""
    cdef Bits root
    root.number = x
    root.bits = root.bits // <uint64_t> m + <uint64_t> ((1.0 - 1.0 / m) * 1022.955 * 2.0 ** 52)
    return root.number


cdef inline double largest_root(double z, double c, int m) noexcept nogil:
    """w^m for the largest root w of w^(m+1) - z w + c, for m = 2, 3, where c > 0 leaves it a root.

    Newton, from the first terms of the root's series in c. A step of 1e-9 leaves rounding alone.
    """
    cdef double w = about_root(z, m), e = c / (m * z * w), power, step
    cdef int _k
    w *= 1.0 - e * (1.0 + 0.5 * (m + 1) * e)
    for _k in range(60):
        power = w * w if m == 2 else w * w * w
        step = (w * (power - z) + c) / ((m + 1) * power - z)
        w -= step
        if fabs(step) <= 1e-9 * w:
            break
    return w * w if m == 2 else w * w * w


cdef double prox_below_one(double z, double lam, double p) noexcept nogil:
    """The larger root x of x + lam p x^(p-1) = z, for z above the threshold, 0 < p < 1.

    Newton from x = z: the function is convex and increasing down to the root and its slope is at
    least 1 - p/2 there, so the iterates fall to it and never pass. For p = 1/2 and 2/3 a root of x
    is that of a polynomial, which takes no power.
    """
    cdef double x, step, term
    cdef int _k
    if 1e-100 < z < 1e100:
        if p == 0.5:
            return largest_root(z, lam * p, 2)
        if p == 2.0 / 3.0:
            return largest_root(z, lam * p, 3)
    x = z
    for _k in range(60):
        term = lam * p * power(x, p - 1.0)
        step = (x + term - z) / (1.0 - (1.0 - p) * term / x)
        x -= step
        if fabs(step) <= 4e-16 * x:
            break
    return x


cdef double root_above_one(double c, double lam, double p, double a) noexcept nogil:
    """The u > 0 with a u + lam p u^(p-1) = c, for c > 0, p > 1, a >= 0, lam > 0.

    Newton on the logarithm of both sides in t = log u: a convex increasing function of t (a
    log-sum-exp of two lines), so that the iterates fall to the root from the right, at any scale.
    """
    cdef double log_c = log(c), log_b = log(lam) + log(p), t, first, second, g, u, step
    cdef int _k
    t = (log_c - log_b) / (p - 1.0)
    if a == 0.0:
        return exp(t)
    cdef double log_a = log(a)
    t = min(t, log_c - log_a)
    for _k in range(100):
        first = exp(log_a + t - log_c)
        second = exp(log_b + (p - 1.0) * t - log_c)
        g = log(first + second)
        step = g * (first + second) / (first + (p - 1.0) * second)
        t -= step
        if fabs(step) <= 1e-15 * max(1.0, fabs(t)):
            break
    u = exp(t)
    if u > 1e-290:
        # The exponential magnified the rounding of t; one step in u takes that back.
        second = lam * p * pow(u, p - 1.0)
        step = (a * u + second - c) / (a + (p - 1.0) * second / u)
        if isfinite(step) and fabs(step) < 1e-9 * u:
            u -= step
    return u


cdef double prox_scalar(double z, double lam, double p, double threshold) noexcept nogil:
    """argmin_x (x - z)^2 / 2 + lam x^p for z > 0; zero up to ``threshold``."""
    if lam == 0.0:
        return z
    if p <= 1.0:
        if z <= threshold:
            return 0.0
        if p == 1.0:
            return z - lam
        if p == 0.0:
            return z
        return prox_below_one(z, lam, p)
    if lam == INFINITY or z == 0.0:
        return 0.0
    if p == 2.0:
        return z / (1.0 + 2.0 * lam)
    return root_above_one(z, lam, p, 1.0)


def lp_prox_flat(
    const real_t[::1] z, const double[::1] lam, double p, bint positive, real_t[::1] out
):
    """out = argmin_x (x - z)^2 / 2 + lam |x|^p, element by element."""
    cdef Py_ssize_t i
    cdef double x
    with nogil:
        for i in range(z.shape[0]):
            x = fabs(z[i])
            if positive and z[i] < 0.0:
                x = 0.0
            elif lam[i] != 0.0:
                x = prox_scalar(x, lam[i], p, jump_threshold(lam[i], p))
            out[i] = <real_t> (x if z[i] >= 0.0 else -x)
            if x == 0.0:
                out[i] = 0.0


cdef class LpPenalty(Penalty):
    """h_j(u) = lam_j |u|^p + ridge_j u^2 / 2, restricted to u >= 0 if ``positive``.

    Parameters
    ----------
    lam, ridge : ndarray of shape (n_columns,), float64
        ``lam_j = inf`` excludes column j.
    p : float
    positive : bool
    scale : ndarray of shape (n_columns,), float64, optional
        Then ``lam`` and ``ridge`` are floats, and the strengths lam * scale^p and
        ridge * scale^2 are computed where they are asked for (p <= 1): two vectors fewer.

    Where it is a quadratic, sums over all columns, of which a pass takes several, are plain loops.
    """

    cdef readonly double p
    cdef const double[::1] lam_
    cdef const double[:] ridge_  # a single number, repeated, where there is no ridge
    cdef const double[::1] scale_
    cdef bint scaled_
    cdef double lam_unit
    cdef double ridge_unit

    def __init__(self, lam, ridge, double p, bint positive=False, scale=None):
        self.p, self.positive = p, positive
        self.quadratic = p == 2.0 and not positive
        self.has_dual, self.has_multistart = p >= 1.0, p <= 1.0
        self.sparsifies = p <= 1.0
        self.scaled_ = scale is not None
        if self.scaled_:
            self.lam_unit, self.ridge_unit, self.scale_ = lam, ridge, scale
            self.n_columns = len(scale)
            self.convex = p == 1.0 or lam == 0.0
        else:
            self._set_strengths(lam, ridge)
        cdef Py_ssize_t j = 0
        cdef double[::1] threshold
        while j < self.n_columns and (self.ridge_at(j) > 0.0 or (p > 1.0 and self.lam_at(j) > 0.0)):
            j += 1
        self.finite_conjugates = j == self.n_columns
        # Where the unit proximal step leaves zero.
        if p == 0.0 and self.scaled_ and ridge == 0.0:
            self.threshold = np.broadcast_to(jump_threshold(lam, p), self.n_columns)
        elif self.scaled_ and (p == 1.0 or linear_power(p) and ridge == 0.0):
            self.threshold_power = linear_power(p)
            self.threshold_unit = jump_threshold(lam, p) ** self.threshold_power
            self.threshold = scale
        elif p == 1.0:
            self.threshold = self.lam_
        elif p < 1.0:
            threshold = np.zeros(self.n_columns)
            self.threshold = threshold
            for j in range(self.n_columns):
                threshold[j] = 1.0 + self.ridge_at(j)
                threshold[j] *= jump_threshold(self.lam_at(j) / threshold[j], p)

    def _set_strengths(self, lam, ridge):
        lam, ridge = np.ascontiguousarray(lam, np.float64), np.asarray(ridge, np.float64)
        if self.p == 2.0:
            # One way to write a ridge; an excluded column stays so.
            ridge = np.where(np.isinf(lam), 0.0, ridge + 2.0 * lam)
            lam = np.where(np.isinf(lam), lam, 0.0)
        self.n_columns = len(lam)
        self.lam_, self.ridge_ = lam, ridge
        # With all lam zero, or infinite, what is left is convex whatever p.
        cdef Py_ssize_t j = 0
        while self.p < 1.0 and j < self.n_columns and not 0.0 < self.lam_[j] < INFINITY:
            j += 1
        self.convex = self.p >= 1.0 or j == self.n_columns

    @cython.final
    cdef inline double lam_at(self, Py_ssize_t j) noexcept nogil:
        return self.lam_unit * power(self.scale_[j], self.p) if self.scaled_ else self.lam_[j]

    @cython.final
    cdef inline double ridge_at(self, Py_ssize_t j) noexcept nogil:
        cdef double scale
        if not self.scaled_:
            return self.ridge_[j]
        scale = self.scale_[j]
        return self.ridge_unit * (scale * scale)

    @property
    def lam(self):
        return self._strengths(np.arange(self.n_columns))[0] if self.scaled_ else self.lam_.base

    @property
    def ridge(self):
        return self._strengths(np.arange(self.n_columns))[1] if self.scaled_ else self.ridge_.base

    def _strengths(self, const Py_ssize_t[::1] columns):
        """lam_j and ridge_j of the named columns."""
        lam, ridge = np.empty(columns.shape[0]), np.empty(columns.shape[0])
        cdef double[::1] lam_of = lam, ridge_of = ridge
        cdef Py_ssize_t k
        for k in range(columns.shape[0]):
            lam_of[k], ridge_of[k] = self.lam_at(columns[k]), self.ridge_at(columns[k])
        return lam, ridge

    def weaker(self, double strength):
        """Columns whose two strengths together are less than that."""
        cdef Py_ssize_t j, k = 0, n = 0
        for j in range(self.n_columns):
            n += self.lam_at(j) + self.ridge_at(j) < strength
        columns = np.empty(n, dtype=np.intp)
        cdef Py_ssize_t[::1] column = columns
        for j in range(self.n_columns if n else 0):
            if self.lam_at(j) + self.ridge_at(j) < strength:
                column[k] = j
                k += 1
        return columns

    @property
    def excluded(self):
        return np.isinf(self.lam)

    @property
    def unpenalised(self):
        return (self.lam == 0) & (self.ridge == 0)

    def restrict(self, columns):
        return LpPenalty(*self._strengths(columns), self.p, self.positive)

    def exclude(self, mask):
        lam = np.where(mask, np.inf, self.lam)
        return LpPenalty(lam, self.ridge, self.p, self.positive)

    def scaled(self, double factor):
        """The same penalty with its Lp term (not the ridge) multiplied by ``factor``."""
        with np.errstate(over="ignore"):  # from 2^1000 or so on it excludes a column anyway
            lam = self.lam * factor
        return LpPenalty(lam, self.ridge, self.p, self.positive)

    def convex_relative(self):
        """The L1 penalty whose proximal step leaves zero where this one does."""
        return LpPenalty(self.thresholds, self.ridge, 1.0, self.positive)

    def entry_factor(self, c):
        """The least factor for `scaled` at which zero is optimal, column by column."""
        return self.largest_share(c) ** (2.0 - self.p)

    cdef double value_at(self, Py_ssize_t j, double u) noexcept nogil:
        if u == 0.0:
            return 0.0
        cdef double value = 0.5 * self.ridge_at(j) * u * u
        if self.lam_at(j) == 0.0:
            return value
        return self.lam_at(j) * power(fabs(u), self.p) + value

    cdef double slope_at(self, Py_ssize_t j, double u) noexcept nogil:
        cdef double slope = 0.0
        if u == 0.0:
            return 0.0
        if self.lam_at(j) != 0.0 and self.p != 0.0:
            slope = self.lam_at(j) * self.p * power(fabs(u), self.p - 1.0)
        return self.ridge_at(j) * u + (slope if u > 0.0 else -slope)

    cdef double curvature_at(self, Py_ssize_t j, double u) noexcept nogil:
        cdef double lam = self.lam_at(j), p = self.p
        if lam == 0.0 or p == 0.0 or p == 1.0:
            return self.ridge_at(j)
        if u == 0.0:
            return self.ridge_at(j) if p > 2.0 and lam < INFINITY else INFINITY
        return self.ridge_at(j) + lam * p * (p - 1.0) * power(fabs(u), p - 2.0)

    cdef double scaled_prox(self, Py_ssize_t j, double z, double step) noexcept nogil:
        cdef double shrink = 1.0 / (1.0 + step * self.ridge_at(j))
        cdef double lam = step * self.lam_at(j) * shrink, size = fabs(z) * shrink, x
        if z == 0.0 or (self.positive and z < 0.0):
            return 0.0
        if step != 1.0 or self.p > 1.0:
            x = prox_scalar(size, lam, self.p, jump_threshold(lam, self.p))
        elif is_inactive(self, j, z):
            return 0.0
        else:
            x = prox_scalar(size, lam, self.p, 0.0)
        return x if z > 0.0 else -x

    cdef double step_metric(self, Py_ssize_t j, double u, double z, double new) noexcept nogil:
        if u != 0.0 or new == 0.0 or not LEAST_POWER_WITH_SLOPE <= self.p < 1.0:
            return Penalty.step_metric(self, j, u, z, new)
        # A step from zero ends where the slope vanishes, which gives lam |new|^p without a power.
        cdef double ridge = self.ridge_at(j)
        cdef double decrease = 2.0 * z - (1.0 + ridge) * new
        decrease -= 2.0 * (z - (1.0 + ridge) * new) / self.p
        return min(fabs(new), sqrt(max(decrease * new, 0.0)))

    cdef double dual_argmax(self, Py_ssize_t j, double c) noexcept nogil:
        cdef double size = fabs(c), lam = self.lam_at(j), ridge = self.ridge_at(j), u
        if size == 0.0 or (self.positive and c < 0.0) or lam == INFINITY:
            return 0.0
        if lam == 0.0:
            u = size / ridge if ridge > 0.0 else INFINITY
        elif self.p == 1.0:
            if size <= lam:
                return 0.0
            u = (size - lam) / ridge if ridge > 0.0 else INFINITY
        else:
            u = root_above_one(size, lam, self.p, ridge)
        return u if c > 0.0 else -u

    cdef double dual_limit(self, Py_ssize_t j, double c) noexcept nogil:
        if self.ridge_at(j) > 0.0 or self.lam_at(j) == INFINITY or (self.positive and c < 0.0):
            return INFINITY
        if self.lam_at(j) == 0.0:
            return 0.0
        return self.lam_at(j) if self.p == 1.0 else INFINITY

    def value(self, const double[::1] u):
        if not self.quadratic:
            return Penalty.value(self, u)
        cdef Py_ssize_t j
        cdef const double *ridge = &self.ridge_[0]
        cdef double total = 0.0
        with nogil:
            for j in range(u.shape[0]):
                total += ridge[j] * u[j] * u[j]
        return 0.5 * total

    def violations(self, const double[::1] u, const double[::1] c):
        if not self.quadratic:
            return Penalty.violations(self, u, c)
        out = np.empty(u.shape[0])
        cdef double[::1] target = out
        cdef Py_ssize_t j
        cdef const double *ridge = &self.ridge_[0]
        cdef double minimiser
        with nogil:
            for j in range(u.shape[0]):
                minimiser = (u[j] + c[j]) / (1.0 + ridge[j])
                target[j] = fabs((0.0 if self.lam_at(j) == INFINITY else minimiser) - u[j])
        return out

    cdef DualSums dual_sums(
        self, double s, const double[::1] c, const unsigned char[::1] skip
    ) noexcept nogil:
        if not self.quadratic:
            return Penalty.dual_sums(self, s, c, skip)
        cdef Py_ssize_t j
        cdef const double *ridge = &self.ridge_[0]
        cdef double total = 0.0
        cdef bint every = skip is None
        cdef DualSums sums
        for j in range(c.shape[0]):
            if (every or skip[j] == 0) and c[j] != 0.0 and self.lam_at(j) != INFINITY:
                total += c[j] / ridge[j] * c[j]
        sums.value, sums.slope, sums.curvature = 0.5 * s * s * total, s * total, total
        return sums
