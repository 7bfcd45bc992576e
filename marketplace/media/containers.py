"""What a file is by its content, and whether all of it is there, before anything is decoded.

Decoders forgive missing ends; a register of evidence should not. So each container is walked here
by its own lengths: a file that was cut off anywhere is noticed without decoding a pixel.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from enum import StrEnum


class Container(StrEnum):
    """The accepted formats, by the name Pillow opens them with."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    AVIF = "AVIF"
    HEIF = "HEIF"


MAX_SCANS = 100
"""Scans of one JPEG. Cameras write up to a dozen; a file with thousands only burns time."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_SEQUENCE_BRANDS = frozenset({b"avis", b"hevc", b"hevx", b"msf1"})
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
"""The next marker in entropy-coded data, past stuffed zeros and restart markers."""


def recognise(data: bytes) -> Container | None:
    """The container that these bytes start, whatever the file is called; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return Container.JPEG
    if data.startswith(_PNG_SIGNATURE):
        return Container.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Container.WEBP
    brands = _brands(data)
    if not _AVIF_BRANDS.isdisjoint(brands):
        return Container.AVIF
    return None if _HEIF_BRANDS.isdisjoint(brands) else Container.HEIF


def is_complete(container: Container, data: bytes) -> bool:
    """Whether the file reaches its own end: False for one that was cut off."""
    return _COMPLETE[container](data)


def is_sequence(data: bytes) -> bool:
    """Whether an AVIF or HEIF file says that it is a moving picture first of all."""
    return data[8:12] in _SEQUENCE_BRANDS and data[4:8] == b"ftyp"


def _brands(data: bytes) -> tuple[bytes, ...]:
    """The brands of an ISO base media file, the major one first; none for other files."""
    if data[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(data[:4]), len(data), 256)
    return (data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4)))


def _jpeg_complete(data: bytes) -> bool:
    position, scans = 2, 0
    while marker := _JPEG_MARKER.search(data, position):
        position = marker.end()
        kind = data[position - 1]
        if kind == 0xD9:
            return scans > 0
        if kind not in (0x01, 0xD8):
            position += int.from_bytes(data[position : position + 2])
        scans += kind == 0xDA
        if scans > MAX_SCANS:
            return False
    return False


def _png_complete(data: bytes) -> bool:
    position = len(_PNG_SIGNATURE)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4])
        kind = data[position + 4 : position + 8]
        position += 12 + length
        if kind == b"IEND":
            return position <= len(data)
    return False


def _webp_complete(data: bytes) -> bool:
    return len(data) >= 8 + int.from_bytes(data[4:8], "little")


def _boxes_complete(data: bytes) -> bool:
    kinds = set()
    for kind, end in _boxes(data):
        if end > len(data):
            return False
        kinds.add(kind)
    return b"meta" in kinds


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The top-level boxes with where each ends; one of length 0 reaches the end of the file."""
    position = 0
    while position < len(data):
        head = data[position : position + 16].ljust(16, b"\xff")
        length, kind, long_length = struct.unpack(">I4sQ", head)
        if length == 1:
            length = long_length
        end = len(data) if length == 0 else position + max(length, 8)
        yield kind, end
        position = end


_COMPLETE: dict[Container, Callable[[bytes], bool]] = {
    Container.JPEG: _jpeg_complete,
    Container.PNG: _png_complete,
    Container.WEBP: _webp_complete,
    Container.AVIF: _boxes_complete,
    Container.HEIF: _boxes_complete,
}
