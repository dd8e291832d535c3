"""Stress script: judgement of ends, limits of children, kinds of damage, and a few of its cases."""

import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from stress_tests.damage import CODE_RAN, FORMATS, executable_pickle, name_of
from stress_tests.inputs import TARGETS
from stress_tests.jobs import Reference
from stress_tests.material import write_data
from stress_tests.processes import ROOT, Child, Command, Ended, Limits, run
from stress_tests.report import Fault, Outcome, fault_of, faults, table

TRACEBACK = f"""Traceback (most recent call last):
  File "{ROOT}/latent_rationale/common/utils/files.py", line 3, in read_json
    opened = (line for line in file)
  File "{ROOT}/latent_rationale/common/utils/files.py", line 4, in <genexpr>
    raise ValueError
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
ValueError: expected 17
"""


@pytest.mark.parametrize(
    ("code", "stderr", "message"),
    [
        (0, "", None),
        (0, TRACEBACK, "ValueError: expected N"),
        (2, "error: data.txt:3: not UTF-8 text\n", None),
        (2, "data.txt:3: not UTF-8 text\n", "exit code 2 with 1 lines on stderr: data.txt:3: not UTF-8 text"),
        (2, "error: one\nerror: two\n", "exit code 2 with 2 lines on stderr: error: one"),
        (2, "", "exit code 2 with 0 lines on stderr: "),
        (1, TRACEBACK, "ValueError: expected N"),
        (1, "", "exit code 1"),
        (130, "stopped\n", "exit code 130: stopped"),
        (-11, "", "ended by signal 11"),
        (None, "", "exceeded the time limit"),
    ],
)
def test_an_end_is_judged_by_exit_code_and_stderr(code, stderr, message):
    fault = fault_of(Ended(code, stderr, 1.0), "error: ")
    assert (None if fault is None else fault.message) == message


def test_ctrl_c_may_end_a_command_with_130_but_not_with_a_traceback():
    assert fault_of(Ended(130, "stopped\n", 1.0), "error: ", may_stop=True) is None
    assert fault_of(Ended(130, TRACEBACK, 1.0), "error: ", may_stop=True) is not None


def test_the_place_of_a_fault_is_the_innermost_function_of_the_product():
    fault = fault_of(Ended(1, TRACEBACK, 1.0), "error: ")
    assert fault.place == "latent_rationale/common/utils/files.py:read_json"


def test_tables_count_and_group():
    crash = [Fault(f"ValueError: {value}", "latent_rationale/x.py:f") for value in ("a", "b")]
    outcomes = [
        Outcome("kills", "predict", "SIGKILL after 3%", "repeat 1"),
        Outcome("kills", "predict", "SIGKILL after 9%", "repeat 2", fault=crash[0]),
        Outcome("bad inputs", "`config.json`", "Empty the file", "repeat 3", refused=True),
        Outcome("bad inputs", "`last.pt`", "Cut the file off", "repeat 4", fault=crash[1]),
    ]
    rows = table(outcomes, ["A note."]).splitlines()
    assert rows[2] == "| kills | predict | 2 | 1 | 0 | 1 |"
    assert rows[3] == "| bad inputs | `config.json` | 1 | 1 | 1 | 0 |"
    assert rows[5:] == ["| all | | 4 | 2 | 1 | 2 |", "", "A note."]
    grouped = faults(outcomes)
    assert grouped.startswith("2 x latent_rationale/x.py:f: ValueError: a\n")
    assert "repeat 2" in grouped
    assert "repeat 4" in grouped
    assert faults(outcomes[:1]) == ""


PROBE = """
import os, signal, sys, time

def main(arguments):
    match arguments[0]:
        case "raise":
            raise ValueError("wrong")
        case "exit":
            sys.exit(2)
        case "sleep":
            time.sleep(60)
        case "allocate":
            bytes(2**31)
        case "write":
            with open("big", "wb") as file:
                file.write(bytes(5000))
        case "crash":
            os.kill(os.getpid(), signal.SIGTERM)
        case "wait":
            try:
                time.sleep(60)
            except KeyboardInterrupt:
                return 130
    return 0
"""


@pytest.fixture
def probe(tmp_path, monkeypatch):
    """Run a command that behaves in one of several ways."""
    (tmp_path / "stress_probe.py").write_text(PROBE)
    monkeypatch.syspath_prepend(str(tmp_path))

    def started(behaviour, **limits):
        return Child(Command("stress_probe", (behaviour,)), tmp_path, Limits(**{"seconds": 30.0, **limits}))

    return started


