"""What a command computes on Apple's GPU, by a fake: there is none where the tests run.

The fake is torch's meta device, which has shapes without values, under rules of Apple's GPU: no float64, random
numbers from a generator of the device only, and no copies that are not waited for. Operators without an implementation
are computed on the CPU. Values that are read on the host are ones.
"""

from itertools import product
from typing import Any

import pytest
import torch
import transformers
from torch.distributions import kl_divergence
from torch.optim import optimizer
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from latent_rationale.common.data.batching import training_batches
from latent_rationale.common.distributions import Bernoulli, HardConcrete, HardKuma, numerics
from latent_rationale.common.training.loop import evaluate, train_step
from latent_rationale.common.training.state import TrainState
from latent_rationale.explain.explainers import EXPLAINERS
from latent_rationale.explain.models.loading import load_predictor
from latent_rationale.explain.settings import Phrasing, Sampling
from latent_rationale.explain.text_explainer import ExplainRequest, TextExplainer
from latent_rationale.explain.train_lm import main as train_lm
from latent_rationale.snli.task import SNLI
from latent_rationale.sst.task import SST
from latent_rationale.sst.train import main as train_sst

FAKE = torch.device("meta")


def is_on_device(value):
    return isinstance(value, torch.Tensor) and value.device == FAKE


def ones_like(tensor, dtype=None):
    return torch.ones(tensor.shape, dtype=dtype or tensor.dtype)


