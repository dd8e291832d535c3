"""Installs the package; the exact versions that it is tested with are in requirements.txt."""

import platform
from pathlib import Path
from typing import Any

from setuptools import find_packages, setup

here = Path(__file__).parent
version = next(
    line.split('"')[1]
    for line in (here / "latent_rationale" / "__init__.py").read_text(encoding="utf-8").splitlines()
    if line.startswith("__version__")
)


def compiled() -> dict[str, Any]:
    """The operators in C++. Where PyTorch or a compiler is missing the package does without, more slowly."""
    try:
        from torch.utils.cpp_extension import BuildExtension, CppExtension
    except ImportError:
        return {}
    sources = sorted(str(path.relative_to(here)) for path in here.glob("latent_rationale/**/*.cpp"))
    flags = ["-O3", "-g0", "-Wno-unknown-pragmas"]  # pragmas of other compilers in the headers of torch
    if platform.machine() in ("x86_64", "AMD64"):
        flags += ["-mavx2", "-mfma", "-mf16c", "-DCPU_CAPABILITY=AVX2", "-DCPU_CAPABILITY_AVX2"]
    threads = ["-fopenmp"] if platform.system() == "Linux" else []
    extension = CppExtension(
        "latent_rationale._operators",
        sources,
        depends=sorted(str(path.relative_to(here)) for path in here.glob("latent_rationale/**/*.h")),
        extra_compile_args=flags + threads,
        extra_link_args=threads,
        optional=True,
    )
    return {"ext_modules": [extension], "cmdclass": {"build_ext": BuildExtension.with_options(use_ninja=False)}}


TRANSFORMERS = "transformers==5.24.0"  # BERT and its relatives, whose predictions can be explained
PARQUET = "pyarrow==26.0.1"  # tables in Parquet
DOCUMENTATION = [
    "sphinx==9.0.4",  # builds the site in docs/
    "myst-parser==5.2.0",  # pages in Markdown
    "furo==2025.12.19",  # theme
]

setup(
    name="latent_rationale",
    version=version,
    description="Text classifiers whose predictions can be inspected: learned rationales and hierarchical explanations",
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="the latent_rationale authors",
    license="MIT",
    keywords=["interpretability", "rationales", "explanations", "text classification", "HardKuma", "SOC", "SCD"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: C++",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Text Processing :: Linguistic",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["latent_rationale", "latent_rationale.*"]),
    package_data={"latent_rationale": ["py.typed"]},
    python_requires=">=3.11",
    entry_points={"console_scripts": ["latent-rationale = latent_rationale.__main__:main"]},
    **compiled(),
    install_requires=[
        "torch>=2.13,<2.14",  # tensors, gradients, optimisers
        "numpy>=2.0",  # reading vectors, quadrature
        "nltk>=3.9",  # treebank trees, tokenizing raw text
        "regex>=2024.11",  # words of raw text in any script, emoji with their modifiers
        "torchtext==0.6.0",  # the vocabulary; the last release in pure Python, later ones do not import
        "safetensors>=0.5",  # weights that execute no code when loaded
        "tensorboard>=2.18",  # curves, histograms, rationales during training
        "tqdm>=4.66",  # progress
        "matplotlib>=3.9",  # plots
        "scikit-learn>=1.6",  # the linear model that explanations are compared with, factorization of word counts
        "scipy>=1.13",  # counts of words that occur together
        "joblib>=1.4",  # the number of cores in a container
        "psutil>=6",  # the load of the machine
        "filelock>=3.22",  # locks of results folders
    ],
    extras_require={
        "transformers": [TRANSFORMERS],
        "parquet": [PARQUET],
        "docs": DOCUMENTATION,
        "dev": [
            "ruff==0.17.6",  # lint and format
            "mypy==2.4.1",  # types
            "types-psutil==7.2.2.20261111",  # types of psutil
            "pytest==9.2.0",  # tests
            "hypothesis==6.170.15",  # tests over random parameters
            TRANSFORMERS,
            PARQUET,
            *DOCUMENTATION,
        ],
    },
)
