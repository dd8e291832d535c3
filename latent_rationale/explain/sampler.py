"""Words that a language model would put behind a beginning, or before an end."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latent_rationale.common.cells import LSTMCell, State
from latent_rationale.common.vocabulary import Vocabulary
from latent_rationale.explain.language_model import LanguageModel
from latent_rationale.explain.word_choices import WordChoice


@dataclass(frozen=True, eq=False)
class Translation:
    """Between two vocabularies, which meet through words; what the other does not have is unknown there.

    Attributes:
        there: for each id of the first the one in the second.
        back: the other way round.
    """

    there: Tensor
    back: Tensor

    @classmethod
    def between(cls, first: Vocabulary, second: Vocabulary) -> "Translation":
        """By their words."""
        return cls(torch.tensor(second.encode(first.words)), torch.tensor(first.encode(second.words)))

    def to(self, device: torch.device) -> "Translation":
        """The same on another device."""
        return Translation(self.there.to(device), self.back.to(device))


class Sampler:
    """Goes on from what has been read, in one direction. What a word adds to the gates is computed once, for all words.

    Args:
        embedding: ids to vectors.
        lstm: reads them.
        choice: p(word | state).
        translation: between the ids of the user and those of the embedding.
    """

    def __init__(self, embedding: nn.Embedding, lstm: nn.LSTM, choice: WordChoice, translation: "Translation"):
        self.cell = LSTMCell.of(lstm)
        self.choice = choice
        self.translation = translation
        with torch.no_grad():
            self.projected = self.cell.project(embedding.weight)

    @torch.no_grad()
    def __call__(self, ids: Tensor, lengths: Tensor, samples: int, words: int) -> Tensor:
        """So many samples of so many words after each of R beginnings: ids ``[R, samples, words]``.

        Args:
            ids: ``[R, T]``.
            lengths: of the beginnings, ``[R]``, at least 1.
            samples: how many for each.
            words: how many in each.
        """
        state = self._read(self.translation.there[ids], lengths)
        state = tuple(part.repeat_interleave(samples, dim=0) for part in state)
        drawn = []
        for _ in range(words):
            noise = torch.rand(len(state[0]), device=ids.device)
            drawn.append(self.choice.icdf(state[0], noise))
            state = self.cell.step(self.projected[drawn[-1]], state)
        return self.translation.back[torch.stack(drawn, dim=1)].view(len(ids), samples, words)

    def _read(self, ids: Tensor, lengths: Tensor) -> State:
        """The state behind each beginning."""
        state = self.cell.start(self.projected[ids[:, 0]])
        for place in range(int(lengths.max())):
            inside = (place < lengths).unsqueeze(1)
            after = self.cell.step(self.projected[ids[:, place]], state)
            state = tuple(torch.where(inside, new, old) for new, old in zip(after, state, strict=True))
        return state


@dataclass(frozen=True, eq=False)
class Language:
    """A language model as a classifier's words meet it.

    Attributes:
        forwards: goes on to the right.
        backwards: goes on to the left, from sentences in reverse.
        padding_id: the classifier's.
    """

    forwards: Sampler
    backwards: Sampler
    padding_id: int

    @classmethod
    def of(cls, model: LanguageModel, own: Vocabulary, classifier: Vocabulary) -> "Language":
        """From a language model with its vocabulary, for a classifier with another."""
        translation = Translation.between(classifier, own).to(model.embedding.weight.device)
        encoder = model.encoder
        forwards, backwards = (
            Sampler(model.embedding, lstm, model.choice, translation) for lstm in (encoder.forwards, encoder.backwards)
        )
        return cls(forwards, backwards, classifier.padding_id)
