"""Python interface of trained models, which ``load``, ``train`` and the ``from_`` functions return."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.experiment.task import Text
from latent_rationale.explain.hierarchy.explanation import Explanation
from latent_rationale.explain.models.loading import load_predictor
from latent_rationale.explain.settings import Phrasing, Sampling
from latent_rationale.explain.text_explainer import ExplainRequest, TextExplainer


class TrainedModel(Predictor):
    """Trained model that predicts and explains texts.

    Example:
        >>> model = latent_rationale.load("results/sst/baseline2")  # doctest: +SKIP
        >>> model.predict("A gripping, funny film.")[0].label_name  # doctest: +SKIP
        'positive'
        >>> model.explain("A gripping, funny film.", "occlusion")[0].strongest(1)  # doctest: +SKIP
        'gripping +1.2'
    """

    @classmethod
    def of(cls, predictor: Predictor) -> Self:
        """Create a trained model from a predictor, with the same task, vocabulary and modules."""
        model = cls(predictor.task, predictor.vocabulary, predictor.model, predictor.objective, predictor.source)
        model.results = predictor.results
        return model

    def explain(
        self,
        texts: Text | Sequence[Any],
        method: str = "soc",
        lm: Predictor | Path | str | None = None,
        *,
        nb_range: int = 10,
        sample_n: int = 20,
        share_samples: bool = False,
        seed: int = 1,
        longest: int | None = None,
        agglomerate: bool = False,
        percentile: float = 90.0,
        label: str | None = None,
        max_batch: int | None = None,
    ) -> list[Explanation]:
        """Score the phrases of texts, like ``python -m latent_rationale.explain``.

        Samples depend only on the seed and the index of a text, so that equal calls return equal scores.

        Args:
            texts: one string, or a list of texts, which are strings or sequences of tokens.
            method: name of the explainer, one of ``latent_rationale.explain.explainers.EXPLAINERS``.
            lm: language model, or its results folder, which ``soc`` and ``scd`` need.
            nb_range: number N of words on either side of a phrase that are resampled.
            sample_n: number K of samples.
            share_samples: phrases with a common boundary share samples, which is faster but less exact.
            seed: seed of the samples.
            longest: maximum number of words of a phrase; 3 by default.
            agglomerate: build a hierarchy of phrases by agglomeration instead of scoring all phrases up to a length.
            percentile: percentile that a candidate must reach to be selected in a round of the agglomeration.
            label: name of the class to explain; by default, of two classes the positive one, of more the predicted one.
            max_batch: maximum number of sentences per forward pass.

        Returns:
            One explanation per text, in the order of the texts.

        Raises:
            InputError: if the model is not a classifier of one text, or the method does not fit the model.
        """
        examples = self.examples_of(texts)
        sampling = Sampling(nb_range=nb_range, sample_n=sample_n, share_samples=share_samples, seed=seed)
        phrasing = Phrasing(percentile=percentile) if agglomerate else Phrasing(longest=longest)
        language_model = lm if isinstance(lm, Predictor) or lm is None else load_predictor(Path(lm), self.device)
        explainer = TextExplainer(self, language_model, sampling, max_batch)
        requests = [ExplainRequest(number, example) for number, example in enumerate(examples)]
        return list(explainer.explain(requests, method, phrasing, label))
