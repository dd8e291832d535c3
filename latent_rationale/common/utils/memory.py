"""Configuration of the C library's memory allocator."""

import ctypes
import platform

_MMAP_MAX, _TRIM_THRESHOLD = -4, -1
"""Parameters of glibc's ``mallopt``: ``M_MMAP_MAX`` and ``M_TRIM_THRESHOLD``."""


def keep_memory() -> None:
    """Make glibc reuse freed memory instead of returning it to the operating system; other C libraries are left alone.

    Only commands call this function: a library must not change the allocator of the process that imports it.
    """
    # The large tensors of a training step are freed and allocated again in every step. By default glibc returns such
    # memory to the system, which hands it out again page by page and zeroed: a quarter of a step's time on long texts.
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_MAX, 0)  # no allocation by mmap, which free() always returns to the system
        libc.mallopt(_TRIM_THRESHOLD, -1)  # never trim the top of the heap
