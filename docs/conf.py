"""Configuration of the documentation site; ``sphinx-build -W docs build/docs`` builds it without network access."""

from sphinx.application import Sphinx

import latent_rationale

project = "latent_rationale"
author = "the latent_rationale authors"
release = latent_rationale.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]

myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]

autodoc_default_options = {"members": True, "show-inheritance": True, "member-order": "bysource"}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # an attribute of a dataclass is described once, by its class

html_theme = "furo"
html_title = f"latent_rationale {release}"
html_show_copyright = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["site.css"]


def setup(app: Sphinx) -> None:
    """Keep napoleon from reading ``text: text`` in the docstring of an attribute as ``type: description``."""
    kept: list[str] = []

    def keep(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
        kept[:] = lines

    def restore(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
        if what in ("attribute", "data"):
            lines[:] = kept

    app.connect("autodoc-process-docstring", keep, priority=400)  # napoleon has 500
    app.connect("autodoc-process-docstring", restore, priority=600)
