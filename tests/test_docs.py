"""The documentation: its commands parse, its links lead somewhere, its tree is complete, its Python compiles."""

import ast
import json
import re
import runpy
import shlex
import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from string import Template

import pytest

import latent_rationale
from latent_rationale.__main__ import COMMANDS as SUBCOMMANDS
from latent_rationale.common.utils import config
from latent_rationale.common.utils.command import Command
from latent_rationale.common.utils.flags import unmet_needs
from latent_rationale.explain.explainers import EXPLAINERS
from latent_rationale.sst.options import SSTPredictOptions
from latent_rationale.tasks import TASKS, find_task

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(
        [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "data/README.md", ROOT / "results/README.md"]
    )
}
README = PAGES["README.md"]
ORIGINALS = PAGES["docs/from-the-originals.md"]
page = pytest.mark.parametrize("name", PAGES)


# Commands

STARTS = r"(?:python -m latent_rationale\.|python scripts|\./scripts|latent-rationale )"
COMMAND = re.compile(rf"^{STARTS}.*$", flags=re.MULTILINE)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
INLINE = re.compile(rf"`({STARTS}[^`]* -[^`]*)`")
EXPORT = re.compile(r"^export (\w+)=(\S+)$", flags=re.MULTILINE)


def commands_of(text):
    """The commands in a page's blocks of shell code, and those with options in its running text and tables."""
    exported = dict(EXPORT.findall(text))
    blocks = [block.replace("\\\n", " ") for language, block in BLOCK.findall(text) if language in ("", "bash")]
    found = [line.split("  #")[0].strip() for block in blocks for line in COMMAND.findall(block)]
    found += [" ".join(command.split()) for command in INLINE.findall(BLOCK.sub("", text))]
    return [Template(command).substitute(exported) for command in found]


COMMANDS = sorted({command for text in PAGES.values() for command in commands_of(text)})


def test_there_are_commands_to_check():
    assert len(COMMANDS) > 50
    for page, start in {
        "README.md": "latent-rationale train",
        "docs/sst.md": "python -m latent_rationale.sst.train",
        "docs/results.md": "python -m latent_rationale.explain.evaluate",
        "docs/performance.md": "python scripts/benchmark",
        "docs/from-the-originals.md": "python -m latent_rationale.explain --resume_snapshot models/models/sst_lstm",
    }.items():
        assert any(command.startswith(start) for command in commands_of(PAGES[page])), page


def command_of(words):
    """The command that a line of shell code runs, and its arguments."""
    if words[:2] == ["python", "-m"]:
        module, arguments = words[2], words[3:]
    else:
        module, _ = SUBCOMMANDS[words[1]]
        arguments = words[2:]
        if "{task}" in module:
            module, arguments = module.format(task=arguments[0]), arguments[1:]
    module = f"{module}.__main__" if find_spec(module).submodule_search_locations else module
    return import_module(module).main, arguments


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_exist_and_take_their_flags(command):
    words = shlex.split(command)
    if words[0] == "latent-rationale" or words[:2] == ["python", "-m"]:
        command, arguments = command_of(words)
        if isinstance(command, Command):
            options, named = config.parse(command.options_class, arguments, "program", "")
            assert unmet_needs(options, named) == []
        else:  # latent-rationale predict: the task and so the options are known from the folder
            config.parse(SSTPredictOptions, arguments, "program", "")
    elif words[0] == "python":
        source = source_of_script(ROOT / words[1])
        assert all(f'"{word}"' in source for word in words[2:] if word.startswith("--"))
    else:
        assert (ROOT / words[0]).stat().st_mode & 0o100


def source_of_script(path):
    """The source of a script, or of a folder that is run as one, and of the modules beside it that it imports."""
    path = path / "__main__.py" if path.is_dir() else path
    source = path.read_text(encoding="utf-8")
    beside = [other for other in path.parent.glob("*.py") if f"\nfrom {other.stem} import" in source]
    return source + "".join(other.read_text(encoding="utf-8") for other in beside)


# Commands of the original code


def translated():
    """The right column of the table of the original's commands."""
    (table,) = re.findall(r"<!-- originals -->\n(.*?)<!-- end -->", ORIGINALS, flags=re.DOTALL)
    return [row.rsplit("| `", 1)[1].removesuffix("` |") for row in table.splitlines()[2:]]


SMALL = {
    "sst.train": "--num_iterations 50 --hidden_size 8",
    "explain.train_lm": "--num_iterations 50 --hidden_size 8",
    "explain.finetune_bert": "--num_train_epochs 1",
    "explain": "--stop 2 --sample_n 2",
    "explain.evaluate": "--stop 10 --sample_n 2 --resamples 10",
}
"""Options behind each command of the table that make it short."""


