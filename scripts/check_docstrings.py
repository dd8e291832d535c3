"""Check the first lines of public docstrings against the writing rules of CONTRIBUTING.md.

    python scripts/check_docstrings.py                     # latent_rationale and scripts
    python scripts/check_docstrings.py latent_rationale/common --count

Prints ``file:line: message`` for each first line of fewer than four words and for each with an opening that only makes
sense beside the line above it. Missing docstrings are reported by ruff (rules D1). Ends with exit code 1 if
anything was found.
"""

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
OPENINGS = (
    *("What", "How", "Whether", "Where", "The same", "Those", "Likewise"),
    *("Of", "From", "It", "They", "There"),
)
OPENING = re.compile(rf"({'|'.join(OPENINGS)})\b")
FEWEST_WORDS = 4

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def main(arguments: list[str] | None = None) -> int:
    """Print what is wrong. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = [ROOT / "latent_rationale", ROOT / "scripts"]
    parser.add_argument("paths", nargs="*", type=Path, default=default, help="files and folders to check")
    parser.add_argument("--count", action="store_true", help="print the number of findings in each folder instead")
    options = parser.parse_args(arguments)
    found = [(file, *finding) for file in _files(options.paths) for finding in findings(file.read_text("utf-8"))]
    if options.count:
        for folder, count in sorted(Counter(_shown(file.parent) for file, _, _ in found).items()):
            print(f"{count:5} {folder}")
    else:
        for file, line, message in found:
            print(f"{_shown(file)}:{line}: {message}")
    print(f"{len(found)} findings" if found else "all docstrings follow the rules")
    return 1 if found else 0


def findings(source: str) -> list[tuple[int, str]]:
    """Return the line and the message of each public docstring in a module's source that breaks a rule."""
    found = []
    for name, node in _public(ast.parse(source), "module"):
        text = ast.get_docstring(node)
        if text is None:
            continue
        found += [(_line_of(node), f"{name}: {message}") for message in _broken_rules(text)]
    return found


def _broken_rules(text: str) -> Iterator[str]:
    first = text.partition("\n")[0]
    if len(first.split()) < FEWEST_WORDS:
        yield f'"{first}" has fewer than {FEWEST_WORDS} words'
    if opening := OPENING.match(first):
        yield f'"{first[:60]}" begins with "{opening[1]}"'


def _public(node: Documented, name: str) -> Iterator[tuple[str, Documented]]:
    """Yield a module or class and, recursively, the public classes, functions and methods in its body."""
    yield name, node
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _is_public(child.name):
            inner = child.name if isinstance(node, ast.Module) else f"{name}.{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from _public(child, inner)
            else:
                yield inner, child


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _line_of(node: Documented) -> int:
    """Return the line on which the docstring of a node begins."""
    return node.body[0].lineno


def _files(paths: list[Path]) -> list[Path]:
    return sorted(file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path]))


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
