"""How the layers of BERT and its relatives split activations. A new kind of layer is a line in ``LAYER_RULES``."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import GELUActivation
from transformers.models.bert import modeling_bert as bert
from transformers.models.roberta import modeling_roberta as roberta
from transformers.models.xlm_roberta import modeling_xlm_roberta as xlm_roberta

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.split_activation import SplitActivation
from latent_rationale.explain.explainers.scd import Decompose
from latent_rationale.explain.models.transformer_network import SequenceClassifier, embeddings_of, first_place


def apply(layer: Any, parts: SplitActivation) -> SplitActivation:
    """What a layer makes of an activation, by its rule.

    Raises:
        InputError: if there is no rule for its type.
    """
    if type(layer) not in LAYER_RULES:
        raise InputError(f"no rule tells how a {type(layer).__name__} splits activations")
    return LAYER_RULES[type(layer)](layer, parts)


def _linear(layer: nn.Linear, parts: SplitActivation) -> SplitActivation:
    return parts.linear(layer.weight, layer.bias)


def _nonlinear(layer: nn.Module, parts: SplitActivation) -> SplitActivation:
    return parts.bent(layer)


def _nothing(layer: nn.Module, parts: SplitActivation) -> SplitActivation:
    return parts


def _norm(layer: nn.LayerNorm, parts: SplitActivation) -> SplitActivation:
    """Centring is linear; it is divided by the deviation of the whole."""
    centred = parts.each(lambda x: x - x.mean(-1, keepdim=True))
    deviation = (centred.whole.square().mean(-1, keepdim=True) + layer.eps).sqrt()
    return centred.scaled(layer.weight / deviation) + layer.bias


def _embeddings(layer: Any, parts: SplitActivation) -> SplitActivation:
    """Places and types of pieces are as good as biases."""
    first = first_place(layer)
    places = layer.position_embeddings.weight[first : first + parts.whole.shape[-2]]
    normed = apply(layer.LayerNorm, parts + (places + layer.token_type_embeddings.weight[0]))
    return normed.with_biases((parts.relevant != 0).any(-1, keepdim=True))


def _self_attention(layer: Any, parts: SplitActivation) -> SplitActivation:
    """The weights are those of the whole; values split."""

    def heads(x: Tensor) -> Tensor:
        """``[S, K, T, D]`` to ``[S, K, heads, T, D / heads]``."""
        return x.reshape(*x.shape[:-1], layer.num_attention_heads, -1).transpose(-2, -3)

    query, key = heads(layer.query(parts.whole)), heads(layer.key(parts.whole))
    weights = (query @ key.transpose(-1, -2) * layer.scaling).softmax(-1)
    values = apply(layer.value, parts).each(heads)
    mixed = type(parts)(weights @ values.whole, weights.mean(1, keepdim=True) @ values.relevant)
    return mixed.each(lambda x: x.transpose(-2, -3).flatten(-2))


def _output(layer: Any, parts: SplitActivation, residual: SplitActivation) -> SplitActivation:
    """A dense layer beside what goes past it."""
    return apply(layer.LayerNorm, apply(layer.dense, parts) + residual)


def _layer(layer: Any, parts: SplitActivation) -> SplitActivation:
    """Attention, then two dense layers."""
    attended = _output(layer.attention.output, apply(layer.attention.self, parts), parts)
    inner = apply(layer.intermediate.intermediate_act_fn, apply(layer.intermediate.dense, attended))
    return _output(layer.output, inner, attended)


def _first_place(parts: SplitActivation) -> SplitActivation:
    return parts.each(lambda x: x[..., 0, :])


def _pooler(layer: Any, parts: SplitActivation) -> SplitActivation:
    return apply(layer.activation, apply(layer.dense, _first_place(parts)))


def _roberta_head(layer: Any, parts: SplitActivation) -> SplitActivation:
    return apply(layer.out_proj, apply(layer.dense, _first_place(parts)).tanh())


LAYER_RULES: dict[type[nn.Module], Callable[[Any, SplitActivation], SplitActivation]] = {
    nn.Linear: _linear,
    nn.LayerNorm: _norm,
    nn.Tanh: _nonlinear,
    nn.GELU: _nonlinear,
    nn.ReLU: _nonlinear,
    GELUActivation: _nonlinear,
    bert.BertEmbeddings: _embeddings,
    bert.BertSelfAttention: _self_attention,
    bert.BertLayer: _layer,
    bert.BertPooler: _pooler,
    roberta.RobertaEmbeddings: _embeddings,
    roberta.RobertaSelfAttention: _self_attention,
    roberta.RobertaLayer: _layer,
    roberta.RobertaClassificationHead: _roberta_head,
    xlm_roberta.XLMRobertaEmbeddings: _embeddings,
    xlm_roberta.XLMRobertaSelfAttention: _self_attention,
    xlm_roberta.XLMRobertaLayer: _layer,
    xlm_roberta.XLMRobertaClassificationHead: _roberta_head,
}
"""How each type of layer splits what it is given. Dropout does nothing to a trained model, and needs no rule."""


def states(model: SequenceClassifier, embedded: SplitActivation) -> Iterator[SplitActivation]:
    """Embedded pieces ``[S, K, T, D]`` layer by layer: embeddings, each layer, a pooler where there is one, scores.

    Raises:
        InputError: for a layer without a rule.
    """
    network = model.network
    body = network.base_model
    parts = apply(embeddings_of(network), _framed(model, embedded))
    yield parts
    for layer in body.encoder.layer:
        parts = apply(layer, parts)
        yield parts
    if getattr(body, "pooler", None) is not None:
        parts = apply(body.pooler, parts)
        yield parts
    yield apply(network.classifier, parts)


def _framed(model: SequenceClassifier, parts: SplitActivation) -> SplitActivation:
    """With what belongs to no phrase on either side."""
    before, behind = (
        model.embedding(ids).expand(*parts.whole.shape[:2], -1, -1) for ids in (model.prefix, model.suffix)
    )
    whole = torch.cat([before, parts.whole, behind], dim=-2)
    relevant = nn.functional.pad(parts.relevant, (0, 0, before.shape[-2], behind.shape[-2]))
    return type(parts)(whole, relevant)


def decomposable(model: SequenceClassifier) -> Decompose:
    """The model as ``SCD`` asks for it.

    Raises:
        InputError: for a layer without a rule.
    """

    @torch.no_grad()
    def decompose(contexts: Tensor, inside: Tensor, kind: type[SplitActivation]) -> SplitActivation:
        *_, scores = states(model, kind.of(model.embedding(contexts), inside))
        return scores

    piece = torch.zeros(1, 1, 1, dtype=torch.long, device=model.prefix.device)
    try:  # on a sentence of one
        decompose(piece, piece[0] == 0, SplitActivation)
    except InputError as error:
        kinds = "BERT, RoBERTa and XLM-RoBERTa"
        raise InputError(f"a {type(model.network).__name__} cannot be split: {error}; {kinds} can") from error
    return decompose
