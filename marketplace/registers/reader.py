"""Opening a register file: what it is, where its table lies, and its rows.

The kind of file is told from its content, never from its name: text saved as .xls is read as text, and a
web page saved as .xls is refused with advice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from python_calamine import CalamineWorkbook

from marketplace.domain.errors import Invalid
from marketplace.domain.text import N_
from marketplace.registers import encoding as encodings
from marketplace.registers import textfile, workbook
from marketplace.registers.cells import Cell, is_blank
from marketplace.registers.header import LOOKED_AT, Header, Rows, find_header, header_at
from marketplace.registers.noise import NoiseFilter

MAX_BYTES = 2 << 30
"""Largest file that is taken in."""
SAMPLE = 500
"""Rows below the header by which columns are judged."""

Kind = Literal["text", "workbook"]

_PAGE_STARTS = (b"<html", b"<!doctype", b"<table", b"<head", b"<?xml", b"<meta")
_OTHER_STARTS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"Rar!",
    b"7z\xbc\xaf",
    b"GIF8",
    b"{\\rtf",
    b"\x1f\x8b",
)
_EVERYONE = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in the file the register lies, as found or as a person corrected it."""

    kind: Kind
    header_rows: tuple[int, ...]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    """All sheets of the workbook, to choose from."""

    def as_json(self) -> dict[str, Any]:
        """For keeping in the database."""
        return asdict(self)

    @staticmethod
    def from_json(kept: dict[str, Any]) -> Layout:
        """What :meth:`as_json` gave."""
        return Layout(**kept | {name: tuple(kept[name]) for name in ("header_rows", "sheets")})


@dataclass(frozen=True, slots=True)
class Found:
    """A register as it was found in a file."""

    layout: Layout
    headers: tuple[str, ...]
    sample: tuple[tuple[int, list[Cell]], ...]
    """The first rows below the header, noise left out."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says about a file where the finding was wrong; None leaves it to the finding."""

    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None


def find_register(path: Path, choice: Choice | None = None) -> Found:
    """Find the register in a file.

    Raises:
        Invalid: no file that can be read, or no table in it; the message says what to do.
    """
    choice = choice or Choice()
    if kind_of(path) == "text":
        return _find_in_text(path, choice)
    return _find_in_workbook(path, choice)


def kind_of(path: Path) -> Kind:
    """Whether the file is text or an Excel workbook.

    Raises:
        Invalid: empty, too large, or something else.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Invalid(N_("文件超过 %(limit)d GB，请拆分后再上传。"), limit=MAX_BYTES >> 30)
    with path.open("rb") as file:
        head = file.read(512)
    if not head.strip():
        raise Invalid(N_("文件是空的。请确认选对了文件。"))
    if head.startswith((workbook.ZIP_START, workbook.OLE_START)):
        return "workbook"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_STARTS):
        raise Invalid(N_("这是以表格名义保存的网页。请用表格软件打开，另存为 .xlsx 后再上传。"))
    if head.startswith(_OTHER_STARTS):
        raise Invalid(N_("这不是表格文件。请上传 .xlsx、.xls 或 .csv 格式的资产登记簿。"))
    return "text"


def read_rows(path: Path, layout: Layout, *, after: int = 0) -> Iterator[tuple[int, list[Cell], float]]:
    """The rows below the header with a number above ``after``, each with the share of the file read.

    Text files are read in constant memory; of a workbook, calamine holds the one sheet. The layout is
    one that was found in this file.
    """
    first = max(after, *layout.header_rows)
    if layout.kind == "text":
        size = path.stat().st_size
        for number, cells, position in textfile.read_rows(path, layout.encoding, layout.delimiter):
            if number > first:
                yield number, cells, position / size
        return
    with workbook.open_workbook(path, tried=True) as book:
        sheet = workbook.open_sheet(book, layout.sheet)
        for number, cells in workbook.read_rows(sheet):
            if number > first:
                yield number, cells, number / max(sheet.total_height, number)


def _find_in_text(path: Path, choice: Choice) -> Found:
    encoding = encodings.require_decodes(path, choice.encoding) if choice.encoding else encodings.detect(path)
    delimiter = textfile.sniff_delimiter(path, encoding)
    rows = textfile.read_rows(path, encoding, delimiter)
    top = [(number, cells) for number, cells, _ in itertools.islice(rows, LOOKED_AT + SAMPLE)]
    header = _header(top, choice)
    if header is None:
        raise _no_table()
    return _found(Layout("text", header.rows, encoding, delimiter), header, top)


def _find_in_workbook(path: Path, choice: Choice) -> Found:
    with workbook.open_workbook(path) as book:
        sheets = workbook.sheets(book)
        names = tuple(sheet.name for sheet in sheets)
        if choice.sheet is not None:
            groups = [[choice.sheet]]
        else:
            groups = [[sheet.name for sheet in sheets if sheet.hidden is hidden] for hidden in (False, True)]
        for group in groups:
            found = [pair for name in group if (pair := _find_in_sheet(book, names, name, choice))]
            if found:
                return max(found, key=lambda pair: pair[0])[1]
    raise _no_table()


def _find_in_sheet(
    book: CalamineWorkbook, names: tuple[str, ...], name: str, choice: Choice
) -> tuple[tuple[int, int], Found] | None:
    """The register of one sheet, if any, with how sure it is that this is one: known headers, then rows."""
    rows = workbook.read_rows(workbook.open_sheet(book, name))
    top = list(itertools.islice(rows, LOOKED_AT + SAMPLE))
    header = _header(top, choice)
    if header is None:
        return None
    found = _found(Layout("workbook", header.rows, sheet=name, sheets=names), header, top)
    return (header.known, min(len(found.sample), 1)), found


def _header(top: Rows, choice: Choice) -> Header | None:
    header = find_header(top) if choice.header_row is None else header_at(top, choice.header_row)
    return header if header and header.names else None


def _found(layout: Layout, header: Header, top: Rows) -> Found:
    noise = NoiseFilter(header.names)
    below = [(number, list(cells)) for number, cells in top if number > max(header.rows)]
    sample = [(number, cells) for number, cells in below if noise.kind(cells) is None][:SAMPLE]
    return Found(layout, _all_columns(header.names, sample), tuple(sample))


def _all_columns(names: tuple[str, ...], sample: Sequence[tuple[int, list[Cell]]]) -> tuple[str, ...]:
    """The header's names, and one for each column beyond them that most rows fill."""
    beyond = range(len(names), max((len(cells) for _, cells in sample), default=0))
    more = [
        f"第{position + 1}列"
        for position in itertools.takewhile(
            lambda at: sum(at < len(c) and not is_blank(c[at]) for _, c in sample) > _EVERYONE * len(sample),
            beyond,
        )
    ]
    return (*names, *more)


def _no_table() -> Invalid:
    return Invalid(N_("文件中没有找到表格。请确认资产登记簿在文件中，并有一行列名。"))
