"""Which encoding a text file is in, found by decoding it strictly, not by guessing."""

from __future__ import annotations

import codecs
from pathlib import Path

from charset_normalizer import from_bytes

from marketplace.domain.errors import Invalid
from marketplace.domain.text import N_

ENCODINGS = ("utf-8-sig", "utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "big5")
"""What a person may choose where the finding was wrong."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LADDER = ("utf-8", "gb18030")
_BLOCK = 1 << 20
_SAMPLE = 1 << 18
_MOST_CONTROLS = 100
"""More than one control character in so many: not text."""


def detect(path: Path) -> str:
    """The encoding in which the whole file decodes: byte order mark, UTF-8, GB18030, then statistics.

    Raises:
        Invalid: it is not a text file, or in an encoding that can't be told.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    encoding = _find(path, head)
    text = head.decode(encoding, errors="ignore")
    if _MOST_CONTROLS * sum(map(_is_control, text)) > len(text):
        raise _no_text()
    return encoding


def _find(path: Path, head: bytes) -> str:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return require_decodes(path, name)
    if b"\0" in head:
        return _utf_16(path, head)
    for name in _LADDER:
        if decodes(path, name):
            return name
    guess = from_bytes(head).best()
    return require_decodes(path, guess.encoding if guess else "utf-8")


def decodes(path: Path, encoding: str) -> bool:
    """Whether every byte of the file has a meaning in the encoding; constant memory."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def require_decodes(path: Path, encoding: str) -> str:
    """``encoding``, when the file decodes in it.

    Raises:
        Invalid: it does not.
    """
    if encoding in ENCODINGS or _known(encoding):
        if decodes(path, encoding):
            return encoding
        raise Invalid(
            N_("文件不能按 %(encoding)s 编码读出。请在表格软件中另存为 .xlsx 或“CSV UTF-8”后再上传。"),
            encoding=encoding,
        )
    raise Invalid(N_("不支持的文字编码：%(encoding)s"), encoding=encoding)


def _known(encoding: str) -> bool:
    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True


def _utf_16(path: Path, head: bytes) -> str:
    """UTF-16 without a mark shows zero bytes on one side of its pairs."""
    encoding = "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
    if decodes(path, encoding):
        return encoding
    raise _no_text()


def _is_control(character: str) -> bool:
    return character < " " and character not in "\t\r\n\f"


def _no_text() -> Invalid:
    return Invalid(N_("这不是表格文件。请上传 .xlsx、.xls 或 .csv 格式的资产登记簿。"))
