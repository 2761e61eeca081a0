"""Other figures for the engine to go by than its own (see `skl_sparse.engine.tuning`)."""

from dataclasses import replace

from skl_sparse.engine.tuning import DEFAULT


def tuning(**folders):
    """The tuning in which some figures of some folders are others: ``working_set={"inner": 0.5}``."""
    return replace(
        DEFAULT,
        **{name: replace(getattr(DEFAULT, name), **figures) for name, figures in folders.items()},
    )


def with_figures(model, **folders):
    """The model, to be fitted with other figures."""
    model._tuning = tuning(**folders)
    return model
