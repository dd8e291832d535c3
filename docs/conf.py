"""Configuration of the documentation site; ``sphinx-build -W docs build/docs`` builds it without network access."""

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
html_show_sphinx = False
