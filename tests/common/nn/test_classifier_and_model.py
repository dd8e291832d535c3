import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.encoders import ENCODERS, BagOfWords
from latent_rationale.common.structures import Batch, Tokens

LENGTHS = (4, 1, 6, 3)
VARIANTS = [{"model": "baseline"}]
VARIANTS += [{"model": model, "dependent_z": dependent} for model in ("latent", "rl") for dependent in (False, True)]
MODELS = [variant | {"layer": layer} for variant in VARIANTS for layer in ENCODERS]
MODELS.append({"model": "latent", "layer": "lstm", "skip_unselected": True})
every_model = pytest.mark.parametrize("options", MODELS, ids=lambda options: "-".join(map(str, options.values())))


def rows(batch: Batch, index: list[int], width: int) -> Batch:
    (tokens,) = batch.inputs
    picked = Tokens(tokens.ids[index, :width], tokens.mask[index, :width], tokens.lengths[index])
    return Batch((picked,), batch.targets[index], [batch.examples[i] for i in index])


@every_model
def test_a_batch_predicts_what_its_single_instances_predict(options, make_model, make_batch):
    batch = make_batch(LENGTHS)
    model = make_model(**options).eval()
    together = model(batch)
    for row, length in enumerate(LENGTHS):
        alone = model(rows(batch, [row], length))
        torch.testing.assert_close(alone.scores, together.scores[[row]])
        if alone.rationale is not None:
            torch.testing.assert_close(alone.rationale.z, together.rationale.z[[row], :length])


@every_model
def test_order_of_a_batch_changes_nothing(options, make_model, make_batch):
    batch, order = make_batch(LENGTHS), [2, 0, 3, 1]
    model = make_model(**options).eval()
    torch.testing.assert_close(model(rows(batch, order, 6)).scores, model(batch).scores[order])


@every_model
def test_padding_changes_nothing(options, make_model, make_batch):
    batch = make_batch(LENGTHS)
    (tokens,) = batch.inputs
    mask = functional.pad(tokens.mask, (0, 3))
    ids = torch.where(mask, functional.pad(tokens.ids, (0, 3)), 17)
    padded = Batch((Tokens(ids, mask, tokens.lengths),), batch.targets, batch.examples)
    model = make_model(**options).eval()
    torch.testing.assert_close(model(padded).scores, model(batch).scores)


@every_model
def test_evaluation_is_deterministic_and_moves_nothing(options, make_model, make_batch):
    batch = make_batch(LENGTHS)
    model = make_model(dropout=0.5, **options).eval()
    weights, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    assert torch.equal(model(batch).scores, model(batch).scores)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


@every_model
@pytest.mark.parametrize("training", [False, True])
def test_classifier_sees_the_rationale_alone(options, training, make_model, make_batch):
    batch = make_batch(LENGTHS)
    (tokens,) = batch.inputs
    model = make_model(**options).train(training)
    output = model(batch)
    embedded = model.embedding(tokens.ids)
    if output.rationale is None:
        assert options["model"] == "baseline"
        torch.testing.assert_close(output.scores, model.classifier(embedded, tokens))
    else:
        z = output.rationale.z
        others = torch.where((z > 0).unsqueeze(-1), embedded, embedded + 10)
        torch.testing.assert_close(output.scores, model.classifier(others, tokens, z))


@every_model
def test_reading_embedded_words_is_reading_the_words(options, make_model, make_batch):
    batch = make_batch(LENGTHS)
    (tokens,) = batch.inputs
    model = make_model(**options).eval()
    assert torch.equal(model.forward_embedded(model.embedding(tokens.ids), tokens).scores, model(batch).scores)


@every_model
def test_fixed_embeddings_get_no_gradient_and_trained_ones_do(options, make_model, make_batch):
    batch = make_batch(LENGTHS)
    model = make_model(**options)
    model(batch).scores.sum().backward()
    assert model.embedding.weight.grad is None
    model.embedding.requires_grad_(True)
    model(batch).scores.sum().backward()
    used = torch.zeros(20, dtype=torch.bool)
    used[batch.inputs[0].ids[batch.inputs[0].mask]] = True
    assert model.embedding.weight.grad.any()
    assert not model.embedding.weight.grad[~used].any()


@every_model
def test_no_tensor_stands_in_a_file_twice(options, make_model):
    places = [value.data_ptr() for value in make_model(**options).state_dict().values()]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("layer", ["rcnn", "cnn", "bow"])
def test_an_empty_rationale_leaves_the_bias(layer, make_model, make_batch):
    (tokens,) = make_batch(LENGTHS).inputs
    classifier = make_model(layer=layer).classifier
    embedded = torch.randn(4, 6, 5, dtype=torch.float64)
    scores = classifier(embedded, tokens, torch.zeros(4, 6, dtype=torch.float64))
    torch.testing.assert_close(scores, classifier.output.bias.expand(4, -1))


class Shown(nn.Module):
    """An output layer that shows what it is given."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs


def test_dropout_on_embeddings_and_before_the_output_layer(make_tokens):
    """A half survives each: a quarter is left, scaled by four. A sound one fails once in a million seeds."""
    size = 10_000
    tokens, ones = make_tokens([1]), torch.ones(1, 1, size)
    classifier = Classifier(BagOfWords(size, 1), 2, dropout=0.5)
    classifier.output = Shown()
    left = classifier(ones, tokens)
    assert left.unique().tolist() == [0, 4]
    assert abs((left > 0).double().mean().item() - 0.25) < 4.9 * (0.25 * 0.75 / size) ** 0.5
    assert torch.equal(classifier.eval()(ones, tokens), ones[0])


def test_selector_and_classifier_draw_their_own_dropout(make_model, make_batch):
    """A word that one of them cannot see may still be seen by the other."""
    model = make_model(model="latent", layer="bow", dropout=0.5)
    seen = []
    for part in (model.selector, model.classifier):
        part.dropout.register_forward_hook(lambda _, __, output: seen.append(output))
    model(make_batch([50]))
    assert not torch.equal(seen[0] != 0, seen[1] != 0)


def test_moving_a_batch_moves_its_tensors_and_keeps_its_examples(make_batch):
    batch = make_batch(LENGTHS)
    moved = batch.to(torch.device("meta"))
    (tokens,) = moved.inputs
    assert {x.device.type for x in (tokens.ids, tokens.mask, tokens.lengths, moved.targets)} == {"meta"}
    assert tokens.ids.shape == tokens.mask.shape == (4, 6)
    assert tokens.mask.dtype == torch.bool
    assert moved.examples is batch.examples
