"""Who may import whom."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "latent_rationale"
TASKS = {"beer", "sst", "snli", "text"}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers_of(*modules):
    found = set()
    for path in FILES:
        if any(name == module or name.startswith(module + ".") for name in imports_of(path) for module in modules):
            found.add(path.relative_to(PACKAGE).as_posix())
    return found


def test_the_rules_see_the_package():
    assert len(FILES) > 30
    assert "common/experiment/task.py" in importers_of("latent_rationale.common.data.batching")


MAY_IMPORT = {
    "common/utils": set(),
    "common/distributions": {"common/utils"},
    "common/structures.py": {"common/utils", "common/distributions"},
}
"""For each folder of the package the folders that it may import, beside itself."""

for folders in (["ops"], ["data", "nn", "objectives"], ["training"], ["predictions"], ["experiment"]):
    known = set(MAY_IMPORT)
    MAY_IMPORT |= {f"common/{folder}": known for folder in folders}
COMMON = {area for area in MAY_IMPORT if area.startswith("common/")}
MAY_IMPORT |= dict.fromkeys(TASKS, COMMON)
MAY_IMPORT["vectors"] = {"common/utils", "common/data"}
MAY_IMPORT |= {area: {*COMMON, "tasks.py"} for area in ("explain", "judge")}
MAY_IMPORT |= {
    area: {*COMMON, "tasks.py", "explain", "judge"}
    for area in ("trained_model.py", "__main__.py", "predict.py", "tasks.py")
}
MAY_IMPORT["__init__.py"] = {*COMMON, "tasks.py", "explain", "judge", "trained_model.py"}


def area_of(path):
    """The row of the table that a module belongs to: ``common/nn``, ``sst``, ``tasks.py``."""
    parts = path.relative_to(PACKAGE).parts
    return "/".join(parts[: 2 if parts[0] == "common" else 1])


def file_of(name):
    """The file of a module or of the package that holds a name; None outside this package."""
    place = ROOT.joinpath(*name.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_arrows_point_only_where_the_table_allows(path):
    area = area_of(path)
    if area == "common/__init__.py":
        return
    found = {area_of(file) for name in imports_of(path) if (file := file_of(name))} - {area, "__init__.py"}
    assert not found - MAY_IMPORT[area] - {"common/__init__.py"}


def test_training_knows_no_model_but_the_abstract_one():
    training = [path for path in FILES if area_of(path) == "common/training"]
    files = {file for path in training for name in imports_of(path) if (file := file_of(name))}
    assert {file for file in files if area_of(file) == "common/nn"} == {PACKAGE / "common/nn/model.py"}


def test_the_table_has_no_row_for_what_is_not_there():
    there = {area_of(path) for path in FILES} | {"judge", "text", "__main__.py"}
    assert set(MAY_IMPORT) <= there


def test_no_folder_is_crowded():
    counts = Counter(path.parent.relative_to(PACKAGE).as_posix() for path in FILES)
    assert {folder: count for folder, count in counts.items() if count > 13} == {}


@pytest.mark.parametrize(
    ("module", "home"), [("torchtext", "common/data/vocabulary.py"), ("argparse", "common/utils/config.py")]
)
def test_some_libraries_have_one_home(module, home):
    assert importers_of(module) == {home}


def test_bars_are_drawn_in_one_place():
    assert importers_of("tqdm") == {"common/utils/console.py", "common/utils/progress.py"}


def test_transformers_is_imported_where_transformers_are_explained_alone():
    homes = {"explain/models", "explain/decomposition"}
    assert {Path(path).parent.as_posix() for path in importers_of("transformers")} == homes


def test_nothing_prints_but_the_logger():
    for path in FILES:
        calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        assert "print" not in {call.id for call in calls if isinstance(call, ast.Name)}, path
