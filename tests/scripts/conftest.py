"""Make the scripts, which are not a package, and the helpers of their tests importable."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCRIPTS = HERE.parents[1] / "scripts"

sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "reproduce"), str(HERE)]

from local_server import Place, serving  # noqa: E402  (found by the line above)


@pytest.fixture
def place() -> Iterator[Place]:
    """Server on this machine."""
    with serving() as place:
        yield place
