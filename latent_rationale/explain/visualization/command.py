"""Pictures of explanations: work of the command ``python -m latent_rationale.explain.visualize``."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.progress import track
from latent_rationale.common.utils.writing import writable_folder, write_atomically
from latent_rationale.explain.hierarchy.explanation import Explanation, read_explanations
from latent_rationale.explain.options import VisualizeOptions
from latent_rationale.explain.outputs import claimed
from latent_rationale.explain.visualization.figures import check_size
from latent_rationale.explain.visualization.html import page


def visualize(options: VisualizeOptions) -> None:
    """Draw a heat map of each explanation, and an HTML page of all of them.

    Raises:
        InputError: if the file cannot be read or has no explanations in the range, or files would be replaced unasked.
    """
    start, stop = options.start, options.start + 20 if options.stop is None else options.stop
    explanations = list(read_explanations(options.input))
    chosen = explanations[start:stop]
    if not chosen:
        raise InputError(
            f"has {len(explanations)} explanations, none of them in --start {start} --stop {stop}", options.input
        )
    folder, name = options.save_path or options.input.parent, options.input.name.partition(".jsonl")[0]
    pictures, html = folder / name, folder / f"{name}.html"
    drawings = {pictures / f"{number}.{options.format}": each for number, each in enumerate(chosen, start)}
    for path, explanation in list(drawings.items()):
        try:
            check_size(explanation)
        except InputError as error:
            LOGGER.info("note: no picture %s: %s", path.name, error)
            del drawings[path]
    with claimed([html, *drawings], options.overwrite):
        _draw(drawings, writable_folder(pictures))
        write_atomically(html, page(chosen))
    counts = f"{len(drawings)} of {len(explanations)} explanations"
    LOGGER.info(
        "pictures of %s, from index %d, are in %s; a page of %d is %s", counts, start, pictures, len(chosen), html
    )


def _draw(drawings: Mapping[Path, Explanation], folder: Path) -> None:
    """Draw explanations in a temporary folder, and move the pictures into a folder when all of them are complete.

    Args:
        drawings: explanation to draw, by the path of its picture.
        folder: folder of the pictures.
    """
    with TemporaryDirectory(dir=folder, prefix=".unfinished") as temporary:
        for path, explanation in track(drawings.items(), "picture", len(drawings)):
            explanation.plot(Path(temporary) / path.name)
        for path in drawings:
            (Path(temporary) / path.name).replace(path)
