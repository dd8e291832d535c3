"""Event file of tensorboard."""

import os
import socket
import time
from pathlib import Path
from typing import Any

import numpy
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.summary.writer.record_writer import RecordWriter
from torch import Tensor
from torch.utils import tensorboard

PATTERN = "events.out.tfevents.*"
"""Names of event files."""

summary: Any = tensorboard.summary  # untyped

_BINS = numpy.linspace(0, 1, 41)


class EventFile:
    """Writer of scalars, histograms and texts for tensorboard, in the calling thread.

    ``SummaryWriter`` of torch writes in a thread of its own, which can wait for ever after Ctrl-C, and in which the
    error of a full disk is lost.

    Args:
        folder: an existing folder, in which a new file is created.
        start: iteration after which the run continues; points that an earlier file holds after it are hidden. 0 for a
            new run.
    """

    def __init__(self, folder: Path, start: int = 0):
        name = f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
        self._file = (folder / name).open("xb")
        self._records = RecordWriter(self._file)
        self._write(Event(file_version="brain.Event:2"))
        if start:
            self._write(Event(step=start + 1, session_log=SessionLog(status=SessionLog.START)))

    def scalar(self, name: str, value: float, iteration: int) -> None:
        """Add a value of a curve."""
        self._add(summary.scalar(name, value), iteration)

    def histogram(self, name: str, values: Tensor, iteration: int) -> None:
        """Add a histogram of values in [0, 1], of any shape."""
        self._add(summary.histogram(name, values.detach().float().cpu().numpy(), _BINS), iteration)

    def text(self, name: str, text: str, iteration: int) -> None:
        """Add text in Markdown format."""
        self._add(summary.text(name, text), iteration)

    def close(self) -> None:
        """Close the file of events."""
        self._file.close()

    def _add(self, content: Any, iteration: int) -> None:
        self._write(Event(step=iteration, summary=content))

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())
        self._records.flush()
