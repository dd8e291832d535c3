"""Who may import whom."""

import ast
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


def area_of(path):
    return path.relative_to(PACKAGE).parts[0]


def importers_of(*modules):
    found = set()
    for path in FILES:
        if any(name == module or name.startswith(module + ".") for name in imports_of(path) for module in modules):
            found.add(path.relative_to(PACKAGE).as_posix())
    return found


def test_the_rules_see_the_package():
    assert len(FILES) > 30
    assert "common/experiment/task.py" in importers_of("latent_rationale.common.data.batching")


def test_common_knows_no_task():
    tasks = [f"latent_rationale.{name}" for name in (*TASKS, "tasks", "explain", "judge")]
    assert not {path for path in importers_of(*tasks) if path.startswith("common/")}


@pytest.mark.parametrize("task", sorted(TASKS))
def test_tasks_do_not_know_one_another(task):
    others = [f"latent_rationale.{name}" for name in TASKS - {task}]
    assert not {path for path in importers_of(*others) if path.startswith(f"{task}/")}


def test_training_imports_no_model():
    for module in ("loop", "state", "checkpoint"):
        names = set(imports_of(PACKAGE / "common" / "training" / f"{module}.py"))
        assert not {name for name in names if name.startswith("latent_rationale.common.nn")}


def test_models_and_objectives_import_neither_training_nor_config():
    forbidden = importers_of("latent_rationale.common.training", "latent_rationale.common.utils.config")
    assert not {path for path in forbidden if path.startswith(("common/nn/", "common/objectives/"))}
    assert not {path for path in forbidden if path.startswith("common/distributions/")}


@pytest.mark.parametrize(
    ("module", "home"), [("torchtext", "common/data/vocabulary.py"), ("argparse", "common/utils/config.py")]
)
def test_some_libraries_have_one_home(module, home):
    assert importers_of(module) == {home}


def test_transformers_is_imported_where_transformers_are_explained_alone():
    homes = {"explain/models", "explain/decomposition"}
    assert {Path(path).parent.as_posix() for path in importers_of("transformers")} == homes


def test_nothing_prints_but_the_logger():
    for path in FILES:
        calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        assert "print" not in {call.id for call in calls if isinstance(call, ast.Name)}, path
