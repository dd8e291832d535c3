#!/usr/bin/env bash
# Runs linter, type checker and tests in the environment of quickstart.sh with the "dev" extra. Arguments are passed to
# pytest.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh" ".[dev]"

# The tensors of the tests are small; with more threads, synchronisation would cost more than it gains.
export OMP_NUM_THREADS=1

ruff check .
ruff format --check .
mypy latent_rationale scripts
pytest "$@"
