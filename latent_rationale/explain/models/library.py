"""Loading by the ``transformers`` library: no code of a folder is executed, and errors become one sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
import transformers

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.models.folder_check import check_configuration, check_weights

_Classifiers: Any = transformers.AutoModelForSequenceClassification
_SAFE = {"trust_remote_code": False}
"""Options of every call: code in a folder is never executed, nor does the library ask whether it may be."""


def load_classifier(name: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """Load a sequence classifier in float32.

    Args:
        name: folder, or name in the library.
        options: further arguments of the library's ``from_pretrained``.

    Returns:
        The classifier, and the library's report of weights that are missing or left over.

    Raises:
        InputError: if the library cannot load it.
    """
    _check(name, check_weights)
    with reading("model", name):
        loaded: tuple[Any, dict[str, Any]] = _Classifiers.from_pretrained(
            name, output_loading_info=True, dtype=torch.float32, **_SAFE, **options
        )
    return loaded


def build_classifier(name: str) -> Any:
    """Build a sequence classifier with untrained weights from a configuration.

    Raises:
        InputError: if the library cannot read the configuration.
    """
    _check(name, check_configuration)
    with reading("configuration", name):
        config = transformers.AutoConfig.from_pretrained(name, **_SAFE)
        return _Classifiers.from_config(config, **_SAFE)


def load_tokenizer(name: str) -> Any:
    """Load the tokenizer of a model.

    Raises:
        InputError: if the library cannot load it.
    """
    _check(name, check_configuration)
    with reading("tokenizer", name):
        return transformers.AutoTokenizer.from_pretrained(name, add_prefix_space=True, **_SAFE)


@contextmanager
def reading(kind: str, name: str) -> Iterator[None]:
    """Context manager that turns any exception of the library into one sentence, and silences its log.

    Args:
        kind: noun for the part of the model that is read.
        name: folder, or name in the library.

    Raises:
        InputError: in place of the exception.
    """
    logging: Any = transformers.utils.logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    except InputError as error:  # of a check that knows no folder
        raise InputError(str(error), Path(name)) from error
    except Exception as error:  # the library documents no set of exceptions, and its dependencies raise their own
        version = transformers.__version__
        message = f"holds no {kind} that transformers {version} can read ({_reason(error)})"
        raise InputError(message, Path(name)) from error


def _reason(error: Exception) -> str:
    """Return the first line of an error's message, or a better text where that line is misleading."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, UnpicklingError):
        return "the file of weights is damaged, or holds code, which is not executed"
    if any("custom code" in line for line in lines):
        return "it needs code from the folder, which is not executed"
    if any("ignore_mismatched_sizes" in line for line in lines):  # the library writes the details to the console
        return "weights and configuration do not fit together"
    reason = " ".join(lines[:2]) if lines and lines[0].endswith(":") else (lines or [""])[0]
    return f"{type(error).__name__}: {reason}" if isinstance(error, KeyError | AttributeError) or not reason else reason


def _check(name: str, check: Callable[[Path], None]) -> None:
    """Check a folder before the library reads it; a name in the library, which it downloads, has no folder.

    Raises:
        InputError: if the folder has a known defect, or does not exist.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        check(path)
    # Names in the library are "model" and "owner/model".
    elif path.exists() or path.is_absolute() or name.startswith((".", "~")) or len(path.parts) > 2:
        raise InputError("is a file; expected the folder of a model" if path.exists() else "no such folder", path)
