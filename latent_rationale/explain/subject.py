"""A trained classifier as explainers meet it."""

from functools import partial

import torch
from torch import Tensor

from latent_rationale.common.errors import InputError
from latent_rationale.common.prediction import Prediction
from latent_rationale.common.predictor import Predictor
from latent_rationale.common.structures import Tokens
from latent_rationale.common.text_model import TextModel
from latent_rationale.explain.contexts import Context
from latent_rationale.explain.decompose import decomposable, lstm_classifier
from latent_rationale.explain.methods import Access
from latent_rationale.explain.repeated import Repeated


class Subject:
    """A classifier of one text, by the margins of its classes.

    Args:
        predictor: the trained model.
        max_batch: sentences that go through it at a time.

    Raises:
        InputError: for a model that reads something else.
    """

    def __init__(self, predictor: Predictor, max_batch: int):
        if not isinstance(predictor.model, TextModel):
            raise InputError(f"a model for {predictor.task.name} does not read one text, and cannot be explained")
        self.predictor = predictor
        self.model = predictor.model
        self.names = predictor.task.output_names
        self.max_batch = max_batch

    def ids_of(self, tokens: tuple[str, ...]) -> Tensor:
        """The ids ``[T]`` of words."""
        return torch.tensor(self.predictor.vocabulary.encode(tokens), device=self.model.embedding.weight.device)

    def explained(self, prediction: Prediction) -> int:
        """Which score is explained: that of two classes which comes second, of more the predicted one.

        Raises:
            InputError: for a prediction of several scores that are no classes.
        """
        if len(self.names) < 3:
            return len(self.names) - 1
        if prediction.label is None:
            raise InputError(
                f"the model predicts {len(self.names)} scores that are no classes, and cannot be explained"
            )
        return prediction.label

    def access(self, label: int, sampled: Context | None) -> Access:
        """To the margin of a class, with contexts from a language model where there is one."""
        return Access(
            score=partial(self.score, label=label),
            padding_id=self.predictor.vocabulary.padding_id,
            embedding_score=partial(self.score_embedded, label=label),
            embed=partial(Repeated.of, self.model.embedding),
            decomposable=partial(decomposable, self.model),
            lstm_classifier=partial(lstm_classifier, self.model),
            margin=partial(margin, label=label),
            max_batch=self.max_batch,
            sampled=sampled,
        )

    def score(self, tokens: Tokens, label: int) -> Tensor:
        """The margins ``[B]`` of a class, some sentences at a time."""
        parts = tokens.split(self.max_batch)
        with torch.no_grad():
            embedded = (Repeated.of(self.model.embedding, part.ids) for part in parts)
            return torch.cat([self.score_embedded(*pair, label) for pair in zip(embedded, parts, strict=True)])

    def score_embedded(self, embedded: Tensor, tokens: Tokens, label: int) -> Tensor:
        """The margins ``[B]`` of a class for embedded sentences ``[B, T, D]``, with gradients."""
        return margin(self.model.read(embedded, tokens).scores, label)


def margin(scores: Tensor, label: int) -> Tensor:
    """Of scores ``[B, C]``: the class's own less the largest other one, ``[B]``; a lone score as it is."""
    if scores.shape[1] == 1:
        return scores[:, 0]
    others = torch.cat([scores[:, :label], scores[:, label + 1 :]], dim=1)
    return scores[:, label] - others.amax(1)
