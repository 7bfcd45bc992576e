"""Register files on their way in, named by the hash of what they contain."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from marketplace.domain.errors import Invalid, NotFound
from marketplace.domain.text import N_
from marketplace.registers.reader import MAX_BYTES

_BLOCK = 1 << 20


def store(source: Path | BinaryIO, folder: Path) -> str:
    """Keep a copy of the file in ``folder``; its name there is the SHA-256 of its content.

    Raises:
        Invalid: the file is too large.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(source) as file, tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as draft:
        try:
            digest = _copy(file, draft)
        except BaseException:
            os.unlink(draft.name)
            raise
    os.replace(draft.name, folder / digest)
    return digest


def path_of(digest: str, folder: Path) -> Path:
    """Where a kept file lies.

    Raises:
        NotFound: it has been cleared away.
    """
    path = folder / digest
    if not path.is_file():
        raise NotFound(N_("上传的文件已被清理。请重新上传，已导入的资产不会重复。"))
    return path


def clear(folder: Path, keep: Iterable[str], older_than: float) -> int:
    """Delete files last touched before ``older_than`` (seconds since 1970) that are not in ``keep``."""
    kept, cleared = set(keep), 0
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.name not in kept and path.stat().st_mtime < older_than:
            path.unlink(missing_ok=True)
            cleared += 1
    return cleared


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        yield source


def _copy(file: BinaryIO, draft: IO[bytes]) -> str:
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        size += len(block)
        if size > MAX_BYTES:
            raise Invalid(N_("文件超过 %(limit)d GB，请拆分后再上传。"), limit=MAX_BYTES >> 30)
        digest.update(block)
        draft.write(block)
    # Now, while a full disk can still be noticed and the draft removed.
    draft.flush()
    os.fsync(draft.fileno())
    return digest.hexdigest()
