"""``python -m latent_rationale.explain.visualize``"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from latent_rationale.common.utils import config
from latent_rationale.common.utils.config import REQUIRED, option
from latent_rationale.common.utils.console import LOGGER, run_command
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import writable_folder, write_atomically
from latent_rationale.explain.hierarchy.explanation import read_explanations
from latent_rationale.explain.visualization.html import page


@dataclass(frozen=True, kw_only=True)
class VisualizeOptions:
    """What ``explain.visualize`` takes."""

    input: Path = option(REQUIRED, "explanations.jsonl, as python -m latent_rationale.explain writes it")
    save_path: Path | None = option(None, "folder for the page and the pictures; by default that of --input")
    start: int = option(0, "the first explanation, counted from 0", within="[0, inf)")
    stop: int | None = option(None, "the explanation before which to stop (default: 20 later)", within="[1, inf)")
    format: str = option("png", "of the pictures", choices=("png", "pdf", "svg"))


def visualize(arguments: Sequence[str]) -> None:
    """Plot a heat map of each explanation, and write one page for all."""
    program = "python -m latent_rationale.explain.visualize"
    options, _ = config.parse(VisualizeOptions, arguments, program, "Pictures and a page of explanations.")
    start, stop = options.start, options.start + 20 if options.stop is None else options.stop
    read = list(read_explanations(options.input))
    chosen = read[start:stop]
    if not chosen:
        raise InputError(f"has {len(read)} explanations, and none from {start} to {stop}", options.input)
    folder, name = options.save_path or options.input.parent, options.input.name.partition(".jsonl")[0]
    pictures, whole = writable_folder(folder / name), folder / f"{name}.html"
    for number, explanation in enumerate(tqdm(chosen, unit="picture", dynamic_ncols=True), start):
        explanation.plot(pictures / f"{number}.{options.format}")
    write_atomically(whole, page(chosen))
    shown = f"{len(chosen)} of {len(read)} explanations"
    LOGGER.info("%s, from %d on, are drawn in %s, and on one page, %s", shown, start, pictures, whole)


if __name__ == "__main__":
    sys.exit(run_command(visualize))
