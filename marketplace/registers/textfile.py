"""Registers in text files: .csv, .tsv, .txt."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from marketplace.domain.errors import Invalid
from marketplace.domain.text import N_
from marketplace.registers.cells import Cell, unmark_formula

DELIMITERS = (",", "\t", ";", "|")
LONGEST_CELL = 131_072
"""Characters; a longer one is a quote that was never closed."""

_SNIFFED = 64_000
_BUFFER = 1 << 18


def sniff_delimiter(path: Path, encoding: str) -> str:
    """The delimiter that cuts the first lines into the most, and the most even, columns."""
    with path.open(encoding=encoding, newline="") as file:
        head = file.read(_SNIFFED)
    return max(DELIMITERS, key=lambda delimiter: _evenness(head, delimiter))


def _evenness(head: str, delimiter: str) -> int:
    """How many cells lie in rows of the commonest width, the cut-off last row left aside."""
    rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
    widths = Counter(len(row) for row in (rows[:-1] or rows) if len(row) > 1)
    return max((width * count for width, count in widths.items()), default=0)


def read_rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[Cell], int]]:
    """Rows with their number, from 1, and the bytes read so far; constant memory.

    A row is what a spreadsheet program shows as one: line breaks inside quotes don't end it, and an
    empty line is a row.

    Raises:
        Invalid: a quote is never closed.
    """
    with path.open("rb", buffering=_BUFFER) as raw:
        text = io.TextIOWrapper(raw, encoding=encoding, newline="")
        reader = csv.reader(text, delimiter=delimiter)
        number = 0
        try:
            for number, row in enumerate(reader, 1):
                yield number, [unmark_formula(c) if c[:1] == "'" else c for c in row], raw.tell()
        except csv.Error:
            raise Invalid(
                N_("第%(row)d行起有引号没有成对，无法继续读取。请检查该行的引号后再上传。"), row=number + 1
            ) from None
