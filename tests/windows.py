"""Run the commands on the command line of this script, separated by ``--then``, as on Windows.

What Windows lacks or does differently raises an error: POSIX functions that the package or its scripts call,
renaming and removing files that are open, syncing files that are open for reading, opening folders, and text files
whose encoding is left to the system.
"""

import builtins
import errno
import os
import signal
import sys
import warnings
from importlib import import_module
from pathlib import Path

MISSING_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "syslog", "posix"}
MISSING_FUNCTIONS = (
    *("fork", "getpgid", "setpgid", "setsid", "killpg", "getuid", "geteuid", "getgid", "uname", "mkfifo", "statvfs"),
    *("sched_getaffinity", "getloadavg", "chown", "sync", "fchmod", "wait4", "pathconf", "nice", "getpgrp"),
)


def ours(depth=2):
    """Whether the package calls, and not a library, which may have other ways on Windows."""
    return sys._getframe(depth).f_globals.get("__name__", "").startswith("latent_rationale")


def open_files():
    links = (Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd"))
    return {os.readlink(link) for link in links if link.is_symlink()}


def refuse_open_files(function, name):
    def call(*arguments, **named):
        for path in (path for path in arguments if isinstance(path, str | os.PathLike)):
            if os.path.realpath(path) in open_files():
                raise PermissionError(errno.EACCES, f"os.{name} of a file that is open", os.fspath(path))
        return function(*arguments, **named)

    return call


def synced(descriptor):
    flags = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii").splitlines()[1]
    if int(flags.split()[1], 8) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "os.fsync of a file that is open for reading")


def opened(function):
    def call(path, *arguments, **named):
        if not isinstance(path, int) and os.path.isdir(path) and ours():
            raise PermissionError(errno.EACCES, "os.open of a folder", os.fspath(path))
        return function(path, *arguments, **named)

    return call


def missing(function, name):
    def call(*arguments, **named):
        if ours():
            raise AttributeError(f"module 'os' has no attribute '{name}'")
        return function(*arguments, **named)

    return call


def imported(function):
    def call(name, variables=None, *rest, **named):
        if name in MISSING_MODULES and (variables or {}).get("__name__", "").startswith("latent_rationale"):
            raise ModuleNotFoundError(f"No module named '{name}'")
        return function(name, variables, *rest, **named)

    return call


def pretend():
    """Replace what differs on Windows."""
    os.fsync = synced
    for name in ("replace", "rename", "unlink", "remove"):
        setattr(os, name, refuse_open_files(getattr(os, name), name))
    os.open = opened(os.open)
    for name in MISSING_FUNCTIONS:
        setattr(os, name, missing(getattr(os, name), name))
    for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1"):
        delattr(signal, name)
    builtins.__import__ = imported(builtins.__import__)
    warnings.filterwarnings("error", category=EncodingWarning, module="latent_rationale")


def main():
    """Run the commands."""
    commands, words = [[]], sys.argv[1:]
    for word in words:
        if word == "--then":
            commands.append([])
        else:
            commands[-1].append(word)
    pretend()
    for module, *arguments in commands:
        code = import_module(module).main(arguments)
        if code:
            sys.exit(f"{module}: exit code {code}")


main()
