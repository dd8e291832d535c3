"""Text classifiers whose predictions can be inspected: rationale models, and explanations of any classifier."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_rationale.common.utils.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from latent_rationale.trained_model import TrainedModel

__version__ = "0.1.0"
__all__ = ["InputError", "from_function", "from_transformers", "load"]

# Modules are imported in the functions, so that `import latent_rationale` does not wait for torch.


def load(folder: Path | str, device: str = "auto") -> "TrainedModel":
    """Load a trained model.

    Example:
        >>> model = load("results/sst/latent_30pct")  # doctest: +SKIP
        >>> model.predict("A gripping, funny film.")[0].label_name  # doctest: +SKIP
        'positive'

    Args:
        folder: results folder that ``train --save_path`` wrote, or folder of a classifier of the ``transformers``
            library.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        InputError: if the folder holds no model.
    """
    from latent_rationale.common.utils.device import find_device
    from latent_rationale.explain.models.loading import load_predictor
    from latent_rationale.trained_model import TrainedModel

    return TrainedModel.of(load_predictor(Path(folder), find_device(device)))


def from_transformers(model: Any, tokenizer: Any = None, device: str = "auto") -> "TrainedModel":
    """Take a classifier of the ``transformers`` library.

    Args:
        model: a sequence classifier with its tokenizer, already loaded; or, without ``tokenizer``, the folder of both,
            or a name under which the library finds them.
        tokenizer: the fast tokenizer of a model that is already loaded.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        InputError: if there is no trained classifier, its scores are no classes, or the library is not installed.
    """
    from latent_rationale.common.utils.device import find_device
    from latent_rationale.explain.models.transformer_folder import need_transformers
    from latent_rationale.trained_model import TrainedModel

    need_transformers()
    from latent_rationale.explain.models.transformer import connect_transformer, load_transformer

    place = find_device(device)
    if tokenizer is None:
        return TrainedModel.of(load_transformer(str(model), place))
    return TrainedModel.of(connect_transformer(model, tokenizer, place))


def from_function(
    score: "Callable[[Tensor], Tensor]",
    words: Sequence[str],
    names: Sequence[str] = ("negative", "positive"),
    embed: "Callable[[Tensor], Tensor] | None" = None,
    score_embedded: "Callable[[Tensor], Tensor] | None" = None,
) -> "TrainedModel":
    """Take any classifier that is a function of ids, on the processor.

    Args:
        score: from ids ``[B, T]`` to scores ``[B, C]`` before a softmax. Padding stands at the end of shorter
            sentences, and in place of words that an explainer removes.
        words: vocabulary; the id of a word is its place. ``<unk>`` stands for unknown words, ``<pad>`` for padding.
        names: names of the C classes.
        embed: from ids ``[*]`` to vectors ``[*, D]``; explainers by gradients need it.
        score_embedded: from embedded words ``[B, T, D]`` to scores ``[B, C]``, with gradients; likewise.

    Raises:
        InputError: if the vocabulary has no unknown word or no padding.
    """
    from latent_rationale.explain.models.loading import connect_function
    from latent_rationale.trained_model import TrainedModel

    return TrainedModel.of(connect_function(score, words, names, embed, score_embedded))
