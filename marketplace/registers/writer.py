"""Writing tables as .csv and .xlsx, row by row, in constant memory.

No cell is ever run as a formula by the program that opens the file: .xlsx cells are written as texts, and
in .csv, which knows no types, a text that looks like a formula gets a mark that the import takes away.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import BinaryIO, cast

import xlsxwriter

from marketplace.domain.errors import Invalid
from marketplace.domain.text import N_
from marketplace.registers.cells import EXACT_DIGITS, as_text, mark_formula

Out = str | int | float | Decimal | dt.date | None
"""What a written cell may hold; None is an empty one."""

SHEET_ROWS = 1_048_576
"""Rows that a sheet can hold."""
SHEET_COLUMNS = 16_384
_LINES = 1_000
_BLOCK = 1 << 18
_WIDTH = 16


class FileKind(StrEnum):
    """The formats that tables are written in."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows that are read once, while they are written."""

    header: Sequence[str]
    rows: Iterable[Sequence[Out]]
    title: str = "资产"
    """Name of the sheet, in formats that have sheets."""


def write(table: Table, kind: FileKind, file: BinaryIO) -> int:
    """Write the table to an open file; how many rows it had.

    Raises:
        Invalid: more rows or columns than a sheet holds.
    """
    if kind is FileKind.XLSX:
        return write_xlsx(table, file)
    counted = _Counted(table.rows)
    for block in csv_blocks(replace(table, rows=counted)):
        file.write(block)
    return counted.count


def check_rows(count: int, kind: FileKind) -> None:
    """Refuse more rows than a file of this kind holds, before the first is written.

    Raises:
        Invalid: a sheet is too small for them.
    """
    if kind is FileKind.XLSX and count >= SHEET_ROWS:
        raise _too_large()


def blocks(table: Table, kind: FileKind) -> Iterator[bytes]:
    """The table as a file, piece by piece.

    A .csv comes while its rows are read; an .xlsx, whose parts refer to each other, lies on disk first.

    Raises:
        Invalid: more rows or columns than a sheet holds.
    """
    if kind is FileKind.CSV:
        yield from csv_blocks(table)
        return
    with tempfile.TemporaryFile() as file:
        write_xlsx(table, cast(BinaryIO, file))
        file.seek(0)
        while block := file.read(_BLOCK):
            yield block


def csv_blocks(table: Table) -> Iterator[bytes]:
    """The table as UTF-8 with a byte order mark, which spreadsheet programs ask for, in blocks of lines."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(map(mark_formula, table.header))
    for number, row in enumerate(table.rows, 1):
        writer.writerow(map(_as_csv, row))
        if number % _LINES == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def write_xlsx(table: Table, file: BinaryIO) -> int:
    """The table as a workbook of one sheet; how many rows it had.

    Raises:
        Invalid: more rows or columns than a sheet holds.
    """
    if len(table.header) > SHEET_COLUMNS:
        raise _too_large()
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    try:
        return _Sheet(book, table.title).write(table)
    finally:
        book.close()


class _Sheet:
    """The one sheet of a workbook that is being written."""

    def __init__(self, book: xlsxwriter.Workbook, title: str) -> None:
        self._sheet = book.add_worksheet(title)
        self._bold = book.add_format({"bold": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._amount = book.add_format({"num_format": "#,##0.00"})

    def write(self, table: Table) -> int:
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, max(len(table.header) - 1, 0), _WIDTH)
        for column, name in enumerate(table.header):
            self._sheet.write_string(0, column, name, self._bold)
        number = 0
        for number, row in enumerate(table.rows, 1):
            if number >= SHEET_ROWS:
                raise _too_large()
            for column, cell in enumerate(row):
                if cell is not None and cell != "":
                    self._write(number, column, cell)
        return number

    def _write(self, row: int, column: int, cell: str | float | Decimal | dt.date) -> None:
        if isinstance(cell, str):
            self._sheet.write_string(row, column, cell)
        elif isinstance(cell, dt.date):
            self._sheet.write_datetime(row, column, cell, self._day)
        elif len(str(cell)) > EXACT_DIGITS:
            # Sheets keep 15 digits of a number; as text none is lost.
            self._sheet.write_string(row, column, str(cell))
        else:
            amount = isinstance(cell, Decimal)
            self._sheet.write_number(row, column, float(cell), self._amount if amount else None)


def _as_csv(cell: Out) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return mark_formula(cell)
    return str(cell) if isinstance(cell, Decimal) else as_text(cell)


class _Counted:
    """An iterable that knows how many were taken from it."""

    def __init__(self, rows: Iterable[Sequence[Out]]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Sequence[Out]]:
        for self.count, row in enumerate(self._rows, 1):  # noqa: B020 - the count is the point
            yield row


def _too_large() -> Invalid:
    return Invalid(N_("内容超出一个工作表的容量（1,048,576行）。请改为导出 .csv，或缩小筛选范围。"))
