"""Expected length and expected transitions of a rationale (paper, section 4)."""

from torch import Tensor

from latent_rationale.common.structures import Rationale


def expected_selected(rationale: Rationale) -> Tensor:
    """Compute the expected share of positions with z > 0, averaged over the batch, ``[]`` (equation 11).

    With a dependent selector each term is conditioned on the sampled prefix (equation 29).
    """
    selected = (1 - rationale.dist.p0) * rationale.mask
    # Positions [B, *S] are flattened: a rationale may be over the cells of a matrix. Each sentence has its own length.
    return (selected.flatten(1).sum(1) / rationale.mask.flatten(1).sum(1)).mean()


def expected_transitions(rationale: Rationale) -> Tensor:
    """Compute the expected number of zero/non-zero transitions per word, averaged over the batch, ``[]`` (equation 12).

    The rationale is over a text, ``[B, T]``. A change from the last word to the padding is no transition.
    """
    zero = rationale.dist.p0
    left, right = zero[:, :-1], zero[:, 1:]
    # P(zero, then non-zero) + P(non-zero, then zero); choices are independent given the sampled prefix.
    changes = (left * (1 - right) + (1 - left) * right) * rationale.mask[:, 1:]
    return (changes.sum(1) / rationale.mask.sum(1)).mean()
