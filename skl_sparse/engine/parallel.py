"""BLAS on a single thread while a fit goes on."""

from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _libraries():
    """What is loaded; to look it up takes as long as a small fit."""
    return ThreadpoolController().select(user_api="blas")


def one_blas_thread():
    """A context in which BLAS runs on one thread.

    Most products of a fit are small: to share them among threads takes longer than to compute them,
    and threads that wait for the next one keep a core busy, which our own could use.
    """
    return _libraries().limit(limits=1)
