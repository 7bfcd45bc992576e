"""Writing .xls files (BIFF8 in an OLE2 container), as old programs do, and containers that hold no workbook.

Only what the reader is to be tried on: one sheet of texts and numbers, in streams too large for the
container's mini streams, so that its simplest form is enough.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

_SECTOR = 512
_SMALLEST_STREAM = 4096
_FREE, _CHAIN_END, _TABLE_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_FILEPASS = 0x002F


def write_xls(
    path: Path,
    table: Iterable[Sequence[str | float]],
    *,
    password: bool = False,
    far: tuple[int, int] | None = None,
) -> Path:
    """The table as the one sheet of an .xls workbook.

    With ``password`` it says that it is encrypted; ``far`` is the row and column of one more cell.
    """
    more = _record(0x0203, struct.pack("<HHHd", *far, 0, 1.0)) if far else b""
    sheet = _bof(0x0010) + b"".join(_cells(table)) + more + _record(0x000A, b"")
    globals_ = _bof(0x0005)
    if password:
        globals_ += _record(_FILEPASS, struct.pack("<HHH", 1, 1, 1) + bytes(48))
    name = "表一".encode("utf-16-le")
    bound = struct.pack("<IBBBB", 0, 0, 0, 2, 1) + name
    start = len(globals_) + 4 + len(bound) + 4
    bound = struct.pack("<I", start) + bound[4:]
    globals_ += _record(0x0085, bound) + _record(0x000A, b"")
    return write_container(path, {"Workbook": globals_ + sheet})


def write_container(path: Path, streams: dict[str, bytes]) -> Path:
    """An OLE2 container with these streams."""
    table, body, entries = [_TABLE_SECTOR], b"", [_entry("Root Entry", 5, _CHAIN_END, 0, child=1)]
    directory_at = 1
    table.append(_CHAIN_END)
    for position, (name, data) in enumerate(streams.items(), 1):
        padded = data.ljust(max(_SMALLEST_STREAM, -(-len(data) // _SECTOR) * _SECTOR), b"\0")
        start, count = len(table), len(padded) // _SECTOR
        table += [*range(start + 1, start + count), _CHAIN_END]
        right = position + 1 if position < len(streams) else _FREE
        entries.append(_entry(name, 2, start, len(padded), right=right))
        body += padded
    assert len(table) <= _SECTOR // 4
    assert len(entries) <= 4
    fat = struct.pack(f"<{len(table)}I", *table).ljust(_SECTOR, b"\xff")
    directory = b"".join(entries).ljust(_SECTOR, b"\0")
    path.write_bytes(_header(directory_at) + fat + directory + body)
    return path


def _cells(table: Iterable[Sequence[str | float]]) -> Iterable[bytes]:
    for row_no, row in enumerate(table):
        for column, value in enumerate(row):
            place = struct.pack("<HHH", row_no, column, 0)
            if isinstance(value, str):
                if value:
                    text = value.encode("utf-16-le")
                    yield _record(0x0204, place + struct.pack("<HB", len(value), 1) + text)
            else:
                yield _record(0x0203, place + struct.pack("<d", value))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _entry(name: str, kind: int, start: int, size: int, *, child: int = _FREE, right: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
    return head + struct.pack("<III", _FREE, right, child) + bytes(36) + struct.pack("<IQ", start, size)


def _header(directory_at: int) -> bytes:
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    head += bytes(6) + struct.pack("<IIIIIIIII", 0, 1, directory_at, 0, 4096, _CHAIN_END, 0, _CHAIN_END, 0)
    return head + struct.pack("<109I", 0, *[_FREE] * 108)
