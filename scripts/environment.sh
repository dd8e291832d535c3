# Sourced by quickstart.sh and test.sh. Creates .venv and installs the pinned requirements and this package into it; later
# calls install again only if the requirements or the C++ sources have changed. $1 is the package with its extras, as in
# ".[dev]".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-$(command -v python3.11 || command -v python3)}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "error: Python 3.11 or newer is required; set PYTHON to its path" >&2
  exit 2
}
[ -d .venv ] || { echo "creating the virtual environment .venv"; "$python" -m venv .venv; }
# The checksum of everything that determines the installation; an environment with extras also serves without them.
stamp=$(cat requirements.txt setup.py scripts/environment.sh $(find latent_rationale -name "*.cpp" -o -name "*.h" | sort) | cksum)
installed=$(cat .venv/installed 2>/dev/null || true)
if [ "$installed" != "$1 $stamp" ] && [ "$installed" != ".[dev] $stamp" ]; then
  pip=(.venv/bin/python -m pip install --disable-pip-version-check --quiet)
  echo "installing requirements.txt (takes a minute or more, PyTorch is large)"
  "${pip[@]}" -r requirements.txt
  echo "compiling and installing $1"
  # Without isolation, so that the operators are compiled against the headers of the PyTorch installed above.
  "${pip[@]}" --no-build-isolation -e "$1"
  echo "$1 $stamp" > .venv/installed
fi
export PATH="$PWD/.venv/bin:$PATH"
