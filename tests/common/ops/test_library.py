import importlib.util
import warnings

import pytest
import torch

from latent_rationale.common.nn.encoders import RCNN
from latent_rationale.common.ops import library as compiled
from latent_rationale.common.ops.prefixes import read_prefixes


@pytest.fixture(autouse=True)
def _asked_anew():
    """Each test finds out for itself, and leaves nothing behind."""
    compiled.is_compiled.cache_clear()
    yield
    compiled.is_compiled.cache_clear()


def test_the_operators_were_compiled_here():
    assert compiled.is_compiled()


def test_without_them_an_rcnn_runs_all_the_same(monkeypatch, make_tokens):
    tokens = make_tokens((3, 1))
    encoder = RCNN(5, 4)
    inputs = torch.randn(2, 3, 5)
    expected = encoder.states(inputs, tokens)
    compiled.is_compiled.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.warns(UserWarning, match=r"not compiled when it was installed.*pip install --no-build-isolation"):
        found = encoder.states(inputs, tokens)
    torch.testing.assert_close(found[tokens.mask], expected[tokens.mask])
    with warnings.catch_warnings(action="error"):  # told once is enough
        encoder.states(inputs, tokens)


def test_made_for_another_version_of_torch(monkeypatch, tmp_path):
    library = tmp_path / "_operators.so"
    library.write_bytes(b"no library")
    spec = importlib.util.spec_from_file_location("_operators", library)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.warns(UserWarning, match=r"_operators\.so"):
        assert not compiled.is_compiled()


def test_a_processor_without_avx2(monkeypatch):
    monkeypatch.setattr(compiled.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    with pytest.warns(UserWarning, match="AVX2"):
        assert not compiled.is_compiled()


@pytest.mark.parametrize(
    ("lengths", "z", "message"),
    [
        ([4, 1], None, "longer than the width 3"),
        ([3], None, "one for each sentence"),
        ([3, 1], torch.ones(2, 2), "one number for each word"),
        ([3, 1], torch.ones(2, 3, dtype=torch.float64), "z is Double, words are Float"),
    ],
)
def test_operators_refuse_what_would_read_beyond_a_tensor(lengths, z, message):
    with pytest.raises(RuntimeError, match=message):
        RCNN(5, 4)._run(torch.randn(2, 3, 5), torch.tensor(lengths), z)


def test_what_was_not_compiled_is_not_found():
    """Of a new cell without an operator, or in a library that is older than the code."""
    cpu = torch.device("cpu")
    for name in ("rcnn_encoder", "lstm_prefixes", "rcnn_prefixes", "lstm_continuation"):
        assert compiled.find_operator(name, cpu) is not None
    assert compiled.find_operator("gru_prefixes", cpu) is None
    assert compiled.find_operator("lstm_prefixes", torch.device("cuda")) is None


def test_an_operator_is_switched_off_for_a_while():
    cpu = torch.device("cpu")
    with compiled.without("lstm_prefixes"):
        assert compiled.find_operator("lstm_prefixes", cpu) is None
        with compiled.without("lstm_continuation"):
            assert compiled.find_operator("lstm_continuation", cpu) is None
        assert compiled.find_operator("lstm_prefixes", cpu) is None
        assert compiled.find_operator("lstm_continuation", cpu) is not None
    assert compiled.find_operator("lstm_prefixes", cpu) is not None


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_gates_are_right_however_far_they_are_open(dtype):
    """The exponential function in them is written here."""
    x = torch.cat([torch.linspace(-120, 120, 24001, dtype=dtype), torch.tensor([torch.nan, torch.inf, -torch.inf])])
    x = x.to(dtype)
    open_, zeros = torch.full_like(x, 200), torch.zeros(4, dtype=dtype)
    ids, lengths = torch.arange(len(x)).unsqueeze(1), torch.ones(len(x), dtype=torch.long)

    def read(*gates):
        return read_prefixes("lstm", torch.stack(gates, dim=1), ids, lengths, torch.zeros(4, 1, dtype=dtype), zeros)

    _, memory = read(open_, open_, x, open_)
    hidden, _ = read(open_, open_, open_, x)
    gate = hidden / torch.ones(1, dtype=dtype).tanh()
    accuracy = {"rtol": 4 * torch.finfo(dtype).eps, "equal_nan": True}
    torch.testing.assert_close(memory.squeeze(1), x.double().tanh().to(dtype), atol=torch.finfo(dtype).eps, **accuracy)
    smallest = torch.finfo(torch.float32).tiny  # as far as the range of float32 goes
    torch.testing.assert_close(gate.squeeze(1), x.double().sigmoid().to(dtype), atol=smallest, **accuracy)
