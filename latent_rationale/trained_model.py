"""Trained models in Python: what ``load``, ``from_transformers`` and ``from_function`` return."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from latent_rationale.common.experiment.predictor import Predictor, Text
from latent_rationale.explain.hierarchy.explanation import Explanation
from latent_rationale.explain.models.loading import load_predictor
from latent_rationale.explain.settings import Phrasing, Sampling
from latent_rationale.explain.text_explainer import ExplainRequest, TextExplainer


class TrainedModel(Predictor):
    """A trained model that predicts and explains texts.

    Example:
        >>> model = latent_rationale.load("results/sst/baseline2")  # doctest: +SKIP
        >>> model.predict("A gripping, funny film.")[0].label_name  # doctest: +SKIP
        'positive'
        >>> model.explain("A gripping, funny film.", "occlusion")[0].strongest(1)  # doctest: +SKIP
        'gripping +1.2'
    """

    @classmethod
    def of(cls, predictor: Predictor) -> Self:
        """Add explanations to a predictor."""
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

        Sampling depends only on the seed and the index of a text, so that equal calls return equal scores.

        Args:
            texts: one string, or a list of texts, which are strings or sequences of tokens.
            method: name of the explainer, one of ``latent_rationale.explain.explainers.EXPLAINERS``.
            lm: a language model, or its results folder; ``soc`` and ``scd`` need it.
            nb_range: N, the number of words on either side of a phrase that are sampled anew.
            sample_n: K, the number of samples.
            share_samples: phrases with the same edge share their samples, which is faster and less exact.
            seed: seed of the samples.
            longest: score all phrases of up to so many words; 3 unless given.
            agglomerate: instead grow a tree of phrases by their scores.
            percentile: percentile of words and gains that are taken as the tree grows.
            label: name of the explained class; by default the positive one of two, the predicted one of more.
            max_batch: sentences that go through the model at a time.

        Returns:
            One explanation for each text, in their order.

        Raises:
            InputError: if the model is no classifier of one text, or cannot be explained by the method.
        """
        examples = self.examples_of(texts)
        sampling = Sampling(nb_range=nb_range, sample_n=sample_n, share_samples=share_samples, seed=seed)
        phrasing = Phrasing(percentile=percentile) if agglomerate else Phrasing(longest=longest)
        language_model = lm if isinstance(lm, Predictor) or lm is None else load_predictor(Path(lm), self.device)
        explainer = TextExplainer(self, language_model, sampling, max_batch)
        requests = [ExplainRequest(number, example) for number, example in enumerate(examples)]
        return list(explainer.explain(requests, method, phrasing, label))
