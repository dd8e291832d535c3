"""The settings of a command's process."""

import os
import subprocess
import sys

import joblib
import psutil
import pytest
import torch

from latent_rationale.common.utils import device, process
from latent_rationale.common.utils.console import run_command
from latent_rationale.common.utils.device import set_threads
from latent_rationale.common.utils.process import free_cores


@pytest.fixture
def machine(monkeypatch):
    """Return a function that makes a machine up, with two threads of torch."""

    def make(total, allowed, load):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setattr(psutil, "cpu_count", lambda: total)
        monkeypatch.setattr(psutil, "cpu_percent", lambda interval: load)
        monkeypatch.setattr(joblib, "cpu_count", lambda: allowed)

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield make
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("total", "allowed", "load", "free"),
    [
        (2, 2, 3.0, 2),
        (2, 2, 50.0, 1),
        (2, 2, 100.0, 1),
        (64, 4, 50.0, 4),  # a container with a quota, on a machine that has cores left
        (64, 4, 99.0, 1),
    ],
)
def test_free_cores_are_those_that_nobody_uses(machine, total, allowed, load, free):
    machine(total, allowed, load)
    assert free_cores() == free


def test_a_command_leaves_busy_cores_alone_and_says_so(machine, capsys):
    machine(2, 2, 50.0)
    assert run_command(lambda _: set_threads(0), []) == 0
    assert torch.get_num_threads() == 1
    assert "1 of 2 cores" in capsys.readouterr().out


def test_a_number_that_is_given_wins(machine, monkeypatch):
    machine(2, 2, 100.0)
    assert run_command(lambda _: set_threads(2), []) == 0
    assert torch.get_num_threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert run_command(lambda _: set_threads(0), []) == 0
    assert torch.get_num_threads() == 2


def test_a_library_call_leaves_the_threads_of_the_process_alone(machine, monkeypatch):
    machine(2, 2, 100.0)
    monkeypatch.setattr(device, "free_cores", lambda: pytest.fail("measured the load"))
    set_threads(0)
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("variable", "value"), [("OMP_WAIT_POLICY", "active"), ("GOMP_SPINCOUNT", "7")])
def test_a_way_to_wait_that_the_user_chose_stays(variable, value, monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    process.prepare_process()
    monkeypatch.setenv("GOMP_SPINCOUNT", os.environ.get("GOMP_SPINCOUNT", ""))  # undone after the test
    assert os.environ["GOMP_SPINCOUNT"] == {"OMP_WAIT_POLICY": "", "GOMP_SPINCOUNT": "7"}[variable]


def test_threads_of_a_command_do_not_spin_for_long():
    code = (
        "import os, sys\n"
        "from latent_rationale.common.utils.console import run_command\n"
        "run_command(lambda _: None, [])\n"
        "print('torch' in sys.modules, os.environ['GOMP_SPINCOUNT'])"
    )
    environment = {
        name: value for name, value in os.environ.items() if name not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    }
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "1000"]
