"""What holds on a GPU; skipped where there is none."""

import pytest
import torch
import transformers

from latent_rationale.common.data.batching import training_batches
from latent_rationale.common.data.word_vectors import make_embedding
from latent_rationale.common.structures import Batch
from latent_rationale.common.training.loop import evaluate, train_step
from latent_rationale.common.training.state import TrainState
from latent_rationale.explain.explainers import EXPLAINERS, NEED_LANGUAGE_MODEL
from latent_rationale.explain.options import EvaluateOptions
from latent_rationale.explain.session import Session
from latent_rationale.explain.text_explainer import ExplainRequest
from latent_rationale.explain.train_lm import main as train_lm
from latent_rationale.snli.task import SNLI
from latent_rationale.sst.task import SST
from latent_rationale.sst.train import main as train_sst

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
GPU = torch.device("cuda")

VARIANTS = [
    ("sst", {"model": "baseline"}),
    ("sst", {"model": "latent", "selection": 0.3, "lasso": 0.1}),
    ("sst", {"model": "latent", "dependent_z": True}),
    ("sst", {"model": "latent", "layer": "rcnn"}),
    ("sst", {"model": "latent", "layer": "cnn"}),
    ("sst", {"model": "rl", "sparsity": 0.01, "control_variate": "rloo"}),
    ("snli", {"self_attention": True, "mask_diagonal": True}),
    ("snli", {"dist": "hardkuma", "selection": 0.1}),
    ("snli", {"model": "recurrent"}),
]
every_variant = pytest.mark.parametrize(("name", "options"), VARIANTS, ids=str)


@pytest.fixture
def prepared(small_sst, small_snli):
    def prepare(name, options):
        torch.manual_seed(1)
        task_class, small = {"sst": (SST, small_sst), "snli": (SNLI, small_snli)}[name]
        paths = {"data_path": small.folder, "word_vectors": (str(small.vectors),)}
        task = task_class(task_class.options_class(hidden_size=16, **paths, **options))
        splits = task.read_splits()
        vectors = task.read_vectors(splits)
        vocabulary = task.vocabulary(splits, vectors)
        model, objective = task.build(make_embedding(vocabulary, vectors.matrix.shape[1], vectors, trained=False))
        return task, model, objective, task.encode(splits.train, vocabulary)

    return prepare


@every_variant
def test_no_step_waits_for_the_device(prepared, name, options):
    task, model, objective, data = prepared(name, options)
    train_state = TrainState(model.to(GPU), objective.to(GPU), task.options)
    train_state.train()
    batches = training_batches(data, 20, 1, 0, GPU)
    for step in range(4):
        _, batch = next(batches)
        assert isinstance(batch, Batch)
        torch.cuda.set_sync_debug_mode("error" if step > 0 else "default")
        try:
            train_step(train_state, batch, 5.0)
        finally:
            torch.cuda.set_sync_debug_mode("default")


@every_variant
def test_an_evaluation_gives_the_same_numbers_as_on_the_processor(prepared, name, options):
    task, model, objective, data = prepared(name, options)
    expected = evaluate(model, objective, data, 30, task.measure)
    found = evaluate(model.to(GPU), objective.to(GPU), data, 30, task.measure)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-3)


@pytest.fixture(scope="module")
def classifiers(small_sst, tmp_path_factory):
    """The folders of an LSTM classifier and of a language model, trained for a moment on the processor."""
    root = tmp_path_factory.mktemp("explain")
    small = ["--device", "cpu", "--hidden_size", "8", "--batch_size", "20", "--num_iterations", "-2"]
    assert train_sst(["--classes", "2", *small, *small_sst.arguments, "--save_path", str(root / "sst")]) == 0
    assert train_lm(["--ckpt", str(root / "sst"), *small, "--save_path", str(root / "lm")]) == 0
    return root


@pytest.mark.parametrize("method", EXPLAINERS)
def test_explanations_are_those_of_the_processor(classifiers, method):
    """Both sample by the same noise, but a word may change where the noise falls near the edge of its share."""
    found = []
    for device in ("cpu", "cuda"):
        options = EvaluateOptions(
            ckpt=classifiers / "sst", lm=classifiers / "lm", method=(method,), device=device, sample_n=400
        )
        session = Session(options)
        example = session.examples()[0]
        sentence = session.texts.encode(example)
        found.append(session.texts.scorer(method, 1, sentence)(list(session.texts.phrases_of(example, sentence))))
    tolerance = 0.05 if method in NEED_LANGUAGE_MODEL else 1e-4
    assert found[1] == pytest.approx(found[0], rel=tolerance, abs=tolerance)


def test_a_transformer_is_explained_alike(small_sst, tmp_path):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "film", "love", "##ly", "not", "good"]
    transformers.BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(tmp_path)
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12
    )
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    for method in set(EXPLAINERS) - set(NEED_LANGUAGE_MODEL):
        found = []
        for device in ("cpu", "cuda"):
            session = Session(EvaluateOptions(ckpt=tmp_path, method=(method,), device=device))
            words = ["a", "lovely", "film", "not", "good"]
            sentence = session.texts.encode(ExplainRequest(0, session.task.example_of((words,))))
            found.append(session.texts.scorer(method, 1, sentence)([(0, 1), (1, 3), (0, 5)]))
        assert found[1] == pytest.approx(found[0], rel=1e-3, abs=1e-4)
