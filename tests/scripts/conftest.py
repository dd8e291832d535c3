"""Make the scripts, which are not a package, importable in tests."""

import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"

sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "reproduce")]
