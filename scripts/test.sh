#!/usr/bin/env bash
# Lint, types and tests, in the environment of quickstart.sh with the "dev" extra. Arguments go to pytest.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh" ".[dev]"

# The tensors of the tests are tiny: more threads would only wait for one another.
export OMP_NUM_THREADS=1

ruff check .
ruff format --check .
mypy latent_rationale scripts
pytest "$@"
