import logging

import pytest

from latent_rationale.text.table import read_rows


@pytest.fixture
def told(caplog):
    """The lines that were told to the user so far."""
    caplog.set_level(logging.INFO, logger="latent_rationale")
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture
def read(tmp_path):
    """Write a table and read it back: its values."""

    def write_and_read(content, name="reviews.csv", encoding="utf-8", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return [row.values for row in read_rows([path], **options)]

    return write_and_read
