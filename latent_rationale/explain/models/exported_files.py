"""Files of a fine-tuned model in the format of the ``transformers`` library, within its results folder."""

import os
import shutil
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.errors import InputError

EXPORTED = "transformers"
"""Folder within a results folder of ``explain.finetune_bert`` that holds the model in the format of the library."""

_WRITTEN = frozenset({".json", ".safetensors", ".txt", ".model", ".jinja"})
"""Endings of the files that the library writes for a model and its tokenizer."""


def exported_files(folder: Path) -> list[Path]:
    """Return the files that an earlier run in a results folder exported; none without such a run.

    Raises:
        InputError: if the folder ``EXPORTED`` holds anything that no run writes.
    """
    exported = folder / EXPORTED
    if exported.is_symlink() or (exported.exists() and not exported.is_dir()):
        raise InputError("is not a folder of a fine-tuned model; choose another --save-path", exported)
    paths = sorted(exported.iterdir()) if exported.is_dir() else []
    for path in paths:
        if path.is_dir() or path.suffix not in _WRITTEN:
            raise InputError("was not written by fine-tuning and is not replaced; choose another --save-path", path)
    return paths


def export(folder: Path, *parts: Any) -> None:
    """Save parts of a model, such as its network and its tokenizer, in the format of the library.

    The library does not write atomically, so files are written to a temporary folder first and moved when complete.

    Args:
        folder: results folder.
        parts: objects with ``save_pretrained``.

    Raises:
        InputError: if files cannot be written, for example because the disk is full.
    """
    target = folder / EXPORTED
    temporary = folder / f".{EXPORTED}.unfinished"
    if temporary.exists():  # of a run that was killed; the results folder is locked
        shutil.rmtree(temporary)
    try:
        temporary.mkdir()
        for part in parts:
            part.save_pretrained(temporary)
        target.mkdir(exist_ok=True)
        for path in sorted(temporary.iterdir()):
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            path.replace(target / path.name)
    except Exception as error:  # safetensors and tokenizers raise exceptions of their own if a disk is full
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise InputError(f"cannot be written ({reason})", target) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
