"""BLAS on a single thread while a fit goes on."""

import os
from contextlib import contextmanager
from functools import cache
from itertools import filterfalse
from threading import Lock, get_ident

from threadpoolctl import ThreadpoolController


@cache
def _libraries():
    """The BLAS libraries, looked up once: that takes as long as a small fit.

    Those of NumPy and SciPy are loaded before the first fit. A fit uses no other.
    """
    return ThreadpoolController().select(user_api="blas").lib_controllers


def _is_of_the_thread(library):
    """Whether each thread has a setting of its own, which OpenMP keeps, or the process has one."""
    return getattr(library, "threading_layer", None) == "openmp"


def _limit(libraries):
    """Set the libraries to one thread; a list of those changed and of the number each had."""
    found = [(library, library.num_threads) for library in libraries]
    changed = [(library, n_threads) for library, n_threads in found if n_threads != 1]
    for library, _ in changed:
        _set(library, 1)
    return changed


def _restore(changed):
    for library, n_threads in changed:
        _set(library, n_threads)


def _set(library, n_threads):
    """Set a library's number of threads, whichever thread set it before.

    Recent versions of threadpoolctl leave that to one thread, and ignore the others without a word.
    Here the thread that restores need not be the one that has set the limit.
    """
    release = getattr(library, "clear_controlling_thread", lambda force: None)
    release(force=True)
    library.set_num_threads(n_threads)
    release(force=True)


class BlasGuard:
    """Holds BLAS to one thread as long as anyone asks for it.

    The number of threads is one setting for the whole process. If each fit restored what it found,
    fits that overlap in time would restore each other's limit. So they are counted: the first one in
    sets the limit, the last one out restores what was there before.
    """

    def __init__(self):
        self._lock = Lock()
        # Who holds BLAS, and in which thread; what the first of them has changed.
        self._holders, self._changed = {}, []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire,
                after_in_parent=self._lock.release,
                after_in_child=self._after_fork,
            )

    @contextmanager
    def hold(self):
        """A context in which BLAS runs on one thread. Contexts may nest and overlap in any order."""
        holder, own = object(), []
        try:
            own = _limit(filter(_is_of_the_thread, _libraries()))
            with self._lock:
                if not self._holders:
                    self._changed = _limit(filterfalse(_is_of_the_thread, _libraries()))
                self._holders[holder] = get_ident()
            yield
        finally:
            with self._lock:
                self._leave([holder])
            _restore(own)

    def _leave(self, holders):
        for holder in holders:
            self._holders.pop(holder, None)
        if not self._holders:
            changed, self._changed = self._changed, []
            _restore(changed)

    def _after_fork(self):
        """Of all threads, the child process has only the one that forked."""
        try:
            self._leave([h for h, thread in self._holders.items() if thread != get_ident()])
        finally:
            self._lock.release()


_GUARD = BlasGuard()


def one_blas_thread():
    """A context in which BLAS runs on one thread.

    Most products of a fit are small: to share them among threads takes longer than to compute them,
    and threads that wait for the next one keep a core busy, which our own could use.
    """
    return _GUARD.hold()
