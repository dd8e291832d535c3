"""Modules of this package that wrap classifiers of the ``transformers`` library."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.common.nn.model import Model
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.models.library import build_classifier, load_classifier, load_tokenizer, reading

MANY = 10**6
"""Maximum number of word pieces of a text for models without a limit."""


class SequenceClassifier(Model):
    """Sequence classifier that reads ids without special pieces, and adds those of its tokenizer itself.

    Explainers can therefore treat all ids of a sentence alike.

    Args:
        network: sequence classifier of ``transformers``.
        pieces: its tokenizer.
    """

    def __init__(self, network: Any, pieces: WordPieces):
        super().__init__()
        self.network = network
        self.pieces = pieces
        self.first_position = first_position(embeddings_of(network))
        # Some networks refuse a batch of several texts without an id of padding in their configuration.
        if network.config.pad_token_id is None:
            network.config.pad_token_id = pieces.padding_id
        self.register_buffer("prefix", torch.tensor(pieces.prefix, dtype=torch.long), persistent=False)
        self.register_buffer("suffix", torch.tensor(pieces.suffix, dtype=torch.long), persistent=False)
        self.prefix: Tensor
        self.suffix: Tensor

    @property
    def embedding(self) -> nn.Embedding:  # type: ignore[override]  # read-only: it belongs to the network
        """Embedding of word pieces, which is a part of the network."""
        embedding: nn.Embedding = self.network.get_input_embeddings()
        return embedding

    def forward(self, batch: Batch) -> Output:
        """Compute scores ``[B, C]`` of a batch of texts."""
        (tokens,) = batch.inputs
        return Output(self.scores(tokens))

    def scores(self, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of ids ``[B, T]``."""
        framed = self.framed(tokens)
        return self._logits(framed, input_ids=framed.ids)

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of embedded pieces ``[B, T, D]``."""
        framed = self.framed(tokens)
        # Embed everything, then put the given vectors in the place of the text: [B, prefix + T + suffix, D].
        around = self.embedding(framed.ids)
        own = slice(len(self.prefix), len(self.prefix) + embedded.shape[1])
        # After a shorter text, suffix and padding lie within the T columns and keep their own embeddings.
        inside = torch.where(tokens.mask.unsqueeze(2), embedded, around[:, own])
        whole = torch.cat([around[:, : own.start], inside, around[:, own.stop :]], dim=1)
        return self._logits(framed, inputs_embeds=whole)

    def _logits(self, framed: Tokens, **inputs: Tensor) -> Tensor:
        # RoBERTa and its relatives compute positions from ids and skip padding. Explainers replace words by padding, so
        # the positions of later words would shift.
        if self.first_position:
            inputs["position_ids"] = self.first_position + torch.arange(framed.ids.shape[1], device=framed.ids.device)
            inputs["position_ids"] = inputs["position_ids"].expand_as(framed.ids)
        logits: Tensor = self.network(attention_mask=framed.mask.long(), **inputs).logits
        return logits

    def framed(self, tokens: Tokens) -> Tokens:
        """Return the tokens with the special pieces before and after each text."""
        before, after = len(self.prefix), len(self.suffix)
        rows = torch.where(tokens.mask, tokens.ids, self.pieces.padding_id)
        filler = rows.new_full((len(rows), after), self.pieces.padding_id)
        ids = torch.cat([self.prefix.expand(len(rows), -1), rows, filler], dim=1)
        # The suffix follows the last piece of each text, whose position differs from row to row: [B, after].
        positions = before + tokens.lengths.unsqueeze(1) + torch.arange(after, device=rows.device)
        ids = ids.scatter(1, positions, self.suffix.expand(len(rows), -1))
        return Tokens.of(ids, tokens.lengths + before + after)


def trained(name: str) -> SequenceClassifier:
    """Load a trained sequence classifier with its tokenizer.

    Args:
        name: folder of the classifier, or its name in the library.

    Raises:
        InputError: if there is no classifier, or its output layer is not trained.
    """
    network, report = load_classifier(name)
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])[0]
        raise InputError(f"is not a trained classifier (no weights for {missing}); fine-tune it first", Path(name))
    if left_over := _of_encoder(network, report["unexpected_keys"]):
        raise InputError(f"holds weights and a configuration that do not fit together ({left_over[0]})", Path(name))
    return _with_pieces(name, network, MANY)


def pretrained(name: str, names: Sequence[str], longest: int) -> SequenceClassifier:
    """Load a pretrained encoder with an untrained output layer.

    Args:
        name: folder of the encoder, or its name in the library.
        names: names of the classes.
        longest: maximum number of word pieces of a text.

    Raises:
        InputError: if there is no encoder, or it has no weights for some of its layers.
    """
    labels = dict(enumerate(names))
    head: dict[str, Any] = {"num_labels": len(names), "id2label": labels, "ignore_mismatched_sizes": True}
    head["label2id"] = {name: label for label, name in labels.items()}
    network, report = load_classifier(name, **head)
    # Published encoders have no output layer for these classes, and some have no pooler before it.
    absent = [*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])]
    if without_weights := _of_encoder(network, absent):
        raise InputError(f"is not a pretrained encoder (no weights that fit {without_weights[0]})", Path(name))
    return _with_pieces(name, network, longest)


def _of_encoder(network: Any, names: Iterable[str]) -> list[str]:
    """Return the names of those weights that belong to the encoder, without its pooler and its buffers, sorted."""
    encoder = f"{network.base_model_prefix}."
    own = (name for name in names if name.startswith(encoder) and name.endswith((".weight", ".bias")))
    return sorted(name for name in own if ".pooler." not in name)


def untrained(name: str, longest: int) -> SequenceClassifier:
    """Build a sequence classifier with untrained weights.

    Args:
        name: folder of configuration and tokenizer.
        longest: maximum number of word pieces of a text.

    Raises:
        InputError: if one of them is missing.
    """
    return _with_pieces(name, build_classifier(name), longest)


def _with_pieces(name: str, network: Any, longest: int) -> SequenceClassifier:
    tokenizer = load_tokenizer(name)
    with reading("model", name):
        return with_tokenizer(network, tokenizer, longest)


def with_tokenizer(network: Any, tokenizer: Any, longest: int = MANY) -> SequenceClassifier:
    """Combine a sequence classifier of the library and its tokenizer.

    Args:
        network: the classifier.
        tokenizer: its fast tokenizer.
        longest: maximum number of word pieces of a text.

    Raises:
        InputError: if they do not fit together.
    """
    positions = getattr(network.config, "max_position_embeddings", MANY) - first_position(embeddings_of(network))
    pieces = _word_pieces(tokenizer, min(positions, longest))
    if len(pieces.words) > network.get_input_embeddings().num_embeddings:
        raise InputError("has a tokenizer with more word pieces than the embedding of the model")
    return SequenceClassifier(network, pieces)


def load_pieces(name: str, longest: int = MANY) -> WordPieces:
    """Load a fast tokenizer of the library.

    Args:
        name: folder of the tokenizer, or its name in the library.
        longest: maximum number of word pieces of a text.

    Raises:
        InputError: if there is no fast tokenizer.
    """
    tokenizer = load_tokenizer(name)
    with reading("tokenizer", name):
        return _word_pieces(tokenizer, longest)


def _word_pieces(tokenizer: Any, longest: int) -> WordPieces:
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # the library returns such a tokenizer where files are missing
        raise InputError("holds no tokenizer that transformers can read (it has no word pieces)")
    if not tokenizer.is_fast:
        raise InputError("has no fast tokenizer, which is needed to align word pieces with words")
    return WordPieces(tokenizer, min(tokenizer.model_max_length, longest))


def first_position(embeddings: Any) -> int:
    """Return the first index of the position embeddings that text uses.

    RoBERTa and its relatives count from after the id of padding; all others count from 0.
    """
    return int(getattr(embeddings, "padding_idx", -1)) + 1


def embeddings_of(network: Any) -> Any:
    """Return the layer that embeds pieces, positions and types; for a network without such a layer, its base model."""
    return getattr(network.base_model, "embeddings", network.base_model)
