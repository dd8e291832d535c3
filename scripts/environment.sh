# Sourced by quickstart.sh and test.sh: makes .venv with the pinned requirements and this package, once per change of
# what is to be installed. $1 is the package with its extras, as in ".[dev]".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-$(command -v python3.11 || command -v python3)}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "error: Python 3.11 or newer is needed; set PYTHON to one" >&2
  exit 2
}
[ -d .venv ] || { echo "making the virtual environment .venv"; "$python" -m venv .venv; }
stamp=$(cat requirements.txt setup.py scripts/environment.sh $(find latent_rationale -name "*.cpp" -o -name "*.h" | sort) | cksum)
installed=$(cat .venv/installed 2>/dev/null || true)
if [ "$installed" != "$1 $stamp" ] && [ "$installed" != ".[dev] $stamp" ]; then
  pip=(.venv/bin/python -m pip install --disable-pip-version-check --quiet)
  echo "installing requirements.txt (PyTorch is large: a minute or more)"
  "${pip[@]}" -r requirements.txt
  echo "compiling and installing $1"
  "${pip[@]}" --no-build-isolation -e "$1"
  echo "$1 $stamp" > .venv/installed
fi
export PATH="$PWD/.venv/bin:$PATH"
