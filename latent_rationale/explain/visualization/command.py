"""Pictures and a page of explanations, from the options to the files."""

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import writable_folder, write_atomically
from latent_rationale.common.utils.progress import track
from latent_rationale.explain.hierarchy.explanation import read_explanations
from latent_rationale.explain.options import VisualizeOptions
from latent_rationale.explain.visualization.html import page


def visualize(options: VisualizeOptions) -> None:
    """Draw explanations: a heat map each, and one page for all."""
    start, stop = options.start, options.start + 20 if options.stop is None else options.stop
    read = list(read_explanations(options.input))
    chosen = read[start:stop]
    if not chosen:
        raise InputError(f"has {len(read)} explanations, and none from {start} to {stop}", options.input)
    folder, name = options.save_path or options.input.parent, options.input.name.partition(".jsonl")[0]
    pictures, whole = writable_folder(folder / name), folder / f"{name}.html"
    for number, explanation in enumerate(track(chosen, "picture", len(chosen)), start):
        explanation.plot(pictures / f"{number}.{options.format}")
    write_atomically(whole, page(chosen))
    shown = f"{len(chosen)} of {len(read)} explanations"
    LOGGER.info("%s, from %d on, are drawn in %s, and on one page, %s", shown, start, pictures, whole)