@pytest.mark.parametrize(
    ("behaviour", "limits", "code", "said"),
    [
        ("return", {}, 0, ""),
        ("exit", {}, 2, ""),
        ("raise", {}, 1, "ValueError: wrong"),
        ("sleep", {"seconds": 0.2}, None, "stress_probe.py"),
        ("allocate", {"memory": 2**29}, 1, "MemoryError"),
        ("write", {"file_size": 4096}, 1, "File too large"),
        ("crash", {}, -signal.SIGTERM, ""),
    ],
)
def test_children_end_within_their_limits(probe, behaviour, limits, code, said):
    ended = probe(behaviour, **limits).wait()
    assert ended.code == code
    assert said in ended.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_children_receive_signals(probe, number, code):
    assert probe("wait").wait(signal_after=1.0, number=number).code == code


def test_a_fresh_interpreter_runs_a_command_as_a_user_does(tmp_path):
    ended = run(Command("latent_rationale.sst.predict", ("--ckpt", "nowhere")), tmp_path, Limits(), fresh=True)
    assert (ended.code, ended.stderr) == (2, "error: nowhere: no such folder\n")


def test_a_difference_names_the_file(tmp_path):
    reference = Reference({"a.txt": b"1"}, 1.0, 1)
    assert reference.difference(tmp_path) == "a.txt is missing"
    (tmp_path / "a.txt").write_bytes(b"2")
    assert reference.difference(tmp_path) == "a.txt differs from that of an uninterrupted run"
    (tmp_path / "a.txt").write_bytes(b"1")
    assert reference.difference(tmp_path) is None


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Data in all formats, weights and a training state."""
    folder = tmp_path_factory.mktemp("good")
    write_data(folder)
    safetensors.torch.save_file({"a": torch.ones(2, 3), "b": torch.zeros(4)}, folder / "best.safetensors")
    torch.save({"model": {"a": torch.ones(2), "n": torch.tensor(1)}, "progress": [1, 2.0]}, folder / "last.pt")
    return folder


FILES = {
    "words": ("sst/train.txt", "beer/train.txt.gz"),
    "json": ("beer/annotations.json",),
    "weights": ("best.safetensors",),
    "state": ("last.pt",),
    "bytes": ("esnli/esnli_dev.csv",),
}


@pytest.mark.parametrize(("kind", "file"), [(kind, file) for kind, files in FILES.items() for file in files])
def test_damage_depends_on_the_seed_alone_and_changes_the_file(good, kind, file):
    path = good / file
    content = path.read_bytes()

    def damaged(damage, seed):
        try:
            damage(path, random.Random(seed))
            return path.read_bytes() if path.is_file() else None
        finally:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
            path.write_bytes(content)

    for damage in FORMATS[kind]:
        assert name_of(damage)
        results = [damaged(damage, seed) for seed in range(6)]
        assert any(result != content for result in results), name_of(damage)
        if "pickle" not in name_of(damage):
            assert damaged(damage, 1) == results[1], name_of(damage)


def test_the_pickle_that_executes_code_would_do_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in range(4):
        (tmp_path / "state.pt").write_bytes(executable_pickle(b"", random.Random(seed)))
        try:
            torch.load(tmp_path / "state.pt", weights_only=False)
        except RuntimeError:  # Python's own format, which torch reads as a legacy file or not at all
            continue
        assert (tmp_path / CODE_RAN).exists()
        return
    pytest.fail("no pickle was loaded")


def test_every_target_has_damage_and_a_command():
    assert {target.format for target in TARGETS} <= FORMATS.keys()
    for target in TARGETS:
        assert callable(target.command.find_main())


def test_a_few_cases_as_a_developer_runs_them(tmp_path):
    command = [sys.executable, "scripts/stress.py", "--only", "kills", "inputs", "--kills", "2", "--inputs", "4"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [*command, "--keep", str(tmp_path)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = ended.stdout.split("|---|---|---|---|---|---|\n")[1].splitlines()
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[:-1]] == ["kills", "kills", "bad inputs"]
    tried, handled, refused, mishandled = map(int, re.findall(r"\d+", rows[-1]))
    assert (tried, handled, mishandled) == (6, 6, 0)
    assert refused > 0
    assert list(Path(tmp_path).iterdir()) == []


@pytest.mark.parametrize(
    "options", [["--case", "3"], ["--only", "nothing"], ["--case", "3", "--only", "disk", "kills"]]
)
def test_wrong_options_are_refused(options):
    command = [sys.executable, "scripts/stress.py", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "error: " in ended.stderr
