"""Folders of transformers, found and opened without importing the library for anything else."""

from pathlib import Path
from typing import TYPE_CHECKING

from latent_rationale.common.training import checkpoint
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json

if TYPE_CHECKING:
    from latent_rationale.common.data.word_pieces import WordPieces

FINE_TUNING = "bert"
"""The name of the task of ``explain.finetune_bert``."""

EXPORTED = "transformers"
"""Where in a results folder of ``explain.finetune_bert`` the model is, as the library writes it."""


def transformer_folder(folder: Path) -> Path | None:
    """Where the files of the library are: in the folder, or in what fine-tuning left there; None for another model."""
    path = folder / checkpoint.CONFIG
    config = read_json(path) if path.is_file() else None
    if not isinstance(config, dict):
        return None
    if config.get("task") == FINE_TUNING:
        return folder / EXPORTED
    return folder if "model_type" in config else None


def need_transformers() -> None:
    """See that the library is installed.

    Raises:
        InputError: if it is not.
    """
    try:
        import transformers  # noqa: F401
    except ImportError as error:
        raise InputError('this needs the library transformers: pip install ".[transformers]"') from error


def load_pieces(folder: Path) -> "WordPieces":
    """Its tokenizer.

    Raises:
        InputError: if it has none.
    """
    need_transformers()
    from latent_rationale.explain.models import transformer_network as network

    return network.load_pieces(str(folder))
