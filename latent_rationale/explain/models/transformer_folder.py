"""Detection of folders with transformers, without importing the library."""

from pathlib import Path
from typing import TYPE_CHECKING

from latent_rationale.common.training import checkpoint
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json
from latent_rationale.explain.models.exported_files import EXPORTED
from latent_rationale.explain.models.folder_check import is_foreign, is_pointer

if TYPE_CHECKING:
    from latent_rationale.common.data.word_pieces import WordPieces

FINE_TUNING = "bert"
"""Name of the task of ``explain.finetune_bert``."""


def transformer_folder(folder: Path) -> Path | None:
    """Return the folder that holds a model in the format of the library, complete or not; None if there is none.

    It is the given folder, or the folder ``EXPORTED`` within a results folder of ``explain.finetune_bert``.

    Raises:
        InputError: if a file of a results folder is damaged.
    """
    path = folder / checkpoint.CONFIG
    config = read_json(path) if path.is_file() and not is_pointer(path) else None
    task = config.get("task") if isinstance(config, dict) else None
    if task == FINE_TUNING:
        checkpoint.read_config(folder)  # compares the files with their digests
        return folder / EXPORTED
    of_the_library = isinstance(config, dict) and "model_type" in config
    return folder if of_the_library or (task is None and is_foreign(folder)) else None


def need_transformers() -> None:
    """Check that the library is installed.

    Raises:
        InputError: if it is not.
    """
    try:
        import transformers  # noqa: F401
    except ImportError as error:
        raise InputError('the transformers library is required: pip install ".[transformers]"') from error


def load_pieces(folder: Path) -> "WordPieces":
    """Load the tokenizer of a folder.

    Raises:
        InputError: if there is no tokenizer, or the library is not installed.
    """
    need_transformers()
    from latent_rationale.explain.models import transformer_network as network

    return network.load_pieces(str(folder))
