"""Preconditioned conjugate gradients, one step at a time: the caller knows when to stop."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.linalg.blas import daxpy


@dataclass
class Step:
    """Where the iteration stands; its arrays change with the next step.

    Attributes
    ----------
    x : ndarray
    residual : ndarray
        b - operator(x), kept up to date by recurrence.
    square : float
        The residual's square in the metric of the preconditioner.
    length : float
        How far along its last direction x has come.
    image : ndarray or None
        What `kernel_conjugate_gradients` pulled from the residual.
    """

    x: np.ndarray
    residual: np.ndarray
    square: float
    length: float = 0.0
    image: np.ndarray | None = None


def conjugate_gradients(operator, b, inverse):
    """Yield a `Step` for x = 0 and after each step towards operator(x) = b.

    Parameters
    ----------
    operator : callable
        A positive semidefinite linear map. It may be called once more than there are steps.
    b : ndarray of shape (m,)
    inverse : callable, ndarray of shape (m,) or float
        The preconditioner, about the operator's inverse; or its diagonal.

    Ends where the residual is zero or a direction has no positive curvature.
    """
    prepare = inverse if callable(inverse) else partial(np.multiply, inverse)
    r = b.copy()
    z = prepare(r)
    p = z.copy()
    step = Step(np.zeros_like(b), r, float(r @ z))
    yield step
    while step.square > 0.0:
        q = operator(p)
        curvature = float(p @ q)
        if not curvature > 0.0:
            return
        step.length = step.square / curvature
        daxpy(p, step.x, a=step.length)
        daxpy(q, r, a=-step.length)
        z = prepare(r)
        old, step.square = step.square, float(r @ z)
        yield step
        p *= step.square / old
        p += z


def kernel_conjugate_gradients(pull, push, b):
    """The same for (I + K) x = b in the inner product of K = push pull, of low rank or not.

    Those are the conjugate gradients for (H + A^T A) du = A^T b prepared by H, with
    K = A H^-1 A^T and du = H^-1 A^T x: all vectors are as long as the rows of A.

    Parameters
    ----------
    pull : callable
        H^-1 A^T v for a vector v, in any units, and v^T K v.
    push : callable
        K v for what was pulled from v.
    b : ndarray of shape (n,)
    """
    r = b.copy()
    image, square = pull(r)
    step = Step(np.zeros_like(b), r, square, image=image)
    yield step
    p, kernel_p = np.zeros_like(b), np.zeros_like(b)
    while step.square > 0.0:
        p += r
        kernel_p += push(step.image)
        q = p + kernel_p
        curvature = float(kernel_p @ q)
        if not curvature > 0.0:
            return
        step.length = step.square / curvature
        daxpy(p, step.x, a=step.length)
        daxpy(q, r, a=-step.length)
        old = step.square
        step.image, step.square = pull(r)
        yield step
        p *= step.square / old
        kernel_p *= step.square / old
