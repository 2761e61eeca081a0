"""A process that sees no more than a library requires, as where nothing else is installed.

scikit-learn imports pandas, for one, wherever it finds it: a peer that requires it would make the
cold start of all others slower.
"""

import re
import sys
from importlib import metadata


def required(packages):
    """Names of the distributions that these require, themselves included."""
    needed, waiting = set(), list(packages)
    while waiting:
        name = normalised(waiting.pop())
        if name in needed:
            continue
        needed.add(name)
        try:
            asked = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # not for this platform or version of Python
            continue
        plain = [requirement for requirement in asked if "extra ==" not in requirement]
        waiting += [re.match(r"[\w.-]+", requirement)[0] for requirement in plain]
    return needed


def normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()


class Hidden:
    """Finder of what is installed but not to be seen."""

    def __init__(self, modules):
        self.modules = frozenset(modules)

    def find_spec(self, name, path=None, target=None):
        if name in self.modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide_all_but(*packages):
    """Let this process import only what these distributions require."""
    needed = required(packages)
    hidden = (
        module
        for module, owners in metadata.packages_distributions().items()
        if needed.isdisjoint(map(normalised, owners))
    )
    sys.meta_path.insert(0, Hidden(hidden))
