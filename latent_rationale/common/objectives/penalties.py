"""How long and how scattered a rationale is expected to be (paper, section 4)."""

from torch import Tensor

from latent_rationale.common.structures import Rationale


def expected_selected(rationale: Rationale) -> Tensor:
    """The expected share of positions with z > 0, averaged over the batch, ``[]`` (equation 11).

    With a dependent selector each term is conditioned on the sampled prefix (equation 29).
    """
    selected = (1 - rationale.dist.p0) * rationale.mask
    return (selected.flatten(1).sum(1) / rationale.mask.flatten(1).sum(1)).mean()


def expected_transitions(rationale: Rationale) -> Tensor:
    """The expected number of changes between zero and non-zero over the length, averaged over the batch, ``[]``.

    Equation 12, for rationales over a text ``[B, T]``. A change into the padding is none.
    """
    zero = rationale.dist.p0
    left, right = zero[:, :-1], zero[:, 1:]
    changes = (left * (1 - right) + (1 - left) * right) * rationale.mask[:, 1:]
    return (changes.sum(1) / rationale.mask.sum(1)).mean()
