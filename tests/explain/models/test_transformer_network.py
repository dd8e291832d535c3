"""A classifier of the library gives its own scores."""

import pytest
import torch

from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.models.transformer_network import load_pieces, trained

ROWS = [[4, 7, 8, 6, 16], [5, 6], [4, 0, 0, 6]]
"""The last one has padding inside, as where a phrase was taken away."""


def tokens_of(rows):
    ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    return Tokens.of(ids, torch.tensor([len(row) for row in rows]))


def test_a_text_is_framed_where_it_ends(make_transformer):
    framed = make_transformer().framed(tokens_of(ROWS))
    assert framed.ids.tolist() == [[2, 4, 7, 8, 6, 16, 3], [2, 5, 6, 3, 0, 0, 0], [2, 4, 0, 0, 6, 3, 0]]
    assert framed.mask.sum(1).tolist() == [7, 4, 6]


def test_scores_are_the_librarys_own(make_transformer, tokenizer):
    model = make_transformer()
    encoded = tokenizer(["A lovely film.", "the film"], padding=True, return_tensors="pt")
    with torch.no_grad():
        torch.testing.assert_close(model.scores(tokens_of(ROWS[:2])), model.network(**encoded).logits)


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "DistilBert", "Electra"])
def test_texts_are_scored_alike_alone_and_among_longer_ones(make_transformer, kind):
    model = make_transformer(kind)
    with torch.no_grad():
        together = model.scores(tokens_of(ROWS))
        for row, expected in zip(ROWS, together, strict=True):
            torch.testing.assert_close(model.scores(tokens_of([row]))[0], expected)


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "XLMRoberta"])
def test_embedded_texts_are_scored_alike(make_transformer, kind):
    """Words stay in their places, whatever is taken away before them."""
    model, tokens = make_transformer(kind), tokens_of(ROWS)
    embedded = model.embedding(tokens.ids).requires_grad_()
    scores = model.scores_embedded(embedded, tokens)
    torch.testing.assert_close(scores, model.scores(tokens))
    (gradient,) = torch.autograd.grad(scores.sum(), embedded)
    assert (gradient != 0).any(-1).equal(tokens.mask)


@pytest.mark.parametrize(("load", "message"), [(load_pieces, "no tokenizer that"), (trained, "no weights;")])
def test_a_folder_without_files_of_the_library(tmp_path, load, message):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(InputError, match=f"{tmp_path.name}: holds {message} "):
        load(str(tmp_path))


def test_an_encoder_without_a_head_is_no_classifier(pretrained):
    with pytest.raises(
        InputError, match=r"is not a trained classifier \(no weights for classifier\.bias\); fine-tune it"
    ):
        trained(str(pretrained))


@pytest.mark.parametrize("kind", ["Bert", "Roberta"])
def test_a_text_fills_all_places_there_are(make_transformer, tokenizer, tmp_path, kind):
    make_transformer(kind).network.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model = trained(str(tmp_path))
    ids = model.pieces.encode(["film"] * 100)
    assert len(ids) == 22 - model.first_position  # of 24 places two are for what stands around the text
    with torch.no_grad():
        assert model.scores(tokens_of([ids])).isfinite().all()


def test_a_tokenizer_of_another_model_is_refused(make_transformer, tokenizer, tmp_path):
    make_transformer(vocab_size=10).network.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(InputError, match="more word pieces than the embedding of the model"):
        trained(str(tmp_path))


@pytest.mark.parametrize("content", ["x", ""])
def test_weights_that_were_cut_short(make_transformer, tokenizer, tmp_path, content):
    make_transformer().network.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_text(content)
    with pytest.raises(InputError, match=r"holds no model that transformers .* can read"):
        trained(str(tmp_path))
