"""Text classifiers whose predictions can be inspected: rationale models, and post-hoc explanations."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_rationale.common.utils.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from latent_rationale.trained_model import TrainedModel

__version__ = "0.1.0"
__all__ = ["InputError", "from_function", "from_transformers", "load", "train"]

# Modules are imported inside the functions, so that `import latent_rationale` does not have to import torch.


def load(folder: Path | str, device: str = "auto") -> "TrainedModel":
    """Load a trained model for predictions and explanations.

    Example:
        >>> model = load("results/sst/latent_30pct")  # doctest: +SKIP
        >>> model.predict("A gripping, funny film.")[0].label_name  # doctest: +SKIP
        'positive'

    Args:
        folder: results folder that ``train --save_path`` wrote, or folder of a classifier of the ``transformers``
            library.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        InputError: if the folder holds no model.
    """
    from latent_rationale.common.utils.device import find_device
    from latent_rationale.explain.models.loading import load_predictor
    from latent_rationale.trained_model import TrainedModel

    return TrainedModel.of(load_predictor(Path(folder), find_device(device)))


def train(task: str, **options: Any) -> "TrainedModel":
    """Train a model like the ``train`` command, and load the best checkpoint.

    Example:
        >>> model = train("sst", model="latent", selection=0.3, save_path="results/sst/latent_30pct")  # doctest: +SKIP
        >>> model.results["test_acc"]  # doctest: +SKIP
        0.44

    Args:
        task: name of the task, such as ``sst``.
        options: options of its ``train`` command, with underscores in their names.

    Returns:
        The trained model, with its measures in ``results``.

    Raises:
        InputError: if options or data cannot be used.
    """
    from latent_rationale.common.experiment import commands
    from latent_rationale.common.utils.config import make
    from latent_rationale.tasks import find_task

    task_class = find_task(task)
    run_options = make(task_class.options_class, options)
    commands.train(task_class, run_options, options)
    return load(run_options.save_path, run_options.device)


def from_transformers(model: Any, tokenizer: Any = None, device: str = "auto") -> "TrainedModel":
    """Wrap a classifier of the ``transformers`` library for predictions and explanations.

    Args:
        model: a sequence classifier that is already loaded; or, without ``tokenizer``, a folder with model and
            tokenizer, or their name in the library.
        tokenizer: fast tokenizer of a model that is already loaded.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        InputError: if there is no trained classifier, its scores do not stand for exclusive classes, or the library is
            not installed.
    """
    from latent_rationale.common.utils.device import find_device
    from latent_rationale.explain.models.transformer_folder import need_transformers
    from latent_rationale.trained_model import TrainedModel

    need_transformers()
    from latent_rationale.explain.models.transformer import connect_transformer, load_transformer

    torch_device = find_device(device)
    if tokenizer is None:
        return TrainedModel.of(load_transformer(str(model), torch_device))
    return TrainedModel.of(connect_transformer(model, tokenizer, torch_device))


def from_function(
    score: "Callable[[Tensor], Tensor]",
    words: Sequence[str],
    names: Sequence[str] = ("negative", "positive"),
    embed: "Callable[[Tensor], Tensor] | None" = None,
    score_embedded: "Callable[[Tensor], Tensor] | None" = None,
) -> "TrainedModel":
    """Wrap a function from ids to scores, which runs on the CPU, for predictions and explanations.

    Args:
        score: function from ids ``[B, T]`` to scores ``[B, C]`` before a softmax. Shorter sentences are padded at the
            end, and words that an explainer removes are replaced by padding.
        words: vocabulary, in which the id of a word is its index; ``<unk>`` is the unknown word and ``<pad>`` padding.
        names: names of the ``C`` classes.
        embed: function from ids ``[*]`` to vectors ``[*, D]``, which gradient-based explainers need.
        score_embedded: differentiable function from embedded words ``[B, T, D]`` to scores ``[B, C]``, which
            gradient-based explainers need.

    Raises:
        InputError: if the vocabulary has no unknown word or no padding.
    """
    from latent_rationale.explain.models.loading import connect_function
    from latent_rationale.trained_model import TrainedModel

    return TrainedModel.of(connect_function(score, words, names, embed, score_embedded))
