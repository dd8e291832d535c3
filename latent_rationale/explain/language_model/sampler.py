"""Sampling continuations of a prefix (or, backwards, of a suffix) from a language model."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.common.nn.cells import LSTMCell, State
from latent_rationale.common.nn.prefixes import run_prefixes
from latent_rationale.common.ops.library import operator_for
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.language_model.model import LanguageModel
from latent_rationale.explain.language_model.output_softmax import OutputSoftmax
from latent_rationale.explain.language_model.vocabulary_mapping import VocabularyMapping, WordMapping
from latent_rationale.explain.language_model.word_piece_mapping import WordPieceMapping


class DirectionalSampler:
    """Samples words after a prefix, in one direction of a language model.

    The contribution of each word of the vocabulary to the gates of the LSTM is computed once.

    Args:
        embedding: ids to vectors.
        lstm: the LSTM of this direction.
        choice: p(word | state).
        mapping: between the ids of the classifier and those of the embedding.
    """

    ROWS = 4096
    """Samples that are continued at a time, which bounds memory."""

    def __init__(self, embedding: nn.Embedding, lstm: nn.LSTM, choice: OutputSoftmax, mapping: VocabularyMapping):
        self.cell = LSTMCell.of(lstm)
        self.choice = choice
        self.mapping = mapping
        with torch.no_grad():
            self.projected = self.cell.project(embedding.weight)

    @torch.no_grad()
    def __call__(self, ids: Tensor, lengths: Tensor, samples: int, words: Tensor, generator: torch.Generator) -> Tensor:
        """Sample continuations of R prefixes.

        Args:
            ids: the prefixes, ``[R, T]``.
            lengths: length of each prefix, ``[R]``, at least 1.
            samples: number of samples for each prefix, K.
            words: number of words in each sample, ``[R]``.
            generator: the only source of randomness.

        Returns:
            Ids ``[R, K, W]``, with W the largest number of words; after the words of a sample stands any word.
        """
        state = run_prefixes(self.cell, self.projected, *self.mapping.to_language_model(ids, lengths))
        which = torch.arange(len(ids), device=ids.device).repeat_interleave(samples)
        size = len(which), int(words.max())
        # On the generator's device, so that a GPU samples the same words as a processor.
        noise = torch.rand(size, generator=generator, device=generator.device, dtype=state[0].dtype).to(ids.device)
        some = zip(*(torch.split(each, self.ROWS) for each in (noise, which, words[which])), strict=True)
        sampled = torch.cat([self._go_on(state, *each) for each in some])
        return self.mapping.to_classifier(sampled).view(len(ids), samples, -1)

    def _go_on(self, state: State, noise: Tensor, which: Tensor, words: Tensor) -> Tensor:
        """Sample words ``[B, W]`` by uniform noise ``[B, W]``.

        Args:
            state: states of the LSTM after R prefixes, ``[R, H]`` each.
            noise: ``[B, W]``.
            which: index of the prefix of each sample, ``[B]``.
            words: number of words in each sample, ``[B]``.
        """
        operator = operator_for(noise.device, f"{self.cell.name}_go_on")
        if operator is not None:
            cell, choice = self.cell, self.choice
            tails = [weight for tail in choice.tails for weight in tail]
            reading = self.projected, cell.bias, cell.recurrent_weight
            drawing = choice.head.weight, choice.head.bias, tails, choice.reserved
            found: Tensor = operator(*reading, *state, which, words, noise, *drawing)
            return found
        sampled = []
        state = tuple(part[which] for part in state)
        for step in noise.unbind(1):
            sampled.append(self.choice.icdf(state[0], step))
            state = self.cell.step(self.projected[sampled[-1]], state)
        return torch.stack(sampled, dim=1)


@dataclass(frozen=True, eq=False)
class BidirectionalSampler:
    """Samplers of both directions of a language model, in the ids of a classifier.

    Attributes:
        forwards: samples words to the right.
        backwards: samples words to the left; it reads reversed sentences.
        padding_id: id of padding in the classifier.
    """

    forwards: DirectionalSampler
    backwards: DirectionalSampler
    padding_id: int

    @classmethod
    def between(
        cls, model: LanguageModel, words: Tokenizer, classifier: Tokenizer, pieces: bool = False
    ) -> "BidirectionalSampler":
        """Connect a language model to a classifier.

        Args:
            model: the language model.
            words: its words, or pieces of words.
            classifier: the words, or pieces of words, of the classifier.
            pieces: the language model reads pieces of words.

        Raises:
            InputError: if one reads pieces of words that the other cannot read.
        """
        device = model.embedding.weight.device
        if isinstance(classifier, WordPieces) and not pieces:
            forwards, backwards = (WordPieceMapping(classifier, words, mirrored, device) for mirrored in (False, True))
            return cls.of(model, forwards, backwards, classifier.padding_id)
        if pieces and not isinstance(classifier, WordPieces):
            raise InputError("reads pieces of words, and the classifier reads words")
        if pieces and len(set(words.words).intersection(classifier.words)) < len(words.words) / 2:
            raise InputError("reads other pieces of words than the classifier")
        same = WordMapping.between(classifier, words, device)
        return cls.of(model, same, same, classifier.padding_id)

    @classmethod
    def of(
        cls, model: LanguageModel, forwards: VocabularyMapping, backwards: VocabularyMapping, padding_id: int
    ) -> "BidirectionalSampler":
        """Connect each direction of a language model to a classifier by a mapping of its own."""
        encoder = model.encoder
        return cls(
            DirectionalSampler(model.embedding, encoder.forwards, model.choice, forwards),
            DirectionalSampler(model.embedding, encoder.backwards, model.choice, backwards),
            padding_id,
        )
