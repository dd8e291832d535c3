"""Commands in child processes with limits on time, memory and file size."""

import faulthandler
import gc
import importlib
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
Main = Callable[[Sequence[str]], int]
OK, REFUSED, STOPPED = 0, 2, 130
"""Exit codes of a command: success, bad input, Ctrl-C."""
POLL_SECONDS = 0.002
GRACE_SECONDS = 5.0
"""Seconds after its limit at which a child is killed that could not even show where it stands."""


@dataclass(frozen=True)
class Command:
    """One of the package's commands, or a script, with its arguments.

    Attributes:
        module: the module whose ``main`` runs it.
        arguments: the arguments, with paths relative to the working directory.
        prefix: the beginning of its error messages.
    """

    module: str
    arguments: tuple[str, ...]
    prefix: str = "error: "

    def with_arguments(self, *more: str) -> "Command":
        """Return the same command with further arguments."""
        return Command(self.module, (*self.arguments, *more), self.prefix)

    @property
    def words(self) -> list[str]:
        """Words of the command in a shell, without the interpreter."""
        is_script = (ROOT / "scripts" / f"{self.module}.py").is_file()
        start = [str(ROOT / "scripts" / f"{self.module}.py")] if is_script else ["-m", self.module]
        return [*start, *self.arguments]

    def find_main(self) -> Main:
        """Import the function that runs the command."""
        main: Main = importlib.import_module(self.module).main
        return main


@dataclass(frozen=True)
class Limits:
    """Resources that a child may use.

    Attributes:
        seconds: duration after which it shows its stack and ends.
        memory: bytes of address space beyond what the libraries occupy; None for no limit.
        file_size: largest size of a file in bytes; None for no limit.
    """

    seconds: float = 120.0
    memory: int | None = None
    file_size: int | None = None

    def apply(self) -> None:
        """Limit the calling process."""
        if self.memory is not None:
            total = _address_space() + self.memory
            resource.setrlimit(resource.RLIMIT_AS, (total, total))
        if self.file_size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_size, self.file_size))


@dataclass(frozen=True)
class Ended:
    """End of a child process.

    Attributes:
        code: the exit code; negative for a signal, None where the time limit was exceeded.
        stderr: text on standard error.
        seconds: duration.
    """

    code: int | None
    stderr: str
    seconds: float


class Child:
    """Command that runs in a forked process, in its own process group.

    The libraries are imported already, so that a kill hits the work of the command, and a run takes no seconds of
    importing. Some runs begin with a fresh interpreter instead, as a user's do, whose hashes of strings differ.

    Args:
        command: the command.
        folder: its working directory.
        limits: what it may use.
        fresh: start a new interpreter; memory is then not limited.
    """

    def __init__(self, command: Command, folder: Path, limits: Limits, fresh: bool = False):
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 closed by wait()
        self._limit = limits.seconds + GRACE_SECONDS
        main = command.find_main()  # imported here, once
        sys.stdout.flush()
        # Ctrl-C waits until the command has begun: before that, it would interrupt this script.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._start = time.monotonic()
        self._pid = os.fork()
        if self._pid == 0:
            _run_and_exit(main, command, folder, limits, fresh, self._stderr.fileno())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def send(self, number: int) -> None:
        """Send a signal, unless the child has ended."""
        os.kill(self._pid, number)  # an ended child is not reaped before wait()

    def age(self) -> float:
        """Return the seconds since the start of the child."""
        return time.monotonic() - self._start

    def wait(self, signal_after: float | None = None, number: int = signal.SIGKILL) -> Ended:
        """Wait for the end of the child.

        Args:
            signal_after: seconds from its start after which a signal is sent to it; None sends none.
            number: the signal.
        """
        code: int | None = None
        while True:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            seconds = self.age()
            if pid:
                code = os.waitstatus_to_exitcode(status)
                break
            if signal_after is not None and seconds >= signal_after:
                self.send(number)
                signal_after = None
            if seconds > self._limit:
                self.send(signal.SIGKILL)
                os.waitpid(self._pid, 0)
                break
            time.sleep(POLL_SECONDS)
        self._stderr.seek(0)
        with self._stderr as file:
            stderr = file.read().decode(errors="replace")
        return Ended(None if "Timeout (" in stderr else code, stderr, seconds)


def run(command: Command, folder: Path, limits: Limits, fresh: bool = False) -> Ended:
    """Run a command to its end."""
    return Child(command, folder, limits, fresh).wait()


def _run_and_exit(main: Main, command: Command, folder: Path, limits: Limits, fresh: bool, stderr: int) -> None:
    """Run a command in this process, which has just been forked, and end the process."""
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(stderr, 2)
        if fresh:
            limits.apply()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            os.execve(sys.executable, [sys.executable, *command.words], environment)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 the process ends before
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        faulthandler.dump_traceback_later(limits.seconds, exit=True, file=2)
        limits.apply()
        code = _exit_code(main, command.arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _exit_code(main: Main, arguments: Sequence[str]) -> int:
    """Call the function of a command as an interpreter would; a traceback goes to standard error."""
    code: Any = STOPPED  # where Ctrl-C comes before the command or after its end
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        code = main(arguments)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        if not (
            isinstance(error, KeyboardInterrupt)
            and all(frame.filename in (__file__, signal.__file__) for frame in frames)
        ):
            traceback.print_exc()
            code = 1
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    return code if isinstance(code, int) else 0 if code is None else 1


def _address_space() -> int:
    """Return the size of the address space of this process in bytes; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def preload() -> None:
    """Import what the commands import when they run, so that forked children begin with their work."""
    modules = (
        *("matplotlib.pyplot", "torch._dynamo", "torch.utils.tensorboard", "download_data"),
        *(f"latent_rationale.{task}.task" for task in ("sst", "beer", "snli")),
        *(f"latent_rationale.{module}" for module in ("common.experiment.commands", "snli.agreement_table")),
        *(f"latent_rationale.explain.{module}" for module in ("command", "evaluation.command", "language_model.task")),
        "latent_rationale.explain.visualization.command",
    )
    for module in modules:
        importlib.import_module(module)
    # Children must not collect what the imports left: Ctrl-C in a finaliser in Python is printed and ignored.
    gc.collect()
    gc.freeze()
