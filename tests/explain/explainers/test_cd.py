"""Contextual decomposition against its formulas, written out (Murdoch, Liu & Yu, 2018, section 3)."""

import pytest
import torch
from torch import nn

from latent_rationale.common.experiment.options import RationaleTrainOptions
from latent_rationale.common.experiment.variants import Baseline
from latent_rationale.common.nn.cells import LSTMCell
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.recurrent import RecurrentClassifier
from latent_rationale.explain.explainers.cd import CD, cd, relevant_state
from latent_rationale.explain.models.function import ExplainedFunction
from latent_rationale.explain.models.text_model import ExplainedTextModel

WORDS, SIZE, HIDDEN = 5, 3, 4
SPANS = [(0, 1), (1, 4), (4, 5), (0, 5)]


@pytest.fixture
def cell(randomise):
    return randomise(LSTMCell(SIZE, HIDDEN))


def by_formulas(cell, embedded, start, end):
    """Both parts of the state after the last word, each by its own sum of products."""

    def split(a, b, bias, function):
        """Equation 17, for two parts; the bias stands first."""
        first = (function(a + bias) - function(bias) + function(a + b + bias) - function(b + bias)) / 2
        second = (function(b + bias) - function(bias) + function(a + b + bias) - function(a + bias)) / 2
        return first, second, function(bias)

    zero = torch.zeros(HIDDEN, dtype=torch.float64)
    relevant, rest, memory_relevant, memory_rest = zero, zero, zero, zero
    for place, word in enumerate(embedded):
        inside = start <= place < end
        given = cell.input_weight @ word
        a = cell.recurrent_weight @ relevant + (given if inside else 0)
        b = cell.recurrent_weight @ rest + (0 if inside else given)
        (ai, af, ag, ao), (bi, bf, bg, bo) = a.chunk(4), b.chunk(4)
        ci, cf, cg, co = cell.bias.chunk(4)
        ri, si, di = split(ai, bi, ci, torch.sigmoid)
        rf, sf, df = split(af, bf, cf, torch.sigmoid)
        rg, sg, dg = split(ag, bg, cg, torch.tanh)
        biases = di * dg
        new_relevant = ri * (rg + dg) + di * rg + (biases if inside else 0) + (rf + df) * memory_relevant
        new_rest = si * (rg + sg + dg) + (ri + di) * sg + (0 if inside else biases)
        memory_rest = new_rest + (rf + sf + df) * memory_rest + sf * memory_relevant
        memory_relevant = new_relevant
        whole = memory_relevant + memory_rest
        show = torch.sigmoid(ao + bo + co)
        shown = (memory_relevant.tanh() + whole.tanh() - memory_rest.tanh()) / 2
        relevant, rest = show * shown, show * (whole.tanh() - shown)
    return relevant, rest


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_the_relevant_state_is_that_of_the_formulas(cell, span):
    embedded = torch.randn(WORDS, SIZE, dtype=torch.float64)
    inside = torch.zeros(1, WORDS, dtype=torch.bool)
    inside[:, slice(*span)] = True
    with torch.no_grad():
        relevant, rest = by_formulas(cell, embedded, *span)
        torch.testing.assert_close(relevant_state(cell, embedded, inside)[0], relevant)
        state = cell.start(embedded[:1])
        for projected in torch.split(cell.project(embedded), 1):
            state = cell.step(projected, state)
        torch.testing.assert_close(relevant + rest, state[0][0])


def test_scores_are_margins_of_both_directions(randomise):
    torch.manual_seed(1)
    model = randomise(Baseline(RationaleTrainOptions(hidden_size=HIDDEN)).model(nn.Embedding(9, SIZE), 2)).eval()
    classifier = RecurrentClassifier.of(model)
    embedding = classifier.embedding.weight
    explainer = CD(ExplainedTextModel(model, padding_id=1), 1)
    ids = torch.tensor([3, 8, 0, 4, 4])
    with torch.no_grad():
        for (start, end), score in zip(SPANS, explainer(ids, SPANS), strict=True):
            there, _ = by_formulas(classifier.forwards, embedding[ids], start, end)
            back, _ = by_formulas(classifier.backwards, embedding[ids].flip(0), WORDS - end, WORDS - start)
            scores = classifier.output.weight @ torch.cat([there, back])
            torch.testing.assert_close(score, scores[1] - scores[0])


def test_other_encoders_are_refused():
    model = Baseline(RationaleTrainOptions(hidden_size=4, layer="rcnn")).model(nn.Embedding(9, SIZE), 2)
    with pytest.raises(InputError, match="the model has an RCNN; SCD is for both"):
        CD(ExplainedTextModel(model, padding_id=1), 1)


def test_functions_are_refused():
    model = ExplainedFunction(lambda ids: ids, padding_id=1)
    with pytest.raises(InputError, match="CD is for LSTMs, and the model is not recurrent"):
        CD(model, 1)
    with pytest.raises(InputError, match="needs the layers of a model and cannot explain a function"):
        cd(model, 1)
