"""``python -m latent_rationale.explain.visualize``"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from latent_rationale.common import config
from latent_rationale.common.commands import run_command
from latent_rationale.common.config import REQUIRED, option
from latent_rationale.common.errors import InputError
from latent_rationale.common.files import parse_json, read_filled_lines, write_atomically
from latent_rationale.common.run import LOGGER
from latent_rationale.explain.explanation import Explanation
from latent_rationale.explain.page import page
from latent_rationale.explain.picture import draw

PAGE, PICTURES = "explanations.html", "explanations"


@dataclass(frozen=True, kw_only=True)
class VisualizeOptions:
    """What ``explain.visualize`` takes."""

    input: Path = option(REQUIRED, "explanations.jsonl, as python -m latent_rationale.explain writes it")
    save_path: Path | None = option(None, "folder for the page and the pictures; by default that of --input")
    start: int = option(0, "the first explanation, counted from 0", within="[0, inf)")
    stop: int = option(20, "the explanation before which to stop", within="[1, inf)")
    format: str = option("png", "of the pictures", choices=("png", "pdf", "svg"))


def visualize(arguments: Sequence[str]) -> None:
    """Draw explanations: a heat map each, and one page for all."""
    program = "python -m latent_rationale.explain.visualize"
    options, _ = config.parse(VisualizeOptions, arguments, program, "Pictures and a page of explanations.")
    explanations = read_explanations(options.input)[options.start : options.stop]
    if not explanations:
        raise InputError(f"has no explanations from {options.start} to {options.stop}", options.input)
    folder = options.save_path or options.input.parent
    pictures = folder / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    for number, explanation in enumerate(explanations, start=options.start):
        draw(explanation, pictures / f"{number}.{options.format}")
    write_atomically(folder / PAGE, page(explanations))
    LOGGER.info("%d pictures are in %s, and all of them on %s", len(explanations), pictures, folder / PAGE)


def read_explanations(path: Path) -> list[Explanation]:
    """What ``python -m latent_rationale.explain`` wrote.

    Raises:
        InputError: for anything else, with its line.
    """
    found = []
    for number, line in read_filled_lines(path, "explanations"):
        try:
            found.append(Explanation.from_json(parse_json(line, path, number)))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("not an explanation", path, number) from error
    return found


if __name__ == "__main__":
    sys.exit(run_command(visualize))
