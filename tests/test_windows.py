"""The commands need nothing that Windows lacks: an imitation of its restrictions, since tests run elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

IMITATION = Path(__file__).parent / "windows.py"


def run_as_on_windows(*commands):
    words = [word for command in commands for word in ("--then", *map(str, command))][1:]
    python = [sys.executable, "-X", "warn_default_encoding", "-W", "ignore", IMITATION]
    return subprocess.run([*python, *words], capture_output=True, encoding="utf-8", check=False)


pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="files that are open are listed on Linux only"
)


def test_training_predicting_and_explaining(small_sst, tmp_path):
    (tmp_path / "texts.txt").write_bytes("A fine film\r\n\U0001f600 é\r\n".encode())
    run, lm = tmp_path / "run", tmp_path / "lm"
    train = (
        "latent_rationale.sst.train",
        "--save_path",
        run,
        *small_sst.arguments,
        "--hidden_size",
        "4",
        "--classes",
        "2",
    )
    done = run_as_on_windows(
        (*train, "--num_iterations", "4", "--eval_every", "2", "--save_every", "1"),
        (*train, "--num_iterations", "2", "--overwrite"),
        ("latent_rationale.sst.train", "--save_path", run, "--resume", "--num_iterations", "4"),
        ("latent_rationale.predict", "--ckpt", run, "--split", "dev", "--save_path", tmp_path / "dev"),
        ("latent_rationale.predict", "--ckpt", run, "--input", tmp_path / "texts.txt", "--save_path", tmp_path / "out"),
        ("latent_rationale.explain.train_lm", "--ckpt", run, "--save_path", lm, "--num_iterations", "1"),
        ("latent_rationale.explain.__main__", "--ckpt", run, "--lm", lm, "--stop", "2", "--sample_n", "2"),
        ("latent_rationale.explain.evaluate", "--ckpt", run, "--method", "occlusion", "cd", "--stop", "4"),
        ("latent_rationale.explain.visualize", "--input", run / "soc" / "explanations.jsonl", "--format", "svg"),
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert b"\r" not in (tmp_path / "out/predictions.jsonl").read_bytes()
    assert '"data_path": "' + small_sst.folder.as_posix() in (run / "config.json").read_text(encoding="utf-8")


PROBE = "import os, sys; from pathlib import Path\ndef main(words):\n    "


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import fcntl", "No module named 'fcntl'"),
        ("os.getpgid(0)", "no attribute 'getpgid'"),
        ("file = open(__file__, 'rb'); os.fsync(file.fileno())", "open for reading"),
        ("file = open(words[0], 'wb'); Path(words[0]).replace(words[0] + '2')", "os.replace of a file that is open"),
        ("file = open(words[0], 'wb'); Path(words[0]).unlink()", "os.unlink of a file that is open"),
        ("os.open('.', os.O_RDONLY)", "os.open of a folder"),
        ("Path(__file__).read_text()", "EncodingWarning"),
        ("import signal; signal.SIGKILL", "SIGKILL"),
    ],
)
def test_the_imitation_notices_what_windows_lacks(tmp_path, monkeypatch, code, message):
    (tmp_path / "latent_rationale_probe.py").write_text(PROBE + code + "\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = run_as_on_windows(("latent_rationale_probe", tmp_path / "file"))
    assert done.returncode == 1
    assert message in done.stderr
