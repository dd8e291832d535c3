#!/usr/bin/env bash
# Lint, types, docstrings, documentation and tests, in the environment of quickstart.sh with the "dev" extra. Arguments go to pytest.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh" ".[dev]"

# The tensors of the tests are small: more threads would only slow them down.
export OMP_NUM_THREADS=1

ruff check .
ruff format --check .
mypy latent_rationale scripts
python scripts/check_docstrings.py
sphinx-build -W --keep-going -q docs build/docs
pytest "$@"
