#!/usr/bin/env bash
# Runs linter, type checker, docstring rules, documentation build and tests in the environment of quickstart.sh with the
# "dev" extra. Arguments are passed to pytest.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh" ".[dev]"

# The tensors of the tests are small; with more threads, synchronisation would cost more than it gains.
export OMP_NUM_THREADS=1

ruff check .
ruff format --check .
mypy latent_rationale scripts
python scripts/check_docstrings.py
sphinx-build -W --keep-going -q docs build/docs
pytest "$@"
