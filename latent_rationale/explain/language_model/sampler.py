"""Sampling of continuations of a prefix (or, backwards, of a suffix) from a language model."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.common.nn.cells import LSTMCell, State
from latent_rationale.common.nn.prefixes import run_prefixes
from latent_rationale.common.ops.continuation import OutputLayers, continue_sentences
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.language_model.model import LanguageModel
from latent_rationale.explain.language_model.output_softmax import OutputSoftmax
from latent_rationale.explain.language_model.vocabulary_mapping import VocabularyMapping, WordMapping
from latent_rationale.explain.language_model.word_piece_mapping import WordPieceMapping


class DirectionalSampler:
    """Sampler of continuations in one direction of a language model.

    The inputs of the LSTM gates are computed once for every word of the vocabulary, ``[V, 4 H]``, so that a step of
    sampling only looks them up.

    Args:
        embedding: the embedding of V words.
        lstm: the LSTM of one layer and one direction.
        choice: the distribution p(word | state).
        mapping: the mapping between the ids of the classifier and those of the language model.
    """

    ROWS = 4096
    """Maximum number of samples drawn at the same time, which bounds memory."""

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
            ids: the prefixes in ids of the classifier, ``[R, T]``.
            lengths: the lengths of the prefixes, at least 1, ``[R]``.
            samples: K, the number of samples per prefix.
            words: the number of words to sample after each prefix, ``[R]``.
            generator: the only source of randomness.

        Returns:
            Ids of the classifier ``[R, K, W]``, where W is the largest number of words; those beyond the number of
            their prefix are arbitrary.
        """
        # States after all prefixes, [R, H] each; common beginnings of prefixes are read once.
        state = run_prefixes(self.cell, self.projected, *self.mapping.to_language_model(ids, lengths))
        which = torch.arange(len(ids), device=ids.device).repeat_interleave(samples)
        size = len(which), int(words.max())
        # Drawn on the generator's device, so that a GPU samples the same words as a CPU.
        noise = torch.rand(size, generator=generator, device=generator.device, dtype=state[0].dtype).to(ids.device)
        some = zip(*(torch.split(each, self.ROWS) for each in (noise, which, words[which])), strict=True)
        sampled = torch.cat([self._go_on(state, *each) for each in some])
        return self.mapping.to_classifier(sampled).view(len(ids), samples, -1)

    def _go_on(self, state: State, noise: Tensor, which: Tensor, words: Tensor) -> Tensor:
        """Sample words step by step, by the compiled operator if there is one for the device.

        Args:
            state: the states after R prefixes, ``[R, H]`` each.
            noise: one uniform number per sampled word, ``[B, W]``.
            which: the index of the prefix of each sample, ascending, ``[B]``.
            words: the number of words that each sample needs, ``[B]``; the operator stops there.

        Returns:
            Ids of the language model ``[B, W]``.
        """
        cell, choice = self.cell, self.choice
        # A step is too little work for Python: the operator runs all steps, each sample up to its last word.
        layers = OutputLayers(choice.head.weight, choice.head.bias, choice.tails, choice.reserved)
        weights = self.projected, cell.recurrent_weight, cell.bias
        compiled = continue_sentences(cell.name, *weights, state, which, words, noise, layers)
        if compiled is not None:
            return compiled
        sampled = []
        state = tuple(part[which] for part in state)  # from [R, H] to one state per sample, [B, H]
        for step in noise.unbind(1):
            # Sample a word from the state, then read it: its gate inputs are looked up in the projected vocabulary.
            sampled.append(self.choice.icdf(state[0], step))
            state = self.cell.step(self.projected[sampled[-1]], state)
        return torch.stack(sampled, dim=1)


@dataclass(frozen=True, eq=False)
class BidirectionalSampler:
    """Samplers of both directions of a language model, in ids of a classifier.

    Attributes:
        forwards: samples words to the right of a prefix.
        backwards: samples words to the left of a suffix; its input and output are reversed.
        padding_id: the padding id of the classifier.
    """

    forwards: DirectionalSampler
    backwards: DirectionalSampler
    padding_id: int

    @classmethod
    def between(
        cls, model: LanguageModel, words: Tokenizer, classifier: Tokenizer, pieces: bool = False
    ) -> "BidirectionalSampler":
        """Build samplers from the vocabularies of a language model and a classifier.

        Args:
            model: the language model.
            words: the vocabulary of the language model, of words or word pieces.
            classifier: the vocabulary of the classifier, of words or word pieces.
            pieces: whether the language model reads word pieces.

        Raises:
            InputError: if the language model reads word pieces, and the classifier reads words or other pieces.
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
        """Build samplers from a language model.

        Args:
            model: the language model.
            forwards: the mapping between the ids of the classifier and the language model, for the forward direction.
            backwards: the mapping for the backward direction, whose texts are reversed.
            padding_id: the padding id of the classifier.
        """
        encoder = model.encoder
        return cls(
            DirectionalSampler(model.embedding, encoder.forwards, model.choice, forwards),
            DirectionalSampler(model.embedding, encoder.backwards, model.choice, backwards),
            padding_id,
        )
