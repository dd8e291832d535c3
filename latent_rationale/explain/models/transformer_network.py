"""Classifiers of the ``transformers`` library as models of this package."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from torch import Tensor, nn

from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.common.nn.model import Model
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.common.utils.errors import InputError

MANY = 10**6
"""Limit on the pieces of a text where a model has none."""

_Classifiers: Any = transformers.AutoModelForSequenceClassification
_FLOAT = {"dtype": torch.float32}


class SequenceClassifier(Model):
    """A sequence classifier that reads ids without special pieces, and adds those of its tokenizer itself.

    Args:
        network: a sequence classifier of ``transformers``.
        pieces: its tokenizer.
    """

    def __init__(self, network: Any, pieces: WordPieces):
        super().__init__()
        self.network = network
        self.pieces = pieces
        self.first_position = first_position(embeddings_of(network))
        if network.config.pad_token_id is None:  # some networks read several texts at once with it alone
            network.config.pad_token_id = pieces.padding_id
        self.register_buffer("prefix", torch.tensor(pieces.prefix, dtype=torch.long), persistent=False)
        self.register_buffer("suffix", torch.tensor(pieces.suffix, dtype=torch.long), persistent=False)
        self.prefix: Tensor
        self.suffix: Tensor

    @property
    def embedding(self) -> nn.Embedding:  # type: ignore[override]  # read-only: it belongs to the network
        """Embedding of the pieces, which is a part of the network."""
        embedding: nn.Embedding = self.network.get_input_embeddings()
        return embedding

    def forward(self, batch: Batch) -> Output:
        """Compute scores ``[B, C]``."""
        (tokens,) = batch.inputs
        return Output(self.scores(tokens))

    def scores(self, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of ids."""
        framed = self.framed(tokens)
        return self._logits(framed, input_ids=framed.ids)

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of embedded pieces ``[B, T, D]``."""
        framed = self.framed(tokens)
        around = self.embedding(framed.ids)
        own = slice(len(self.prefix), len(self.prefix) + embedded.shape[1])
        inside = torch.where(tokens.mask.unsqueeze(2), embedded, around[:, own])
        whole = torch.cat([around[:, : own.start], inside, around[:, own.stop :]], dim=1)
        return self._logits(framed, inputs_embeds=whole)

    def _logits(self, framed: Tokens, **inputs: Tensor) -> Tensor:
        if self.first_position:  # by default, these models skip padding inside a text, which would move later words
            inputs["position_ids"] = self.first_position + torch.arange(framed.ids.shape[1], device=framed.ids.device)
            inputs["position_ids"] = inputs["position_ids"].expand_as(framed.ids)
        logits: Tensor = self.network(attention_mask=framed.mask.long(), **inputs).logits
        return logits

    def framed(self, tokens: Tokens) -> Tokens:
        """Add the special pieces before and after each text."""
        before, behind = len(self.prefix), len(self.suffix)
        rows = torch.where(tokens.mask, tokens.ids, self.pieces.padding_id)
        filler = rows.new_full((len(rows), behind), self.pieces.padding_id)
        ids = torch.cat([self.prefix.expand(len(rows), -1), rows, filler], dim=1)
        positions = before + tokens.lengths.unsqueeze(1) + torch.arange(behind, device=rows.device)
        ids = ids.scatter(1, positions, self.suffix.expand(len(rows), -1))
        return Tokens.of(ids, tokens.lengths + before + behind)


def trained(name: str) -> SequenceClassifier:
    """Load a trained sequence classifier with its tokenizer.

    Args:
        name: its folder, or a name under which the library finds it.

    Raises:
        InputError: if there is none, or it has no trained head.
    """
    network, report = _loaded(_Classifiers.from_pretrained, "model", name, output_loading_info=True, **_FLOAT)
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])[0]
        raise InputError(f"is no trained classifier: it has no {missing}; fine-tune it first", Path(name))
    return _with_pieces(name, network, MANY)


def pretrained(name: str, names: Sequence[str], longest: int) -> SequenceClassifier:
    """Load a pretrained encoder with an untrained head.

    Args:
        name: folder of the encoder, or a name under which the library finds it.
        names: names of the classes.
        longest: the largest number of pieces of a text.

    Raises:
        InputError: if there is none.
    """
    labels = dict(enumerate(names))
    head: dict[str, Any] = {"num_labels": len(names), "id2label": labels, "ignore_mismatched_sizes": True}
    head["label2id"] = {name: label for label, name in labels.items()}
    return _with_pieces(name, _loaded(_Classifiers.from_pretrained, "model", name, **head, **_FLOAT), longest)


def untrained(name: str, longest: int) -> SequenceClassifier:
    """Build a sequence classifier with untrained weights.

    Args:
        name: folder of configuration and tokenizer.
        longest: the largest number of pieces of a text.

    Raises:
        InputError: if they are not there.
    """
    config = _loaded(transformers.AutoConfig.from_pretrained, "configuration", name)
    return _with_pieces(name, _Classifiers.from_config(config), longest)


def _with_pieces(name: str, network: Any, longest: int) -> SequenceClassifier:
    try:
        return with_tokenizer(network, _load_tokenizer(name), longest)
    except InputError as error:
        raise InputError(str(error), Path(name)) from error


def with_tokenizer(network: Any, tokenizer: Any, longest: int = MANY) -> SequenceClassifier:
    """Combine a sequence classifier of the library and its tokenizer.

    Args:
        network: the classifier.
        tokenizer: a fast tokenizer.
        longest: the largest number of pieces of a text.

    Raises:
        InputError: if they do not fit together.
    """
    positions = getattr(network.config, "max_position_embeddings", MANY) - first_position(embeddings_of(network))
    pieces = _word_pieces(tokenizer, min(positions, longest))
    if len(pieces.words) > network.get_input_embeddings().num_embeddings:
        raise InputError("has a tokenizer of more pieces than the model knows")
    return SequenceClassifier(network, pieces)


def load_pieces(name: str, longest: int = MANY) -> WordPieces:
    """Load a tokenizer.

    Args:
        name: its folder, or a name under which the library finds it.
        longest: the largest number of pieces of a text.

    Raises:
        InputError: if there is none.
    """
    try:
        return _word_pieces(_load_tokenizer(name), longest)
    except InputError as error:
        raise InputError(str(error), Path(name)) from error


def _load_tokenizer(name: str) -> Any:
    return _loaded(transformers.AutoTokenizer.from_pretrained, "tokenizer", name, add_prefix_space=True)


def _word_pieces(tokenizer: Any, longest: int) -> WordPieces:
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # the library returns such a tokenizer where files are missing
        raise InputError("holds no tokenizer that transformers can read (it has no pieces)")
    if not tokenizer.is_fast:
        raise InputError("has no fast tokenizer, which tells words and their pieces apart")
    return WordPieces(tokenizer, min(tokenizer.model_max_length, longest))


def first_position(embeddings: Any) -> int:
    """Return the first index of the position embeddings that text uses.

    RoBERTa and its relatives count from after the id of padding; all others count from 0.
    """
    return int(getattr(embeddings, "padding_idx", -1)) + 1


def embeddings_of(network: Any) -> Any:
    """Return the layer that embeds pieces, positions and types; the body of a network that has no such layer."""
    return getattr(network.base_model, "embeddings", network.base_model)


def _loaded(load: Callable[..., Any], kind: str, name: str, **options: Any) -> Any:
    """Load a part of a model by a function of the library, and turn its errors into one sentence."""
    logging: Any = transformers.utils.logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return load(name, **options)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        if isinstance(error, KeyError):
            reason = f"there is no {reason}"
        elif "ignore_mismatched_sizes" in reason:  # the library writes the details to the console
            reason = "weights and configuration do not fit together"
        raise InputError(f"holds no {kind} that transformers can read ({reason})", Path(name)) from error
