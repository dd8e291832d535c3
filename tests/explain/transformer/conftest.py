"""A small BERT with random weights, with a tokenizer of few pieces."""

import pytest
import torch
import transformers

from latent_rationale.explain.transformer.network import SequenceClassifier
from latent_rationale.explain.transformer.pieces import WordPieces

PIECES = "[PAD] [UNK] [CLS] [SEP] a the film love ##ly un ##love n ' t ( ) . is not very good bad"
SIZES = {"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 12}


@pytest.fixture(scope="session")
def tokenizer():
    return transformers.BertTokenizer(vocab={piece: number for number, piece in enumerate(PIECES.split())})


@pytest.fixture
def pieces(tokenizer):
    return WordPieces(tokenizer, 20)


@pytest.fixture
def make_model(pieces):
    """A classifier of a kind of three classes, in float64 and without dropout."""

    def make(kind="Bert", **changes):
        torch.manual_seed(1)
        sizes = {**SIZES, "vocab_size": len(pieces.words), "max_position_embeddings": 24, "num_labels": 3, **changes}
        config = getattr(transformers, f"{kind}Config")(pad_token_id=pieces.padding_id, **sizes)
        network = getattr(transformers, f"{kind}ForSequenceClassification")(config)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.copy_(0.4 * torch.randn(parameter.shape))
        return SequenceClassifier(network, pieces).double().eval()

    return make


@pytest.fixture(scope="session")
def pretrained(tokenizer, tmp_path_factory):
    """A folder with an encoder that has no head, as encoders are published."""
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(1)
    config = transformers.BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **SIZES)
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
