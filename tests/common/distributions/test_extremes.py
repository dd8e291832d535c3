"""Where a network may drive the parameters: everything stays finite in float32, and gradients too."""

from itertools import product

import mpmath
import pytest
import torch
from torch.distributions import kl_divergence

from latent_rationale.common.distributions import BinaryConcrete, HardConcrete, HardKuma, Kumaraswamy

GRID = list(product([1e-6, 1e-4, 1e-2, 1.0, 10.0, 100.0], repeat=2))
LOCATIONS = [float(location) for location in range(-50, 51, 5)]


def kuma_grid():
    return [torch.tensor(values).requires_grad_() for values in zip(*GRID, strict=True)]


def locations():
    return [torch.tensor(LOCATIONS).requires_grad_()]


EXTREMES = {
    "kumaraswamy": (Kumaraswamy, kuma_grid),
    "binaryconcrete": (lambda location: BinaryConcrete(location, 0.1), locations),
    "hardkuma": (HardKuma, kuma_grid),
    "hardconcrete": (HardConcrete, locations),
}


def build(name):
    """A distribution in float32 over a batch of extreme parameters, and these."""
    family, parameters = EXTREMES[name]
    tensors = parameters()
    torch.manual_seed(6)
    return family(*tensors), tensors


@pytest.fixture(params=EXTREMES)
def extreme(request):
    return build(request.param)


@pytest.fixture(params=["kumaraswamy", "binaryconcrete"])
def extreme_base(request):
    return build(request.param)


@pytest.fixture(params=["hardkuma", "hardconcrete"])
def extreme_selection(request):
    return build(request.param)


def assert_finite_with_gradients(value, tensors):
    assert torch.isfinite(value).all()
    for gradient in torch.autograd.grad(value.sum(), tensors, allow_unused=True):
        assert gradient is None or torch.isfinite(gradient).all()


def test_samples(extreme):
    dist, tensors = extreme
    samples = dist.rsample((1000,))
    assert ((samples >= 0) & (samples <= 1)).all()
    assert_finite_with_gradients(samples, tensors)


def test_samples_of_a_base_never_reach_the_ends(extreme_base):
    # torch.distributions.Kumaraswamy fails this: over the same grid, in float32, it draws exact zeros and ones.
    dist, _ = extreme_base
    samples = dist.sample((1000,))
    assert ((samples > 0) & (samples < 1)).all()


@pytest.mark.parametrize("noise", [0.0, 2**-24, 0.5, 1 - 2**-24])
def test_samples_of_a_base_from_the_most_extreme_noise(extreme_base, noise, monkeypatch):
    dist, tensors = extreme_base
    monkeypatch.setattr(torch, "rand", lambda shape, **kind: torch.full(shape, noise, **kind))
    samples = dist.rsample()
    assert ((samples > 0) & (samples < 1)).all()
    assert_finite_with_gradients(samples, tensors)


@pytest.mark.parametrize("name", ["mean", "p0", "p1"])
def test_probabilities_and_means(extreme_selection, name):
    dist, tensors = extreme_selection
    number = getattr(dist, name)
    assert ((number >= 0) & (number <= 1)).all()
    assert_finite_with_gradients(number, tensors)


def test_means_of_a_base(extreme_base):
    dist, tensors = extreme_base
    assert ((dist.mean >= 0) & (dist.mean <= 1)).all()
    assert_finite_with_gradients(dist.mean, tensors)


def test_decisions(extreme_selection):
    dist, tensors = extreme_selection
    assert ((dist.decide() >= 0) & (dist.decide() <= 1)).all()
    assert_finite_with_gradients(dist.decide(), tensors)


def test_log_probs_of_samples(extreme):
    dist, tensors = extreme
    assert_finite_with_gradients(dist.log_prob(dist.sample((1000,))), tensors)


@pytest.mark.parametrize(("a", "b"), GRID)
def test_hardkuma_masses_and_mean_have_all_their_digits(a, b):
    """Where 1 - (1 - x^a)^b is computed as it is written, few are left; the truth here has 60."""
    single = HardKuma(torch.tensor([a]), torch.tensor([b]))
    a, b = single.a.item(), single.b.item()  # as float32 rounds them
    with mpmath.workdps(60):
        survival = {z: (1 - ((z + mpmath.mpf("0.1")) / mpmath.mpf("1.2")) ** a) ** b for z in (0, 1)}
        truth = {"p0": 1 - survival[0], "p1": survival[1]}
        base_mean = b * mpmath.beta(1 + 1 / mpmath.mpf(a), b)
    for name, value in truth.items():
        assert getattr(single, name).item() == pytest.approx(float(value), rel=2e-5, abs=1e-35), name
    assert single.base.mean.item() == pytest.approx(float(base_mean), rel=1e-6, abs=1e-35)


