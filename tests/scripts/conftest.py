"""Lets the tests import the scripts, which are no package."""

import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"

sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "reproduce")]
