"""Parquet, where the package pyarrow is installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.formats.row import Row, Table, column_names

_BATCH = 1024


@contextmanager
def open_parquet(path: Path) -> Iterator[Table]:
    """Open a Parquet file, which is read in batches of rows.

    Raises:
        InputError: if pyarrow is not installed, or the file cannot be read.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise InputError("Parquet needs the package pyarrow (pip install pyarrow)", path) from error

    def rows() -> Iterator[Row]:
        try:
            values = (row for batch in file.iter_batches(_BATCH) for row in batch.to_pylist())
            for number, row in enumerate(values, start=1):
                yield Row(dict(zip(columns, row.values(), strict=True)), path, number)
        except (ArrowException, OSError, UnicodeDecodeError) as error:
            raise InputError(f"damaged Parquet file ({_first_line(error)})", path) from error

    try:
        file = ParquetFile(path)
    except FileNotFoundError as error:
        raise InputError("no such file", path) from error
    except (ArrowException, OSError) as error:
        raise InputError(f"not a Parquet file ({_first_line(error)})", path) from error
    with file:
        columns = column_names(file.schema_arrow.names, path)
        yield Table("Parquet", columns, rows())


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
