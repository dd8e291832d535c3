"""A classifier of the ``transformers`` library as a model of this package."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from torch import Tensor, nn

from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.common.utils.errors import InputError

MANY = 10**6
"""More pieces than a text has, where there is no limit."""

_Classifiers: Any = transformers.AutoModelForSequenceClassification
_FLOAT = {"dtype": torch.float32}


class SequenceClassifier(nn.Module):
    """Reads texts of word pieces; what its tokenizer puts around a text is put there in here.

    Args:
        network: a sequence classifier of ``transformers``.
        pieces: its tokenizer.
    """

    def __init__(self, network: Any, pieces: WordPieces):
        super().__init__()
        self.network = network
        self.pieces = pieces
        self.first_place = first_place(embeddings_of(network))
        if network.config.pad_token_id is None:  # some networks read several texts at once with it alone
            network.config.pad_token_id = pieces.padding_id
        self.register_buffer("prefix", torch.tensor(pieces.prefix, dtype=torch.long), persistent=False)
        self.register_buffer("suffix", torch.tensor(pieces.suffix, dtype=torch.long), persistent=False)
        self.prefix: Tensor
        self.suffix: Tensor

    @property
    def embedding(self) -> nn.Embedding:
        """Of the pieces. It belongs to the network."""
        embedding: nn.Embedding = self.network.get_input_embeddings()
        return embedding

    def forward(self, batch: Batch) -> Output:
        """Scores ``[B, C]``."""
        (tokens,) = batch.inputs
        return Output(self.scores(tokens))

    def scores(self, tokens: Tokens) -> Tensor:
        """Scores ``[B, C]`` by ids."""
        framed = self.framed(tokens)
        return self._logits(framed, input_ids=framed.ids)

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Scores ``[B, C]`` from embedded pieces ``[B, T, D]``."""
        framed = self.framed(tokens)
        around = self.embedding(framed.ids)
        own = slice(len(self.prefix), len(self.prefix) + embedded.shape[1])
        inside = torch.where(tokens.mask.unsqueeze(2), embedded, around[:, own])
        whole = torch.cat([around[:, : own.start], inside, around[:, own.stop :]], dim=1)
        return self._logits(framed, inputs_embeds=whole)

    def _logits(self, framed: Tokens, **inputs: Tensor) -> Tensor:
        if self.first_place:  # else padding inside a text would move the words behind it
            inputs["position_ids"] = self.first_place + torch.arange(framed.ids.shape[1], device=framed.ids.device)
            inputs["position_ids"] = inputs["position_ids"].expand_as(framed.ids)
        logits: Tensor = self.network(attention_mask=framed.mask.long(), **inputs).logits
        return logits

    def framed(self, tokens: Tokens) -> Tokens:
        """Texts with what stands before and behind each."""
        before, behind = len(self.prefix), len(self.suffix)
        rows = torch.where(tokens.mask, tokens.ids, self.pieces.padding_id)
        filler = rows.new_full((len(rows), behind), self.pieces.padding_id)
        ids = torch.cat([self.prefix.expand(len(rows), -1), rows, filler], dim=1)
        places = before + tokens.lengths.unsqueeze(1) + torch.arange(behind, device=rows.device)
        ids = ids.scatter(1, places, self.suffix.expand(len(rows), -1))
        return Tokens.of(ids, tokens.lengths + before + behind)


def trained(name: str) -> SequenceClassifier:
    """A sequence classifier with its tokenizer, by its folder.

    Raises:
        InputError: if there is none, or it has no trained head.
    """
    network, report = _loaded(_Classifiers.from_pretrained, "model", name, output_loading_info=True, **_FLOAT)
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])[0]
        raise InputError(f"is no trained classifier: it has no {missing}; fine-tune it first", Path(name))
    return _with_pieces(name, network, MANY)


def pretrained(name: str, names: Sequence[str], longest: int) -> SequenceClassifier:
    """An encoder, by its folder or name, with a fresh head for classes of these names, that reads so many pieces.

    Raises:
        InputError: if there is none.
    """
    labels = dict(enumerate(names))
    head: dict[str, Any] = {"num_labels": len(names), "id2label": labels, "ignore_mismatched_sizes": True}
    head["label2id"] = {name: label for label, name in labels.items()}
    return _with_pieces(name, _loaded(_Classifiers.from_pretrained, "model", name, **head, **_FLOAT), longest)


def untrained(name: str, longest: int) -> SequenceClassifier:
    """A sequence classifier with fresh weights, from configuration and tokenizer in a folder.

    Raises:
        InputError: if they are not there.
    """
    config = _loaded(transformers.AutoConfig.from_pretrained, "configuration", name)
    return _with_pieces(name, _Classifiers.from_config(config), longest)


def _with_pieces(name: str, network: Any, longest: int) -> SequenceClassifier:
    places = getattr(network.config, "max_position_embeddings", MANY) - first_place(embeddings_of(network))
    pieces = load_pieces(name, min(places, longest))
    if len(pieces.words) > network.get_input_embeddings().num_embeddings:
        raise InputError("has a tokenizer of more pieces than the model knows", Path(name))
    return SequenceClassifier(network, pieces)


def load_pieces(name: str, longest: int = MANY) -> WordPieces:
    """The tokenizer of a folder, or of that name where the library finds it, for texts of so many pieces at most.

    Raises:
        InputError: if there is none.
    """
    tokenizer = _loaded(transformers.AutoTokenizer.from_pretrained, "tokenizer", name, add_prefix_space=True)
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # what the library makes where files are missing
        raise InputError("holds no tokenizer that transformers can read (it has no pieces)", Path(name))
    if not tokenizer.is_fast:
        raise InputError("has no fast tokenizer, which tells words and their pieces apart", Path(name))
    return WordPieces(tokenizer, min(tokenizer.model_max_length, longest))


def first_place(embeddings: Any) -> int:
    """Where embeddings begin to count places: RoBERTa's and their like behind the id of padding, which has one too."""
    return int(getattr(embeddings, "padding_idx", -1)) + 1


def embeddings_of(network: Any) -> Any:
    """What embeds pieces, places and types, where a network of this kind has one layer for it; else its body."""
    return getattr(network.base_model, "embeddings", network.base_model)


def _loaded(load: Callable[..., Any], kind: str, name: str, **options: Any) -> Any:
    logging: Any = transformers.utils.logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return load(name, **options)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        if isinstance(error, KeyError):
            reason = f"there is no {reason}"
        elif "ignore_mismatched_sizes" in reason:  # of which the library says more on the console
            reason = "weights and configuration do not fit together"
        raise InputError(f"holds no {kind} that transformers can read ({reason})", Path(name)) from error