@pytest.fixture
def originals_place(small_sst, pretrained, tmp_path, monkeypatch):
    """A working directory with what the original's README has prepared: data, ``models`` and BERT under their names."""
    data, glue = tmp_path / "data", tmp_path / "bert/glue_data/SST-2"
    shutil.copytree(small_sst.folder, data / "sst")
    shutil.copytree(pretrained, tmp_path / "bert-base-uncased")
    for folder in (data / "vectors", glue, tmp_path / "models"):
        folder.mkdir(parents=True)
    shutil.copy(small_sst.vectors, data / "vectors/small.sst.txt.gz")
    rows = ["sentence\tlabel", *("the film is very good\t1", "not a film I love\t0", "a bad film\t0", "love it\t1")]
    for name in ("train", "dev"):
        (glue / f"{name}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(data))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_the_originals_commands_run_one_after_the_other(originals_place, monkeypatch):
    exported = dict(EXPORT.findall(ORIGINALS))
    assert exported["model_path"] == "models/sst_lstm"  # as the original's README has it: models stands there twice
    for command in translated():
        words = shlex.split(Template(command).substitute(exported))
        module = words[2].removeprefix("latent_rationale.")
        monkeypatch.setattr("sys.argv", [module, *words[3:], *SMALL[module].split()])
        with pytest.raises(SystemExit) as end:
            runpy.run_module(words[2], run_name="__main__")
        assert end.value.code == 0, command
    model = originals_place / "models/models/sst_lstm"
    for name in ("explanations.sst_demo", "explanations.sst_demo.agg"):
        assert len((model / f"soc/{name}.txt").read_text(encoding="utf-8").splitlines()) == 2
    assert json.loads((model / "evaluation.json").read_text(encoding="utf-8")).keys() == EXPLAINERS.keys()
    assert (originals_place / "bert/models_sst/soc/explanations.sst_demo.txt").is_file()


# Links, the tree, Python


def slug(heading):
    """The anchor of a heading, as GitHub and MyST form it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@page
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[name]):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in map(slug, headings), target


SOURCE = re.compile(r"`((?:[\w-]+/)*(?:[\w-]+/|\w+\.(?:py|cpp|h|sh)))`")
"""A file or a folder of the repository in inline code: ``common/nn/``, ``variants.py``."""


def is_there(path):
    """Whether a path lies in the repository or in the package; a lone file name, anywhere in them."""
    if "/" not in path:
        return any(ROOT.glob(f"[lst]*/**/{path}"))
    return path in ("build/docs/", "data/", "results/") or any((place / path).exists() for place in PLACES)


PLACES = (ROOT, ROOT / "latent_rationale", ROOT / "tests", ROOT / "latent_rationale/common/ops/csrc")


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/contributing.md", "docs/performance.md"])
def test_files_and_folders_that_pages_name_are_there(name):
    assert [path for path in SOURCE.findall(PAGES[name]) if not is_there(path)] == []


def test_registries_are_in_the_files_that_pages_name():
    named = {
        found for text in PAGES.values() for found in re.findall(r"`([A-Z_]{5,})`[\w ]* (?:in |\()`(.+?\.py)`", text)
    }
    assert len(named) >= 8
    for registry, file in named:
        places = [path for path in ROOT.glob("[lst]*/**/*.py") if path.as_posix().endswith("/" + file)]
        assert any(f"\n{registry}" in path.read_text(encoding="utf-8") for path in places), (registry, file)


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 200


def paths_of(tree):
    """The paths that an indented tree names, as strings relative to the repository."""
    folders, found = [], []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for entry in re.split(r"\s{2,}", line.strip())[0].split():
            folders[depth:] = [entry.rstrip("/")]
            found.append("/".join(folders))
    return found


def is_named(path):
    """Whether the tree has to name a file: every source file but the ``__init__`` of a folder."""
    return path.suffix in (".py", ".cpp", ".h", ".sh") and (path.name != "__init__.py" or path.parent.parent == ROOT)


def test_the_tree_is_the_tree():
    (tree,) = re.findall(r"```\n(latent_rationale/\n.*?)```", PAGES["docs/architecture.md"], flags=re.DOTALL)
    named = paths_of(tree)
    files = [path for folder in ("latent_rationale", "scripts") for path in (ROOT / folder).rglob("*")]
    there = {path.relative_to(ROOT).as_posix() for path in files if is_named(path)}
    report = {
        "without a line": sorted(there - set(named)),
        "lines for what is not there": [path for path in named if not (ROOT / path).exists()],
        "named twice": sorted({path for path in named if named.count(path) > 1}),
    }
    assert not any(report.values()), f"correct the tree in docs/architecture.md: {json.dumps(report, indent=2)}"


def test_the_folders_of_the_readme_are_there():
    (tree,) = re.findall(r"```\n(latent_rationale/\n.*?)```", README, flags=re.DOTALL)
    assert [path for path in paths_of(tree) if not (ROOT / path).is_dir()] == []


def python_blocks():
    return [block for text in PAGES.values() for language, block in BLOCK.findall(text) if language == "python"]


every_block = pytest.mark.parametrize("block", python_blocks())


@every_block
def test_python_compiles_and_runs_where_it_needs_no_files(block):
    code = compile(block, "<page>", "exec")
    if not re.search(r"results/|path/to/", block):
        exec(code, {})


@every_block
def test_python_uses_names_of_the_package_that_it_exports(block):
    used = {
        node.attr
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "latent_rationale"
    }
    assert used <= set(latent_rationale.__all__)


def test_the_version_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {latent_rationale.__version__}\n" in citation
    assert f"## {latent_rationale.__version__}" in PAGES["CHANGELOG.md"]


def test_every_task_is_found():
    for name in TASKS:
        assert find_task(name).name == name
