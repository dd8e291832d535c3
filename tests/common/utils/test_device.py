"""Selection of devices; there is no Apple GPU where the tests run, so torch is made to report one."""

import os
import subprocess
import sys

import pytest
import torch

from latent_rationale.common.utils.device import find_device
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.process import MPS_FALLBACK
from latent_rationale.explain.__main__ import main as explain
from latent_rationale.sst.train import main as train


@pytest.fixture
def apple(monkeypatch):
    """Make torch report an Apple GPU."""
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)


@pytest.mark.parametrize(
    ("fallback", "message"), [("1", "run on the CPU; "), ("0", "are errors; "), (None, "are errors; ")]
)
def test_apples_gpu_is_named_and_the_fallback_is_told(apple, monkeypatch, caplog, fallback, message):
    caplog.set_level("INFO")
    monkeypatch.setenv(MPS_FALLBACK, fallback or "")
    if fallback is None:
        monkeypatch.delenv(MPS_FALLBACK)
    assert find_device("mps") == torch.device("mps")
    assert f"note: operators that Apple's GPU lacks {message}" in caplog.text


def test_apples_gpu_is_not_chosen_by_itself(apple):
    assert find_device("auto") == torch.device("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="an Apple GPU")
@pytest.mark.parametrize("command", [train, explain])
def test_without_one_it_is_one_sentence(command, small_sst, tmp_path, capsys):
    arguments = [*small_sst.arguments, "--save_path", str(tmp_path / "run")] if command is train else []
    arguments += ["--ckpt", str(tmp_path)] if command is explain else []
    assert command([*arguments, "--device", "mps"]) == 2
    error = capsys.readouterr().err
    assert error == "error: --device mps: no Apple GPU is available to torch; use --device cpu or auto\n"
    assert not (tmp_path / "run").exists()


def test_an_unknown_device_is_refused():
    with pytest.raises(InputError, match="unknown device tpu: expected one of auto, cpu, cuda, mps"):
        find_device("tpu")


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("0", "0")])
def test_the_fallback_is_set_before_torch_is_loaded(before, after):
    code = (
        "import os, sys; from latent_rationale.common.utils.process import prepare_process; prepare_process(); "
        f"print('torch' in sys.modules, os.environ['{MPS_FALLBACK}'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != MPS_FALLBACK}
    environment |= {} if before is None else {MPS_FALLBACK: before}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"False {after}\n"
