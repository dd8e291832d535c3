"""What the README says is true: its tree is the tree, its commands are commands."""

import re
import shlex
from pathlib import Path

import pytest

from latent_rationale.common.utils import config
from latent_rationale.common.utils.flags import unmet_needs
from latent_rationale.explain.language_model.options import LanguageModelOptions
from latent_rationale.explain.models.options import FineTuningOptions
from latent_rationale.explain.options import EvaluateOptions, ExplainOptions, VisualizeOptions
from latent_rationale.snli.options import AgreeOptions
from latent_rationale.tasks import TASKS, find_task

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OTHERS = {
    "snli.agree": AgreeOptions,
    "explain": ExplainOptions,
    "explain.evaluate": EvaluateOptions,
    "explain.finetune_bert": FineTuningOptions,
    "explain.train_lm": LanguageModelOptions,
    "explain.visualize": VisualizeOptions,
}
PAGES = [README, *((ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "data/README.md"))]


COMMAND = re.compile(r"^(?:python -m latent_rationale|python scripts|\./scripts).*$", flags=re.MULTILINE)


def commands():
    for page in PAGES:
        for block in re.findall(r"```(?:bash|sh)?\n(.*?)```", page, flags=re.DOTALL):
            for line in COMMAND.findall(block.replace("\\\n", " ")):
                yield line.split("  #")[0].strip()


def test_there_are_commands_to_check():
    assert sum("latent_rationale.sst.train" in command for command in commands()) >= 3


def options_of(module):
    """What a command takes, by its module."""
    if module in OTHERS:
        return OTHERS[module]
    task, name = module.split(".")
    return {"train": find_task(task).options_class, "predict": find_task(task).predict_options_class}[name]


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_commands_exist_and_take_their_flags(command):
    words = shlex.split(command)
    if words[:2] == ["python", "-m"]:
        options, named = config.parse(options_of(words[2].removeprefix("latent_rationale.")), words[3:], "program", "")
        assert unmet_needs(options, named) == []
    elif words[0] == "python":
        assert (ROOT / words[1]).is_file()
        source = (ROOT / words[1]).read_text(encoding="utf-8")
        assert all(f'"{word}"' in source for word in words[2:] if word.startswith("--"))
    elif words[0].startswith("./"):
        assert (ROOT / words[0]).stat().st_mode & 0o100


def test_the_tree_is_the_tree():
    (tree,) = re.findall(r"```\n(latent_rationale/\n.*?)```", README, flags=re.DOTALL)
    folders, named = [], set()
    for line in tree.splitlines():
        depth, entry = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        folders[depth:] = [entry.rstrip("/")]
        path = Path(*folders)
        assert (ROOT / path).exists(), path
        named.add(path.as_posix())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "latent_rationale").rglob("*.py")}
    missing = {path for path in modules if not path.endswith("__init__.py")} - named
    assert not missing


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_every_task_is_found():
    for name in TASKS:
        assert find_task(name).name == name
