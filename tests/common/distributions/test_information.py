"""Entropy and Kullback-Leibler divergence: by integration, against samples, by hand, and at the extremes."""

from itertools import product
from math import log

import mpmath
import pytest
import torch
from torch.autograd import gradcheck
from torch.distributions import kl_divergence

from latent_rationale.common.distributions import Bernoulli, BinaryConcrete, HardConcrete, HardKuma, Kumaraswamy

SEED, NUMBER = 20190528, 100_000
DEVIATIONS = 6
"""Standard errors that a mean of samples may be off. By the central limit theorem one comparison of two numbers that
agree fails for 2e-9 of all seeds, and any of the about 60 in this file for 1.2e-7."""


def number(value):
    return torch.tensor([value], dtype=torch.float64)


def another(case, dtype=torch.float64):
    """The distribution of the case with the order of its batch reversed, so that elements are compared with others."""
    return case.build(*[tensor.flip(0) for tensor in case.tensors(dtype)])


def assert_mean(samples, mean):
    error = samples.std(0) / NUMBER**0.5
    assert ((samples.mean(0) - mean).abs() <= DEVIATIONS * error + 1e-9).all()


def test_entropy_and_divergence_are_the_means_over_samples(case):
    p, q = case(), another(case)
    torch.manual_seed(SEED)
    samples = p.sample((NUMBER,))
    log_p, log_q = p.log_prob(samples), q.log_prob(samples)
    assert_mean(-log_p, p.entropy())
    assert_mean(log_p - log_q, kl_divergence(p, q))


def test_the_divergence_is_zero_for_equal_parameters_alone(case):
    p = case()
    divergence = kl_divergence(p, case())
    torch.testing.assert_close(divergence, torch.zeros_like(divergence), rtol=0, atol=1e-12)
    parameters = [tensor + 0.01 for tensor in case.tensors()]
    assert (kl_divergence(p, case.build(*parameters)) > 1e-8).all()


def test_the_divergence_of_all_pairs_is_not_negative(case):
    """And broadcasts like torch's own."""
    tensors = case.tensors()
    rows, columns = (case.build(*[tensor.unsqueeze(dim) for tensor in tensors]) for dim in (0, 1))
    divergence = kl_divergence(rows, columns)
    assert divergence.shape == (len(tensors[0]),) * 2
    assert (divergence >= -1e-12).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_number_format_is_kept(case, dtype):
    assert case(dtype).entropy().dtype == dtype
    divergence = kl_divergence(case(dtype), another(case, dtype))
    assert divergence.dtype == dtype
    torch.testing.assert_close(divergence.double(), kl_divergence(case(), another(case)), rtol=1e-5, atol=1e-5)


def test_gradients(case):
    leaves = [tensor.clone().requires_grad_() for tensor in case.tensors()]
    others = [tensor.flip(0).clone().requires_grad_() for tensor in case.tensors()]
    assert gradcheck(lambda *parameters: case.build(*parameters).entropy(), leaves)
    assert gradcheck(
        lambda *both: kl_divergence(case.build(*both[: len(leaves)]), case.build(*both[len(leaves) :])),
        [*leaves, *others],
    )


def test_two_families_of_rectified_variables_can_be_compared():
    """They share the base measure, whatever their bases and stretches; with base Kuma(1, 1) = Concrete(0, 1)."""
    p, q = HardKuma(number(1.0), number(1.0)), HardConcrete(number(0.0), 1.0)
    assert kl_divergence(p, q).item() == pytest.approx(0, abs=1e-12)
    wider = HardKuma(number(1.0), number(1.0), -0.5, 1.5)  # masses of a quarter, a density of a half
    expected = 2 * log((1 / 12) / (1 / 4)) / 12 + 10 / 12 * log((10 / 12) / (1 / 2))
    assert kl_divergence(p, wider).item() == pytest.approx(expected)


# By hand, and against high precision

GRID = list(product([1e-6, 1e-2, 1.0, 10.0, 100.0], repeat=2))


@pytest.mark.parametrize(
    ("dist", "entropy"),
    [
        (Kumaraswamy(number(1.0), number(1.0)), 0.0),
        (Kumaraswamy(number(1.0), number(2.0)), 0.5 - log(2)),  # that of Beta(1, 2)
        (BinaryConcrete(number(0.0), number(1.0)), 0.0),
        (Bernoulli(number(0.0)), log(2)),
        (Bernoulli(number(torch.inf)), 0.0),
        (Bernoulli(number(-torch.inf)), 0.0),
        (HardKuma(number(1.0), number(1.0)), log(12) / 6 + 10 / 12 * log(1.2)),
        (HardConcrete(number(0.0), 1.0), log(12) / 6 + 10 / 12 * log(1.2)),
    ],
)
def test_entropies_by_hand(dist, entropy):
    assert dist.entropy().item() == pytest.approx(entropy, abs=1e-9)


