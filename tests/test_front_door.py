"""The console command and the help of every command: what they show, what they refuse, and that they are fast."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import latent_rationale.__main__ as front
from latent_rationale.__main__ import COMMANDS, main
from latent_rationale.common.utils import config
from latent_rationale.tasks import TEXTS, find_task

SAVED = Path(__file__).parent / "saved_models"
MODULES = [
    *(f"{task}.{command}" for task in TEXTS for command in ("train", "predict")),
    *("snli.agree", "explain", "explain.train_lm", "explain.finetune_bert", "explain.evaluate", "explain.visualize"),
    *("predict", "vectors"),
]
AS_HELP = (
    "import runpy, sys; sys.argv = ['x', '-h']\ntry: runpy.run_module({!r}, run_name='__main__', alter_sys=True)\n"
)
AS_HELP += "except SystemExit as stop: assert not stop.code\nprint('torch' in sys.modules, 'numpy' in sys.modules)"


@pytest.mark.parametrize("module", ["latent_rationale", *(f"latent_rationale.{module}" for module in MODULES)])
def test_help_waits_for_no_library(module):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", AS_HELP.format(module)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *help_text, loaded = done.stdout.splitlines()
    assert loaded == "False False"
    assert help_text[0].startswith(f"usage: python -m {module} ")
    examples = help_text[help_text.index("examples:") + 1 :]
    assert sum(f"python -m {module} " in line for line in examples) >= 2


def test_importing_the_package_waits_for_no_library():
    code = "import latent_rationale, sys; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def shown(capsys, *words):
    """What ``latent-rationale`` shows for some words; argparse leaves by an exception after ``-h``."""
    try:
        code = main(list(words))
    except SystemExit as stop:
        code = stop.code
    assert code in (0, None)
    return capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"]], ids=str)
def test_the_overview_fits_a_screen_and_names_every_command(capsys, monkeypatch, words):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/latent-rationale"])
    lines = shown(capsys, *words).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert all(any(line.startswith(f"  {name}") for line in lines) for name in COMMANDS)
    assert sum(line.startswith("  latent-rationale ") for line in lines) == 3


@pytest.mark.parametrize(
    ("started_as", "program"),
    [
        ("/usr/bin/latent-rationale", "latent-rationale"),
        ("/lib/latent_rationale/__main__.py", "python -m latent_rationale"),
    ],
)
def test_messages_call_the_program_as_the_user_did(capsys, monkeypatch, started_as, program):
    monkeypatch.setattr(sys, "argv", [started_as])
    text = shown(capsys, "train", "sst", "-h")
    assert text.startswith(f"usage: {program} train sst [options]")
    assert f"\n  {program} train sst --model latent" in text
    assert shown(capsys, "predict", "-h").startswith(f"usage: {program} predict --ckpt ... [options]")
    assert shown(capsys, "train", "-h").startswith(f"usage: {program} train TASK")
    assert main(["train", "sst", "--colour", "red"]) == 2
    assert f"(see {program} train sst -h)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "unknown command trian: expected one of train, predict"),
        (["train"], "expected one of the tasks sst, beer, snli, text (see"),
        (["train", "imdb"], "expected one of the tasks sst, beer, snli, text, got imdb (see"),
        (["predict"], "--ckpt"),
        (["predict", "--ckpt", "nowhere"], "nowhere: no such folder"),
        (["explain"], "--ckpt"),
    ],
    ids=str,
)
def test_wrong_words_are_one_sentence(capsys, words, message):
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert said.err.count("\n") == 1


def test_every_command_has_a_main():
    for module, _ in COMMANDS.values():
        for task in TEXTS if "{task}" in module else ("",):
            assert callable(front.import_module(module.format(task=task)).main)


def test_version(capsys):
    assert shown(capsys, "--version") == f"latent_rationale {front.latent_rationale.__version__}\n"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("sst_latent", ["--text", "A good film"]),
        ("beer_latent", ["--text", "A good beer"]),
        ("snli_hardkuma", ["--premise", "A man sleeps.", "--hypothesis", "A person rests."]),
    ],
)
def test_predicting_finds_the_task_in_the_folder(tmp_path, capsys, name, given):
    assert main(["predict", "--ckpt", str(SAVED / name), "--save_path", str(tmp_path), *given]) == 0
    assert capsys.readouterr().out
    assert any(path.name.startswith("predictions.jsonl") for path in tmp_path.iterdir())


def test_help_with_a_folder_shows_the_options_of_its_task(capsys):
    assert "--premise" in shown(capsys, "predict", "--ckpt", str(SAVED / "snli_hardkuma"), "-h")
    assert "--premise" not in shown(capsys, "predict", "-h")


@pytest.mark.parametrize("name", sorted(path.name for path in SAVED.iterdir() if path.is_dir()))
def test_options_that_earlier_versions_wrote_are_read(name):
    """They wrote every option of every task; the values of those that are left count."""
    recorded = json.loads((SAVED / name / "config.json").read_text())
    kind = find_task(recorded["task"]).options_class
    options = config.to_json(config.from_json(kind, recorded["options"]))
    later = {"threads": 0, "lowercase_vectors": False}
    # They recorded one file of word vectors, or none, where there may be several now.
    files = {name: [recorded["options"][name]] for name in ("word_vectors", "embeddings") if name in options}
    expected = later | recorded["options"] | files
    assert options == {key: value for key, value in expected.items() if key in options}
    assert {"seed", "lr", "hidden_size", "save_path"} <= options.keys()
