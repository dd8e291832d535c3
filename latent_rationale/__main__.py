"""``latent-rationale``, or ``python -m latent_rationale``: entry point of all commands."""

import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

import latent_rationale
from latent_rationale.common.utils.console import LOGGER, run_command
from latent_rationale.common.utils.errors import InputError
from latent_rationale.tasks import TEXTS

COMMANDS = {
    "train": ("latent_rationale.{task}.train", f"train a model; TASK is {', '.join(TEXTS)}"),
    "predict": ("latent_rationale.predict", "predict with a trained model and show its rationales"),
    "vectors": ("latent_rationale.vectors.__main__", "make word vectors from your own texts"),
    "agree": ("latent_rationale.snli.agree", "compare linked words of SNLI models with highlighted words"),
    "explain": ("latent_rationale.explain.__main__", "score phrases by their contribution to a prediction"),
    "explain-train-lm": ("latent_rationale.explain.train_lm", "train a language model for SOC and SCD"),
    "explain-evaluate": ("latent_rationale.explain.evaluate", "compare explanation methods"),
    "explain-visualize": ("latent_rationale.explain.visualize", "draw explanations as heat maps and as a page"),
    "finetune": ("latent_rationale.explain.finetune_bert", "fine-tune BERT or another pretrained encoder"),
}
"""Commands by name: module whose ``main`` runs the command, and description. ``{task}`` is the second argument."""

EXAMPLES = (
    "train sst --model latent --selection 0.3 --save_path results/sst/latent_30pct",
    'predict --ckpt results/sst/latent_30pct --text "A gripping, funny film."',
    "explain --ckpt results/sst/baseline --method occlusion --agg --stop 10",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names, and return its exit code.

    Args:
        arguments: command and its arguments; by default those of the process.
    """
    started_as = Path(sys.argv[0]).name
    program = "latent-rationale" if started_as.startswith("latent-rationale") else "python -m latent_rationale"
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "--version"):
        return run_command(partial(_show, program), words)
    name = words.pop(0)
    if name not in COMMANDS:
        return run_command(
            partial(_refuse, f"unknown command {name}: expected one of {', '.join(COMMANDS)} (see {program} -h)")
        )
    module, _ = COMMANDS[name]
    # The command shows the words that started it in its own messages, such as `latent-rationale train sst`.
    program = f"{program} {name}"
    if "{task}" in module:
        if not words or words[0] not in TEXTS:
            return run_command(partial(_show_tasks, program), words)
        task = words.pop(0)
        module, program = module.format(task=task), f"{program} {task}"
    code: int = import_module(module).main(words, program)
    return code


def _refuse(message: str, words: Sequence[str]) -> None:
    raise InputError(message)


def _show(program: str, words: Sequence[str]) -> None:
    """Print the version, or the list of commands."""
    if words == ["--version"]:
        LOGGER.info("latent_rationale %s", latent_rationale.__version__)
        return
    names = {name: f"{name} TASK" if "{task}" in module else name for name, (module, _) in COMMANDS.items()}
    lines = [
        f"usage: {program} COMMAND [options]",
        "",
        "Text classifiers whose predictions can be inspected.",
        "",
        "commands:",
        *(f"  {names[name]:18} {text}" for name, (_, text) in COMMANDS.items()),
        "",
        "examples:",
        *(f"  {program} {example}" for example in EXAMPLES),
        "",
        f"{program} COMMAND -h shows the options of a command.",
    ]
    LOGGER.info("\n".join(lines))


def _show_tasks(program: str, words: Sequence[str]) -> None:
    """Print the list of tasks after ``-h``; otherwise raise an error that contains it."""
    tasks = ", ".join(TEXTS)
    if words and words[0] in ("-h", "--help"):
        LOGGER.info("usage: %s TASK [options]\n\nTASK is %s; %s TASK -h shows the options.", program, tasks, program)
        return
    got = f", got {words[0]}" if words else ""
    raise InputError(f"expected one of the tasks {tasks}{got} (see {program} -h)")


if __name__ == "__main__":
    sys.exit(main())