@pytest.mark.parametrize("location", LOCATIONS)
def test_hardconcrete_masses_have_all_their_digits(location):
    dist = HardConcrete(torch.tensor([location]))
    with mpmath.workdps(60):
        odds = {z: mpmath.exp(location - mpmath.log(11) * (2 * z - 1) * mpmath.mpf(2) / 3) for z in (0, 1)}
        p0, p1 = 1 / (1 + odds[0]), odds[1] / (1 + odds[1])
    assert dist.p0.item() == pytest.approx(float(p0), rel=2e-5)
    assert dist.p1.item() == pytest.approx(float(p1), rel=2e-5)


@pytest.mark.parametrize("name", EXTREMES)
def test_entropies_variances_and_modes_are_finite(name):
    for say in (lambda dist: dist.entropy(), lambda dist: dist.variance, lambda dist: dist.mode):
        dist, tensors = build(name)
        value = say(dist)
        assert_finite_with_gradients(value, [tensor for tensor in tensors if value.requires_grad])


@pytest.mark.parametrize("name", EXTREMES)
def test_divergences_between_all_extremes_are_finite_and_not_negative(name):
    p, tensors = build(name)
    _, others = build(name)
    size = len(tensors[0])
    divergence = kl_divergence(p.expand((size, size)), EXTREMES[name][0](*[x.unsqueeze(1) for x in others]))
    assert (divergence >= -1e-6).all()
    assert_finite_with_gradients(divergence, [*tensors, *others])


def masses_of_hardkuma(a, b):
    """The logarithms of P(H = 0) and P(H = 1), with all the digits of the working precision."""
    powers = {z: ((z + mpmath.mpf("0.1")) / mpmath.mpf("1.2")) ** a for z in (0, 1)}
    survival = b * mpmath.log1p(-powers[1])
    return mpmath.log(-mpmath.expm1(b * mpmath.log1p(-powers[0]))), survival


def masses_of_hardconcrete(location):
    standard = {z: mpmath.log(11) * (2 * z - 1) * mpmath.mpf(2) / 3 - location for z in (0, 1)}
    return -mpmath.log1p(mpmath.exp(-standard[0])), -mpmath.log1p(mpmath.exp(standard[1]))


MASSES = {
    "hardkuma": (HardKuma, masses_of_hardkuma, [*GRID, (1e4, 1.0), (1e4, 1e4), (1.0, 1e4)]),
    "hardconcrete": (HardConcrete, masses_of_hardconcrete, [(x,) for x in (-1e4, -200.0, *LOCATIONS, 200.0, 1e4)]),
}


@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
@pytest.mark.parametrize(
    ("name", "parameters"), [(name, parameters) for name, entry in MASSES.items() for parameters in entry[2]]
)
def test_log_masses_and_their_gradients_are_right_where_masses_underflow(name, parameters, dtype, close):
    family, truth, _ = MASSES[name]
    tensors = [torch.tensor(value, dtype=dtype, requires_grad=True) for value in parameters]
    exact = [mpmath.mpf(tensor.item()) for tensor in tensors]  # as the type rounds them
    for end in (0, 1):
        log_mass = family(*tensors).log_prob(torch.tensor(float(end), dtype=dtype))
        gradients = torch.autograd.grad(log_mass, tensors)
        with mpmath.workdps(120):
            expected = truth(*exact)[end]
            orders = torch.eye(len(exact), dtype=torch.int64).tolist()  # the first derivative by each parameter
            slopes = [mpmath.diff(lambda *point, end=end: truth(*point)[end], exact, order) for order in orders]
        assert log_mass.item() == pytest.approx(float(expected), rel=close, abs=1e-37)
        for gradient, slope in zip(gradients, slopes, strict=True):
            assert gradient.item() == pytest.approx(float(slope), rel=close, abs=1e-35)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", EXTREMES)
def test_log_probs_at_the_ends_and_beside_them(name, dtype):
    """Of the bases too, whose densities there may be zero or infinite."""
    family, parameters = EXTREMES[name]
    tensors = [tensor.detach().to(dtype).requires_grad_() for tensor in parameters()]
    eps, tiny = torch.finfo(dtype).eps, torch.finfo(dtype).tiny
    for value in (0.0, tiny, eps, 0.5, 1 - eps, 1.0):
        assert_finite_with_gradients(family(*tensors).log_prob(torch.tensor(value, dtype=dtype)), tensors)