@pytest.mark.parametrize(
    ("p", "q", "divergence"),
    [
        ((2.0, 3.0), (2.0, 5.0), log(3 / 5) + 5 / 3 - 1),  # with the same a, that of exponential variables
        ((2.0, 1.0), (3.0, 1.0), log(2 / 3) + 3 / 2 - 1),  # with b = 1 as well
    ],
)
def test_divergences_of_kumaraswamy_variables_by_hand(p, q, divergence):
    p, q = (Kumaraswamy(*map(number, shapes)) for shapes in (p, q))
    assert kl_divergence(p, q).item() == pytest.approx(divergence)


def test_divergences_of_bernoulli_variables_by_hand():
    p, q = (Bernoulli(torch.logit(number(mean))) for mean in (0.3, 0.6))
    assert kl_divergence(p, q).item() == pytest.approx(0.3 * log(0.3 / 0.6) + 0.7 * log(0.7 / 0.4))
    assert kl_divergence(Bernoulli(number(torch.inf)), q).item() == pytest.approx(-log(0.6))


@pytest.mark.parametrize(
    ("a", "b", "other_a", "other_b"),
    [
        *((a, b, 3.0, 2.0) for a, b in product([1e-6, 1.0, 100.0], repeat=2)),
        *((0.3, 0.2, a, b) for a, b in product([1e-6, 100.0], repeat=2)),
        (1e-6, 100.0, 100.0, 1e-6),
        (100.0, 1e-6, 1e-6, 100.0),
    ],
)
def test_divergences_of_kumaraswamy_variables_against_high_precision(a, b, other_a, other_b):
    """The expectation of the log ratio over noise w = sigmoid(t) = P(X > x), with 1 - x^a = w^(1/b)."""
    with mpmath.workdps(30):

        def log_ratio_times_density(t):
            log_rest = -mpmath.log1p(mpmath.exp(-t)) / b
            power = -mpmath.expm1(log_rest)  # x^a
            log_power = mpmath.log(power) if power < 0.5 else mpmath.log1p(-mpmath.exp(log_rest))
            other_rest = mpmath.log(-mpmath.expm1(other_a / mpmath.mpf(a) * log_power))
            log_p = mpmath.log(a * b) + (a - 1) / mpmath.mpf(a) * log_power + (b - 1) * log_rest
            log_q = mpmath.log(other_a * other_b) + (other_a - 1) / mpmath.mpf(a) * log_power
            return (log_p - log_q - (other_b - 1) * other_rest) / (2 + 2 * mpmath.cosh(t))

        expected = mpmath.quad(log_ratio_times_density, mpmath.linspace(-60, 60, 25))
    p, q = Kumaraswamy(number(a), number(b)), Kumaraswamy(number(other_a), number(other_b))
    assert kl_divergence(p, q).item() == pytest.approx(float(expected), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), GRID)
def test_the_entropy_of_hardkuma_against_high_precision(a, b):
    with mpmath.workdps(40):
        a_exact, b_exact, width = mpmath.mpf(a), mpmath.mpf(b), mpmath.mpf("1.2")

        def survival(z):
            return (1 - ((z + mpmath.mpf("0.1")) / width) ** a_exact) ** b_exact

        def surprise(z):
            k = (z + mpmath.mpf("0.1")) / width
            height = a_exact * b_exact * k ** (a_exact - 1) * (1 - k**a_exact) ** (b_exact - 1) / width
            return -height * mpmath.log(height)

        masses = [1 - survival(0), survival(1)]
        expected = mpmath.quad(surprise, [0, 0.5, 0.9, 1]) - sum(p * mpmath.log(p) for p in masses if p)
    assert HardKuma(number(a), number(b)).entropy().item() == pytest.approx(float(expected), abs=1e-9)


def test_sure_choices_have_no_entropy_and_a_finite_gradient():
    logits = torch.tensor([-200.0, -1e4, 0.0, 1e4, 200.0], requires_grad=True)
    entropy = Bernoulli(logits).entropy()
    divergence = kl_divergence(Bernoulli(logits), Bernoulli(logits.flip(0)))
    for value in (entropy, divergence):
        (gradient,) = torch.autograd.grad(value.sum(), logits)
        assert torch.isfinite(value).all()
        assert torch.isfinite(gradient).all()
    torch.testing.assert_close(entropy, torch.tensor([0, 0, log(2), 0, 0]))