class AppleRules(TorchDispatchMode):
    """Mode in which the meta device follows the rules of Apple's GPU."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        read = self._read(function, args, kwargs)
        if read is not None:
            return read
        if kwargs.get("non_blocking") and kwargs.get("device") == FAKE:
            raise RuntimeError("a copy that is not waited for reads memory that may have been freed")
        generator = kwargs.get("generator")
        try:
            result = function(*args, **kwargs)
        except NotImplementedError:  # as where the device lacks an operator: computed on the CPU
            moved = tree_map(lambda x: ones_like(x) if is_on_device(x) else x, (args, kwargs))
            on_host = function(*moved[0], **moved[1])
            result = tree_map(lambda x: x.to(FAKE) if isinstance(x, torch.Tensor) else x, on_host)
        for tensor in tree_leaves(result):
            if is_on_device(tensor):
                if tensor.dtype == torch.float64 and tensor.dim():
                    raise TypeError(f"the MPS framework does not support float64 ({function})")
                if generator is not None and generator.device != FAKE:
                    raise RuntimeError(f"expected a generator of the device ({function})")
        return result

    @staticmethod
    def _read(function: Any, args: Any, kwargs: Any) -> Any:
        """Return ones for what is copied from the device to the host; None for everything else."""
        tensor = next((x for x in tree_leaves(args) if isinstance(x, torch.Tensor)), None)
        if is_on_device(tensor):
            if function is torch.ops.aten._local_scalar_dense.default:
                return ones_like(tensor).item()
            if function is torch.ops.aten._to_copy.default and kwargs.get("device", FAKE) == torch.device("cpu"):
                return ones_like(tensor, kwargs.get("dtype"))
        return None


@pytest.fixture
def apple(monkeypatch):
    monkeypatch.setattr(numerics, "WITHOUT_FLOAT64", frozenset({FAKE.type}))
    supported = optimizer._get_fused_kernels_supported_devices
    monkeypatch.setattr(optimizer, "_get_fused_kernels_supported_devices", lambda: [*supported(), FAKE.type])
    return AppleRules()


def test_the_fake_has_the_rules_of_apples_gpu():
    with AppleRules():
        assert (torch.ones(2, device=FAKE) + 1).sum().item() == 1
        assert torch.zeros(2, device=FAKE).tolist() == [1, 1]
        with pytest.raises(TypeError, match="does not support float64"):
            torch.ones(2, device=FAKE).double()
        with pytest.raises(RuntimeError, match="is not waited for"):
            torch.ones(2).to(FAKE, non_blocking=True)
        with pytest.raises(RuntimeError, match="expected a generator of the device"):
            torch.rand(2, device=FAKE, generator=torch.Generator())


DISTRIBUTIONS = {
    "bernoulli": lambda: Bernoulli(logits=torch.zeros(3, device=FAKE)),
    "hardkuma": lambda: HardKuma(*torch.ones(2, 3, device=FAKE)),
    "hardconcrete": lambda: HardConcrete(torch.ones(3, device=FAKE)),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions_need_no_float64(apple, name):
    with apple:
        distribution = DISTRIBUTIONS[name]()
        sample = distribution.rsample() if distribution.has_rsample else distribution.sample()
        found = [sample, distribution.log_prob(sample), distribution.cdf(sample), distribution.decide()]
        found += [distribution.p0, distribution.p1, distribution.mean, distribution.variance, distribution.mode]
        found += [distribution.entropy(), kl_divergence(distribution, DISTRIBUTIONS[name]())]
    assert {(tensor.shape, tensor.dtype, tensor.device) for tensor in found} == {((3,), torch.float32, FAKE)}


SST_VARIANTS = [
    {"model": "baseline"},
    {"model": "latent", "selection": 0.3, "lasso": 0.1},
    {"model": "latent", "dist": "hardconcrete", "dependent_z": True},
    {"model": "latent", "layer": "rcnn"},
    {"model": "latent", "layer": "cnn"},
    {"model": "latent", "layer": "bow"},
    {"model": "rl", "sparsity": 0.01, "control_variate": "rloo"},
    {"model": "attention"},
]
SNLI_VARIANTS = [{"self_attention": True}, {"dist": "hardkuma", "selection": 0.1}, {"model": "recurrent"}]
VARIANTS = [*(("sst", each) for each in SST_VARIANTS), *(("snli", each) for each in SNLI_VARIANTS)]


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=str)
def test_steps_and_evaluations_need_no_float64(apple, small_sst, small_snli, name, options):
    task_class, small = {"sst": (SST, small_sst), "snli": (SNLI, small_snli)}[name]
    task = task_class(
        task_class.options_class(hidden_size=8, data_path=small.folder, word_vectors=(str(small.vectors),), **options)
    )
    splits = task.read_splits()
    vocabulary, model, objective = task.start(splits)
    data = task.encode(splits.train, vocabulary)
    train_state = TrainState(model.to(FAKE), objective.to(FAKE), task.options)
    batches = training_batches(data, 20, 1, 0, FAKE)
    with apple:
        train_state.train()
        train_step(train_state, next(batches)[1], 5.0)
        evaluate(train_state.model, train_state.objective, data, 30, task.measure)


@pytest.fixture(scope="module")
def classifiers(small_sst, tokenizer, tmp_path_factory):
    """Folder of a classifier, a language model and a transformer, trained for a moment on the processor."""
    root = tmp_path_factory.mktemp("explain")
    small = ["--hidden_size", "8", "--batch_size", "20", "--num_iterations", "2"]
    assert train_sst(["--classes", "2", *small, *small_sst.arguments, "--save_path", str(root / "sst")]) == 0
    assert train_lm(["--ckpt", str(root / "sst"), *small, "--save_path", str(root / "lm")]) == 0
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 12}
    config = transformers.BertConfig(vocab_size=len(tokenizer), **sizes)
    transformers.BertForSequenceClassification(config).save_pretrained(root / "bert")
    tokenizer.save_pretrained(root / "bert")
    return root


# SCD of a recurrent classifier computes indices from values, which the fake does not have.
@pytest.mark.parametrize(("kind", "method"), sorted({*product(["sst", "bert"], EXPLAINERS)} - {("sst", "scd")}))
def test_explanations_need_no_float64(apple, classifiers, kind, method):
    predictor, lm = (load_predictor(classifiers / name, FAKE) for name in (kind, "lm"))
    with apple:
        texts = TextExplainer(predictor, lm, Sampling(nb_range=2, sample_n=2))
        request = ExplainRequest(0, predictor.task.example_of((["a", "film", "not", "good"],)))
        (explanation,) = texts.explain([request], method, Phrasing(longest=2))
    assert len(explanation.scores) == 4 + 3
