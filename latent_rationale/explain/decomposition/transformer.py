"""Decomposition of BERT and its relatives. A new type of layer is one function here and one line in ``LAYER_RULES``."""

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
from latent_rationale.explain.models.transformer_network import SequenceClassifier, embeddings_of, first_position


def apply(layer: Any, parts: SplitActivation) -> SplitActivation:
    """Apply a layer to an activation by the rule of its type.

    Raises:
        InputError: if there is no rule for the type.
    """
    if type(layer) not in LAYER_RULES:
        raise InputError(f"no rule tells how a {type(layer).__name__} splits activations")
    return LAYER_RULES[type(layer)](layer, parts)


def _linear(layer: nn.Linear, parts: SplitActivation) -> SplitActivation:
    return parts.linear(layer.weight, layer.bias)


def _nonlinear(layer: nn.Module, parts: SplitActivation) -> SplitActivation:
    return parts.bent(layer)


def _norm(layer: nn.LayerNorm, parts: SplitActivation) -> SplitActivation:
    """Centre both parts, which is linear, and divide them by the deviation of the whole."""
    centred = parts.each(lambda x: x - x.mean(-1, keepdim=True))
    deviation = (centred.whole.square().mean(-1, keepdim=True) + layer.eps).sqrt()
    return centred.scaled(layer.weight / deviation) + layer.bias


def _embeddings(layer: Any, parts: SplitActivation) -> SplitActivation:
    """Add the embeddings of positions and token types like biases."""
    first = first_position(layer)
    positions = layer.position_embeddings.weight[first : first + parts.whole.shape[-2]]
    normed = apply(layer.LayerNorm, parts + (positions + layer.token_type_embeddings.weight[0]))
    return normed.with_biases((parts.relevant != 0).any(-1, keepdim=True))


def _self_attention(layer: Any, parts: SplitActivation) -> SplitActivation:
    """Attend with the weights of the whole, which are averaged over contexts for the relevant part of the values."""

    def heads(x: Tensor) -> Tensor:
        """Reshape ``[S, K, T, D]`` to ``[S, K, heads, T, D / heads]``."""
        return x.reshape(*x.shape[:-1], layer.num_attention_heads, -1).transpose(-2, -3)

    query, key = heads(layer.query(parts.whole)), heads(layer.key(parts.whole))
    weights = (query @ key.transpose(-1, -2) * layer.scaling).softmax(-1)
    values = apply(layer.value, parts).each(heads)
    mixed = type(parts)(weights @ values.whole, weights.mean(1, keepdim=True) @ values.relevant)
    return mixed.each(lambda x: x.transpose(-2, -3).flatten(-2))


def _output(layer: Any, parts: SplitActivation, residual: SplitActivation) -> SplitActivation:
    """Apply a dense layer, add the residual and normalise."""
    return apply(layer.LayerNorm, apply(layer.dense, parts) + residual)


def _layer(layer: Any, parts: SplitActivation) -> SplitActivation:
    """Apply a transformer layer: attention, then two dense layers."""
    attended = _output(layer.attention.output, apply(layer.attention.self, parts), parts)
    inner = apply(layer.intermediate.intermediate_act_fn, apply(layer.intermediate.dense, attended))
    return _output(layer.output, inner, attended)


def _first_piece(parts: SplitActivation) -> SplitActivation:
    return parts.each(lambda x: x[..., 0, :])


def _pooler(layer: Any, parts: SplitActivation) -> SplitActivation:
    return apply(layer.activation, apply(layer.dense, _first_piece(parts)))


def _roberta_head(layer: Any, parts: SplitActivation) -> SplitActivation:
    return apply(layer.out_proj, apply(layer.dense, _first_piece(parts)).tanh())


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
"""Rules by type of layer. Dropout has no effect in evaluation and needs no rule."""


def states(model: SequenceClassifier, embedded: SplitActivation) -> Iterator[SplitActivation]:
    """Yield the activations of embeddings, layers, pooler (if there is one) and classifier, the scores.

    Args:
        model: the classifier.
        embedded: embedded pieces without special pieces, ``[S, K, T, D]``.

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
    """Add the special pieces before and after the text, which are relevant to no phrase."""
    before, behind = (
        model.embedding(ids).expand(*parts.whole.shape[:2], -1, -1) for ids in (model.prefix, model.suffix)
    )
    whole = torch.cat([before, parts.whole, behind], dim=-2)
    relevant = nn.functional.pad(parts.relevant, (0, 0, before.shape[-2], behind.shape[-2]))
    return type(parts)(whole, relevant)


@torch.no_grad()
def decompose(
    model: SequenceClassifier, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]
) -> SplitActivation:
    """Split the scores ``[S, K, C]`` of a transformer; see ``ExplainedModel.decompose``.

    Raises:
        InputError: for a layer without a rule.
    """
    try:
        *_, scores = states(model, kind.of(model.embedding(contexts), inside))
    except InputError as error:
        kinds = "BERT, RoBERTa and XLM-RoBERTa"
        raise InputError(f"a {type(model.network).__name__} cannot be split: {error}; {kinds} can") from error
    return scores
