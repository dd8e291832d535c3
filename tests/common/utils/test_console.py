"""The console of a command: one that is closed, full, gone or of another encoding, and what it must not be told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tqdm import tqdm

from latent_rationale.common.utils import console
from latent_rationale.common.utils.console import IN_COLOUR, LOGGER, escaped, run_command
from latent_rationale.common.utils.errors import InputError

WORKER = """
import sys
from pathlib import Path
from latent_rationale.common.utils.console import IN_COLOUR, LOGGER, escaped, run_command
from latent_rationale.common.utils.progress import track

def command(words):
    for number in track(range(20_000), "line", 20_000):
        if number % 4 == 0:
            LOGGER.info("line %d, caf\\u00e9 \\u65e5 %s", number, "x" * 20)
    sys.stderr.write("some warning\\n")
    Path(words[0]).write_text("done")

sys.exit(run_command(command))
"""
"""Command that shows more than a pipe or a buffer holds, and then writes its result."""

COMMAND = f"{sys.executable} worker.py result.txt"


@pytest.fixture
def shell(tmp_path):
    """Run a line of a shell in a folder with the command; return the ended process."""
    (tmp_path / "worker.py").write_text(WORKER)
    root = Path(__file__).parents[3]

    def run(line, **environment):
        variables = {**os.environ, "PYTHONPATH": str(root), **environment}
        line = f"set -o pipefail; {line}"
        return subprocess.run(
            ["bash", "-c", line], capture_output=True, cwd=tmp_path, env=variables, check=False, timeout=60
        )

    return run


@pytest.mark.parametrize(
    "line",
    [
        f"{COMMAND} | head -1",
        f"{COMMAND} >&-",
        f"{COMMAND} 2>&-",
        f"{COMMAND} >&- 2>&-",
        f"{COMMAND} <&- >&- 2>&-",
        f"{COMMAND} 2>&1 | head -1",
        f"{COMMAND} >/dev/full",
        f"{COMMAND} 2>/dev/full",
        f"{COMMAND} >/dev/full 2>&1",
    ],
)
def test_results_do_not_depend_on_the_console(shell, tmp_path, line):
    done = shell(line)
    assert done.returncode == 0
    assert (tmp_path / "result.txt").read_text() == "done"
    lost = b"note: the rest of the output is lost, which cannot be written (No space left on device)\n"
    assert done.stderr == b"some warning\n" or done.stderr == lost + b"some warning\n" or b"2>" in line.encode()


def test_a_full_disk_is_told(shell):
    assert b"the rest of the output is lost" in shell(f"{COMMAND} >/dev/full").stderr


def test_files_are_not_opened_in_place_of_a_closed_console(shell, tmp_path):
    """Otherwise warnings of C code land in the first file that is opened."""
    (tmp_path / "worker.py").write_text(
        "import os, sys\n"
        "from latent_rationale.common.utils.console import run_command\n"
        "def command(words):\n"
        "    with open(words[0], 'w') as file:\n"
        "        os.write(1, b'spoilt'), os.write(2, b'spoilt'), file.write('done')\n"
        "sys.exit(run_command(command))\n"
    )
    assert shell(f"{COMMAND} >&- 2>&- <&-").returncode == 0
    assert (tmp_path / "result.txt").read_text() == "done"


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_characters_that_the_console_cannot_encode_are_escaped(shell, tmp_path, environment):
    done = shell(COMMAND, **environment)
    assert (done.returncode, done.stderr) == (0, b"some warning\n")
    assert b"\\u65e5" in done.stdout.splitlines()[0]
    assert (tmp_path / "result.txt").read_text() == "done"


def test_a_terminal_that_goes_away(tmp_path):
    """The terminal of a remote session is closed while a bar is drawn."""
    pty = pytest.importorskip("pty")
    (tmp_path / "worker.py").write_text(WORKER)
    own, other = pty.openpty()
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    arguments = [sys.executable, "worker.py", "result.txt"]
    process = subprocess.Popen(arguments, stdout=other, stderr=other, cwd=tmp_path, env=variables)
    os.close(other)
    os.read(own, 100)
    os.close(own)
    assert process.wait(60) == 0
    assert (tmp_path / "result.txt").read_text() == "done"


HOSTILE = "a\x1b[2Jb\x07c\x9bd\u202ee\x7f\r"
SHOWN = "a\\x1b[2Jb\\x07c\\x9bd\\u202ee\\x7f\\r"


def test_control_characters_are_escaped():
    assert escaped(HOSTILE) == SHOWN
    assert escaped("tab\tand\nline, \u65e5\u672c, e\u0301, \u05d0") == "tab\tand\nline, \u65e5\u672c, e\u0301, \u05d0"


def test_messages_and_errors_hold_no_control_characters(capsys):
    def command(words):
        LOGGER.info("seen %s\n  %d", HOSTILE, 1)
        LOGGER.info("in %s", Path("a\nb"))
        LOGGER.info("\033[1m%s\033[0m", escaped(HOSTILE), extra=IN_COLOUR)
        raise InputError(f"unknown {HOSTILE}\nsecond line", Path("folder\x1b[2J/file"))

    assert run_command(command, []) == 2
    shown = capsys.readouterr()
    assert shown.out == f"seen {SHOWN}\n  1\nin a\\nb\n\033[1m{SHOWN}\033[0m\n"
    assert shown.err == f"error: folder\\x1b[2J/file: unknown {SHOWN}\\nsecond line\n"


def test_paths_in_errors_of_the_system_are_escaped(capsys):
    assert run_command(lambda _: Path("no\x1b[2J").read_text() and None, []) == 2
    assert capsys.readouterr().err == "error: no\\x1b[2J: No such file or directory\n"


def test_an_interruption_in_the_lock_of_bars_is_one_of_the_command(monkeypatch, capsys):
    class Interrupted:
        """Lock during whose acquisition Ctrl-C is pressed."""

        def acquire(self, *arguments):
            raise KeyboardInterrupt

        def release(self):
            raise RuntimeError("cannot release un-acquired lock")

    before = tqdm.get_lock()
    monkeypatch.setattr(tqdm, "_lock", before)
    tqdm.set_lock(Interrupted())

    def command(words):
        LOGGER.info("shown")
        raise KeyboardInterrupt

    assert run_command(command, []) == 130
    assert capsys.readouterr() == ("shown\n", "stopped\n")


@pytest.mark.parametrize("place", ["prepare_process", "_open_descriptors", "_console", "_fail"])
def test_an_interruption_before_or_after_the_command_is_one_of_it(monkeypatch, place):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    def command(words):
        raise InputError("some error")

    monkeypatch.setattr(console, place, interrupt)
    handlers = list(LOGGER.handlers)
    assert run_command(command, []) == 130
    assert LOGGER.handlers == handlers
