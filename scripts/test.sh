#!/usr/bin/env bash
# Lint, types and tests, in the environment of quickstart.sh with the "dev" extra. Arguments go to pytest.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh" ".[dev]"

ruff check .
ruff format --check .
mypy latent_rationale scripts
pytest "$@"
