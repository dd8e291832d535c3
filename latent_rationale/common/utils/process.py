"""Settings of the process of a command: its threads and its memory. A library must not change those of its importer."""

import ctypes
import os
import platform

DEVICES = ("auto", "cpu", "cuda", "mps")
"""Names of devices, for options; ``mps`` is Apple's GPU."""

MPS_FALLBACK = "PYTORCH_ENABLE_MPS_FALLBACK"
"""Environment variable by which torch computes on the CPU what Apple's GPU cannot; it is read when torch is loaded."""

_MMAP_MAX, _TRIM_THRESHOLD = -4, -1
"""Parameters of glibc's ``mallopt``: ``M_MMAP_MAX`` and ``M_TRIM_THRESHOLD``."""


def prepare_process() -> None:
    """Set how threads wait for each other and how memory is reused. Called by commands, before torch is loaded."""
    # libgomp, which torch has on Linux, reads this once. By default a thread that waits spins for milliseconds: on a
    # machine that runs other programs too, it takes the core from the thread it waits for, and a step on small tensors
    # becomes a hundred times slower. Sleeping at once makes each step twice as slow. 1000 turns take microseconds.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ.setdefault(MPS_FALLBACK, "1")
    _keep_memory()


def free_cores() -> int:
    """Count the cores that this process may use and that no other program uses now; at least 1.

    Limits of a container (cgroups) and the affinity of the process count. Takes 0.2 s.
    """
    import joblib  # imported here, because -h needs neither
    import psutil

    total = psutil.cpu_count() or 1
    busy = psutil.cpu_percent(interval=0.2) / 100 * total
    allowed: int = joblib.cpu_count()
    return max(1, min(allowed, round(total - busy)))


def _keep_memory() -> None:
    """Make glibc reuse freed memory instead of returning it to the operating system; other libraries are left alone."""
    # The large tensors of a training step are freed and allocated again in every step. By default glibc returns such
    # memory to the system, which hands it out again page by page and zeroed: a quarter of a step's time on long texts.
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_MAX, 0)  # no allocation by mmap, which free() always returns to the system
        libc.mallopt(_TRIM_THRESHOLD, -1)  # never trim the top of the heap
