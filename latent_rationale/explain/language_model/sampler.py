"""Words that a language model would put behind a beginning, or before an end."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.nn.cells import LSTMCell, State
from latent_rationale.common.nn.prefixes import run_prefixes
from latent_rationale.common.ops.continuation import OutputLayers, continue_sentences
from latent_rationale.explain.language_model.model import LanguageModel
from latent_rationale.explain.language_model.output_softmax import OutputSoftmax
from latent_rationale.explain.language_model.vocabulary_mapping import VocabularyMapping, WordMapping


class DirectionalSampler:
    """Goes on from what has been read, in one direction. What a word adds to the gates is computed once, for all words.

    Args:
        embedding: ids to vectors.
        lstm: reads them.
        choice: p(word | state).
        translation: between the ids of the user and those of the embedding.
    """

    ROWS = 4096
    """Beginnings that go on at a time, and need memory."""

    def __init__(self, embedding: nn.Embedding, lstm: nn.LSTM, choice: OutputSoftmax, translation: VocabularyMapping):
        self.cell = LSTMCell.of(lstm)
        self.choice = choice
        self.translation = translation
        with torch.no_grad():
            self.projected = self.cell.project(embedding.weight)

    @torch.no_grad()
    def __call__(self, ids: Tensor, lengths: Tensor, samples: int, words: Tensor) -> Tensor:
        """So many samples of so many words after each of R beginnings: ids ``[R, samples, most words]``.

        Args:
            ids: ``[R, T]``.
            lengths: of the beginnings, ``[R]``, at least 1.
            samples: how many for each.
            words: how many in each sample, ``[R]``; behind those stands any word.
        """
        state = run_prefixes(self.cell, self.projected, *self.translation.read(ids, lengths))
        which = torch.arange(len(ids), device=ids.device).repeat_interleave(samples)
        noise = torch.rand(len(which), int(words.max()), device=ids.device, dtype=state[0].dtype)
        some = zip(*(torch.split(each, self.ROWS) for each in (noise, which, words[which])), strict=True)
        drawn = torch.cat([self._go_on(state, *each) for each in some])
        return self.translation.write(drawn).view(len(ids), samples, -1)

    def _go_on(self, state: State, noise: Tensor, which: Tensor, words: Tensor) -> Tensor:
        """Words ``[B, W]`` by uniform noise ``[B, W]``, behind states ``[R, H]``: which each, and how many ``[B]``."""
        cell, choice = self.cell, self.choice
        layers = OutputLayers(choice.head.weight, choice.head.bias, choice.tails, choice.reserved)
        weights = self.projected, cell.recurrent_weight, cell.bias
        compiled = continue_sentences(cell.name, *weights, state, which, words, noise, layers)
        if compiled is not None:
            return compiled
        drawn = []
        state = tuple(part[which] for part in state)
        for chance in noise.unbind(1):
            drawn.append(self.choice.icdf(state[0], chance))
            state = self.cell.step(self.projected[drawn[-1]], state)
        return torch.stack(drawn, dim=1)


@dataclass(frozen=True, eq=False)
class BidirectionalSampler:
    """A language model as a classifier's words meet it.

    Attributes:
        forwards: goes on to the right.
        backwards: goes on to the left, from sentences in reverse.
        padding_id: the classifier's.
    """

    forwards: DirectionalSampler
    backwards: DirectionalSampler
    padding_id: int

    @classmethod
    def word_for_word(cls, model: LanguageModel, words: Tokenizer, classifiers: Tokenizer) -> "BidirectionalSampler":
        """From a language model of words, for a classifier with its own: they meet where they are spelled alike."""
        same = WordMapping.between(classifiers, words, model.embedding.weight.device)
        return cls.of(model, same, same, classifiers.padding_id)

    @classmethod
    def of(
        cls, model: LanguageModel, forwards: VocabularyMapping, backwards: VocabularyMapping, padding_id: int
    ) -> "BidirectionalSampler":
        """From a language model, and how each of its directions and a classifier with this padding understand."""
        encoder = model.encoder
        return cls(
            DirectionalSampler(model.embedding, encoder.forwards, model.choice, forwards),
            DirectionalSampler(model.embedding, encoder.backwards, model.choice, backwards),
            padding_id,
        )
