"""A classifier of the ``transformers`` library as a model of this package."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from latent_rationale.common.errors import InputError
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.explain.transformer.pieces import WordPieces

MANY = 10**6
"""More pieces than a text has, where there is no limit."""

_Classifiers: Any = transformers.AutoModelForSequenceClassification


class SequenceClassifier(nn.Module):
    """Reads texts of word pieces; what its tokenizer puts around a text is put there in here.

    Args:
        network: a sequence classifier of ``transformers``.
        pieces: its tokenizer.
    """

    def __init__(self, network: Any, pieces: WordPieces):
        super().__init__()
        self.network = network
        self.padding_id = pieces.padding_id
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
        scores: Tensor = self.network(input_ids=framed.ids, attention_mask=framed.mask.long()).logits
        return scores

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Scores ``[B, C]`` from embedded pieces ``[B, T, D]``."""
        framed = self.framed(tokens)
        around = self.embedding(framed.ids)
        own = slice(len(self.prefix), len(self.prefix) + embedded.shape[1])
        inside = torch.where(tokens.mask.unsqueeze(2), embedded, around[:, own])
        whole = torch.cat([around[:, : own.start], inside, around[:, own.stop :]], dim=1)
        scores: Tensor = self.network(inputs_embeds=whole, attention_mask=framed.mask.long()).logits
        return scores

    def framed(self, tokens: Tokens) -> Tokens:
        """Texts with what stands before and behind each."""
        before, behind = len(self.prefix), len(self.suffix)
        rows = torch.where(tokens.mask, tokens.ids, self.padding_id)
        filler = rows.new_full((len(rows), behind), self.padding_id)
        ids = torch.cat([self.prefix.expand(len(rows), -1), rows, filler], dim=1)
        places = before + tokens.lengths.unsqueeze(1) + torch.arange(behind, device=rows.device)
        ids = ids.scatter(1, places, self.suffix.expand(len(rows), -1))
        return Tokens.of(ids, tokens.lengths + before + behind)


def load_pieces(name: str, config: Any = None, longest: int | None = None) -> WordPieces:
    """The tokenizer of a folder, or of that name where the library finds it.

    Args:
        name: the folder, or the name.
        config: of the network, which may be able to read no more than so many pieces.
        longest: so many are read, and no more.

    Raises:
        InputError: if there is none.
    """
    tokenizer = _loaded(transformers.AutoTokenizer.from_pretrained, "tokenizer", name, add_prefix_space=True)
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # what the library makes where files are missing
        raise InputError("holds no tokenizer that transformers can read (it has no pieces)", Path(name))
    if not tokenizer.is_fast:
        raise InputError("has no fast tokenizer, which tells words and their pieces apart", Path(name))
    places = getattr(config, "max_position_embeddings", None)
    return WordPieces(tokenizer, min(tokenizer.model_max_length, places or MANY, longest or MANY))


def load_network(name: str, **changes: Any) -> Any:
    """A sequence classifier, by its folder or name. A head that it lacks is made afresh.

    Raises:
        InputError: if there is none.
    """
    return _loaded(_Classifiers.from_pretrained, "model", name, dtype=torch.float32, **changes)


def fresh_network(name: str) -> Any:
    """A sequence classifier with fresh weights, from the configuration in a folder.

    Raises:
        InputError: if there is none.
    """
    return _Classifiers.from_config(_loaded(transformers.AutoConfig.from_pretrained, "configuration", name))


def _loaded(load: Callable[..., Any], kind: str, name: str, **options: Any) -> Any:
    logging: Any = transformers.utils.logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return load(name, **options)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(f"holds no {kind} that transformers can read ({reason})", Path(name)) from error
