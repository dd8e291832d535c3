"""Loading of the models and sentences that a command explains."""

from collections.abc import Sequence

import torch

from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.device import find_device, set_threads
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.models.loading import load_predictor
from latent_rationale.explain.models.transformer_folder import transformer_folder
from latent_rationale.explain.options import ExplainedModelOptions
from latent_rationale.explain.settings import Sampling
from latent_rationale.explain.text_explainer import ExplainRequest, TextExplainer


class Session:
    """Classifier, language model and sentences of a command that explains.

    Args:
        options: options of the command.

    Attributes:
        texts: the classifier, ready to be explained.
        task: task of the classifier.
        methods: methods in the options that fit the classifier.

    Raises:
        InputError: if a model cannot be used, or a method that the user named does not fit the classifier.
    """

    def __init__(self, options: ExplainedModelOptions):
        self.options = options
        set_threads(options.threads)
        device = find_device(options.device)
        sampling = Sampling(
            nb_range=options.nb_range,
            sample_n=options.sample_n,
            share_samples=options.share_samples,
            seed=options.seed,
        )
        classifier = _load_classifier(options, device)
        # A language model takes a while to load, so it is loaded only if a method needs it.
        lm = load_predictor(options.lm, device) if options.lm and options.samples_contexts else None
        self.texts = TextExplainer(classifier, lm, sampling, options.max_batch)
        self.task = classifier.task
        self.methods = tuple(method for method in options.methods if self._allows(method))

    def _allows(self, method: str) -> bool:
        """Tell whether a method fits the classifier.

        Raises:
            InputError: if it does not, and the user named the method.
        """
        try:
            self.texts.explainer(method, self.texts.positive)
        except InputError as error:
            if self.options.methods_are_explicit:
                raise InputError(f"--method {method}: {error}") from error
            LOGGER.info("note: method %s is left out: %s", method, error)
            return False
        return True

    def examples(self) -> list[ExplainRequest]:
        """Read the sentences that the options select, with their indices in the split.

        Raises:
            InputError: if there are none, or the data cannot be used.
        """
        options = self.options
        examples: Sequence[object] = self.task.read_nonempty_split(options.split)
        if options.start >= len(examples):
            raise InputError(f"--start: expected less than {len(examples)}, the number of sentences in {options.split}")
        requests = [ExplainRequest(number, example) for number, example in enumerate(examples)]
        requests = requests[options.start : options.stop]
        if options.sample is None or options.sample >= len(requests):
            return requests
        generator = torch.Generator().manual_seed(options.seed)
        sample = torch.randperm(len(requests), generator=generator)[: options.sample]
        return [requests[index] for index in sorted(sample.tolist())]


def _load_classifier(options: ExplainedModelOptions, device: torch.device) -> Predictor:
    """Load the classifier in ``--ckpt``; for a fine-tuned encoder, its files in the format of ``transformers``.

    Raises:
        InputError: if there is none, or it is not of the kind in ``--explain-model``.
    """
    folder = transformer_folder(options.ckpt)
    if options.explain_model is not None and (options.explain_model == "bert") is (folder is None):
        kind = "a model of this package" if folder is None else "a transformer"
        raise InputError(f"--explain-model {options.explain_model}: the folder holds {kind}", options.ckpt)
    predictor = load_predictor(folder or options.ckpt, device, options.task, options.data_path)
    predictor.source = str(options.ckpt)  # the name that the user knows, not the folder within it
    return predictor
