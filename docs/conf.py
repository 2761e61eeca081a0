"""Sphinx configuration. Pages are built, with warnings as errors, and read without a network."""

import os
import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.logging import getLogger

import skl_sparse

logger = getLogger(__name__)
project = "skl_sparse"
author = "The skl_sparse developers"
copyright = f"2026, {author}"
release = version = skl_sparse.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "measured"]
templates_path = ["_templates"]

# Links into other projects' pages are fetched from the network: only on request.
if os.environ.get("DOCS_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "numpy": ("https://numpy.org/doc/stable", None),
        "python": ("https://docs.python.org/3", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc sections say more
numpydoc_show_class_members = False  # the autosummary template lists them
# Every parameter documented, none that does not exist, in the order of the signature.
numpydoc_validation_checks = {"PR01", "PR02", "PR03"}
# An LpPath is made by lp_path: its attributes are documented, once.
numpydoc_validation_exclude = {r"\.set_\w+_request$", r"\.LpPath$"}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
}

html_math_renderer = "mathml"  # see setup()
html_theme = "pydata_sphinx_theme"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_sidebars = {"**": []}  # all pages are on one level: the bar at the top lists them
html_theme_options = {
    "header_links_before_dropdown": 4,  # those of use to a user; the search fits beside them
    "navigation_with_keys": False,
    "show_prev_next": False,
}
html_show_sourcelink = False


def skip_generated(app, what, name, obj, skip, options):
    """Leave out the metadata-routing methods that scikit-learn adds to every estimator."""
    return skip or (name.startswith("set_") and name.endswith("_request"))


def formula(as_block):
    """What writes a formula as MathML, which browsers show without a script from the network."""

    def visit(translator, node):
        tex = node.astext()
        if unsafe := re.search(r"\\([dt]?frac|bar|hat|tilde)\s*[^{\s]|\\_", tex):
            logger.warning("the converter to MathML misreads %r", unsafe[0], location=node)
        translator.body.append(tex2mathml(tex, as_block=as_block))
        raise nodes.SkipNode

    return visit, None


def setup(app):
    app.add_html_math_renderer("mathml", formula(as_block=False), formula(as_block=True))
    app.connect("autodoc-skip-member", skip_generated)
