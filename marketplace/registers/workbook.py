"""Registers in Excel workbooks, read by calamine.

Calamine unpacks a sheet as one dense grid and aborts the process when that does not fit in memory. A
few kilobytes can claim a grid of gigabytes, so a workbook is measured before it is handed over, and,
because a file can lie in ways that no measure foresees, tried in a process of its own.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from marketplace.domain.errors import Invalid
from marketplace.domain.text import N_
from marketplace.registers import trial
from marketplace.registers.cells import Cell
from marketplace.registers.trial import MAX_GRID

MAX_UNPACKED = 2 << 30
"""Bytes of XML in one workbook: more than the fullest sheet of a register has."""
ZIP_START, OLE_START = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
"""First bytes of .xlsx and .xls files."""

_BLOCK = 1 << 20
_NEAR_COLUMNS, _NEAR_ROWS = 26, 99_999
"""Cells within these bounds are looked at one by one only where a sheet seems too large."""
_FAR_CELL = re.compile(rb"r=[\"'](?:([A-Z]{2,3})(\d+)|([A-Z])(\d{6,7}))[\"'][^<>]*(?<!/)>")
_ANY_CELL = re.compile(rb"r=[\"'](?:([A-Z]{2,3})(\d+)|([A-Z])(\d+))[\"'][^<>]*(?<!/)>")
_LONGEST_TAG = 256
_LOCAL_HEADER = 30
_SHEETS = "xl/worksheets/"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that may hold a register."""

    name: str
    hidden: bool


def measure(path: Path) -> None:
    """Refuse an .xlsx file that would not fit in memory, or is none.

    Raises:
        Invalid: damaged, not a workbook, or larger than the limits when unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            if "xl/workbook.xml" not in archive.namelist():
                raise _no_workbook()
            left = MAX_UNPACKED
            for member in archive.infolist():
                left -= _measure_member(raw, member, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise _damaged() from None


def _measure_member(raw: BinaryIO, member: zipfile.ZipInfo, left: int) -> int:
    size, extent = 0, _Extent(_FAR_CELL, _NEAR_COLUMNS, _NEAR_ROWS)
    for block in _unpacked(raw, member):
        size += len(block)
        if size > left:
            raise Invalid(
                N_("工作簿解压后超过 %(limit)d GB。请另存为 .csv 后再上传，行数不限。"),
                limit=MAX_UNPACKED >> 30,
            )
        if member.filename.startswith(_SHEETS):
            extent.see(block)
    if extent.area > MAX_GRID:
        _check_extent(raw, member)
    return size


def _check_extent(raw: BinaryIO, member: zipfile.ZipInfo) -> None:
    extent = _Extent(_ANY_CELL, 0, 0)
    for block in _unpacked(raw, member):
        extent.see(block)
    if extent.area > MAX_GRID:
        raise Invalid(
            N_(
                "工作表过大：内容延伸到第%(rows)d行、第%(columns)d列。"
                "请删去表格以外的行列，或另存为 .csv 后再上传。"
            ),
            rows=extent.rows,
            columns=extent.columns,
        )


def _unpacked(raw: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The member's bytes as they really are: the sizes that the archive states may lie."""
    raw.seek(member.header_offset)
    header = raw.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    raw.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    inflate = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
    left = member.compress_size
    while left > 0 and (packed := raw.read(min(left, _BLOCK))):
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed:
            yield inflate.decompress(packed, _BLOCK)
            packed = inflate.unconsumed_tail
    if inflate is not None:
        yield inflate.flush()


class _Extent:
    """The rectangle that a sheet's filled cells span, watched while its XML goes by."""

    def __init__(self, cells: re.Pattern[bytes], columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells, self._rest = cells, b""

    @property
    def area(self) -> int:
        """How many cells a dense grid of it has."""
        return self.columns * self.rows

    def see(self, block: bytes) -> None:
        """Take note of the cells in the next block."""
        seen = self._rest + block
        for far_column, row, column, far_row in self._cells.findall(seen):
            self.columns = max(self.columns, _column_number(far_column or column))
            self.rows = max(self.rows, int(row or far_row))
        self._rest = seen[-_LONGEST_TAG:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def open_workbook(path: Path, *, tried: bool = False) -> CalamineWorkbook:
    """An .xlsx or .xls file, ready to read; ``tried`` says that it was opened before.

    Raises:
        Invalid: damaged, too large to unpack, protected by a password, or no workbook at all.
    """
    with path.open("rb") as file:
        zipped = file.read(len(ZIP_START)) == ZIP_START
    try:
        if zipped:
            measure(path)
            return _open_as(path, ".xlsx", tried)
        return _open_container(path, tried)
    except PasswordError:
        raise Invalid(N_("工作簿有密码保护。请取消密码后另存，再上传。")) from None
    except CalamineError:
        raise _damaged() from None


def _open_container(path: Path, tried: bool) -> CalamineWorkbook:
    """An .xls file, or what an .xlsx file becomes when it gets a password."""
    try:
        return _open_as(path, ".xls", tried)
    except PasswordError:
        raise
    except CalamineError as error:
        if "Workbook stream" not in str(error):
            raise
    try:
        return _open_as(path, ".xlsx", tried)
    except PasswordError:
        raise
    except CalamineError:
        raise _no_workbook() from None


def _open_as(path: Path, suffix: str, tried: bool) -> CalamineWorkbook:
    """Calamine goes by the suffix of the name, so it gets a name that fits the content."""
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder, "register").with_suffix(suffix)
        named.symlink_to(path.resolve())
        if not tried and not trial.fits(named):
            raise Invalid(N_("工作表过大，内容相隔太远。请删去表格以外的行列，或另存为 .csv 后再上传。"))
        return CalamineWorkbook.from_path(named)


def sheets(workbook: CalamineWorkbook) -> list[Sheet]:
    """The workbook's sheets with cells, in its order."""
    return [
        Sheet(sheet.name, sheet.visible is not SheetVisibleEnum.Visible)
        for sheet in workbook.sheets_metadata
        if sheet.typ is SheetTypeEnum.WorkSheet
    ]


def open_sheet(workbook: CalamineWorkbook, name: str) -> CalamineSheet:
    """One sheet, unpacked.

    Raises:
        Invalid: there is none of this name, or it is damaged.
    """
    if name not in workbook.sheet_names:
        raise Invalid(N_("工作簿中没有名为“%(sheet)s”的工作表。"), sheet=name)
    try:
        return workbook.get_sheet_by_name(name)
    except CalamineError:
        raise _damaged() from None


def read_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Cell]]]:
    """Rows with their number as Excel shows it."""
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield number, [c if type(c) is str or type(c) is float else _plain(c) for c in row]


def _plain(value: object) -> Cell:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float | dt.date):
        return value
    return str(value)


def _no_workbook() -> Invalid:
    return Invalid(N_("这不是 Excel 工作簿。请上传 .xlsx、.xls 或 .csv 格式的资产登记簿。"))


def _damaged() -> Invalid:
    return Invalid(N_("文件已损坏，无法读取。请在表格软件中打开并另存后再上传。"))
