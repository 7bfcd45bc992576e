"""Where the files of photos lie, by key.

A key is made of the picture's content hash, so a file never changes once it is there: copies,
caches and backups need no versions, and putting the same picture twice is one file.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from marketplace.media.images import SIZES, Picture

_KEY = re.compile(rf"[0-9a-f]{{2}}/[0-9a-f]{{2}}/[0-9a-f]{{64}}-(?:{'|'.join(SIZES)})\.webp")


def key(digest: str, size: str) -> str:
    """The key of one size of a picture, fanned out over 65,536 folders: ``ab/cd/abcd…-thumb.webp``."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}-{size}.webp"


def digest_of(key: str) -> str:
    """The content hash that a key is made of."""
    return key[6:70]


class PhotoStore(Protocol):
    """What the application needs of any store.

    A folder does, and so does an S3-compatible bucket: ``put`` is a PutObject with ``If-None-Match: *``
    (a 412 answer means that the file is there already), ``open`` a GetObject, ``exists`` a
    HeadObject, ``delete`` a DeleteObject, ``written_before`` ListObjectsV2 with its LastModified; there
    are no drafts in a bucket. Every method may be called again after a failure.
    """

    def put(self, key: str, data: bytes) -> None:
        """Keep ``data`` under ``key``, whole or not at all; a key that is there already stays as it is."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The file's content, to be closed by the caller.

        Raises:
            FileNotFoundError: there is none with this key.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the file; one that isn't there is removed already."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is a file with this key."""
        ...

    def written_before(self, moment: dt.datetime) -> Iterator[str]:
        """Keys of all files that were written before a moment, one by one and in any order."""
        ...

    def drop_drafts(self, before: dt.datetime) -> int:
        """Remove what interrupted writes left before a moment; how many there were."""
        ...


class FolderStore:
    """A :class:`PhotoStore` in a folder of one file system, shared by all processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts = folder / ".drafts"

    def put(self, key: str, data: bytes) -> None:
        """Write aside, flush to the disk, rename: readers and a power cut see all of the file or none."""
        path = self._path(key)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._drafts.mkdir(exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._drafts)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(handle)
            os.replace(draft, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(draft)
            raise

    def open(self, key: str) -> BinaryIO:
        """See :meth:`PhotoStore.open`."""
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """See :meth:`PhotoStore.delete`."""
        self._path(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """See :meth:`PhotoStore.exists`."""
        return self._path(key).is_file()

    def written_before(self, moment: dt.datetime) -> Iterator[str]:
        """See :meth:`PhotoStore.written_before`."""
        for path in self._folder.glob("??/??/*.webp"):
            name = path.relative_to(self._folder).as_posix()
            if _KEY.fullmatch(name) and _is_older(path, moment):
                yield name

    def drop_drafts(self, before: dt.datetime) -> int:
        """See :meth:`PhotoStore.drop_drafts`."""
        old = [path for path in self._drafts.glob("*") if _is_older(path, before)]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _path(self, key: str) -> Path:
        """The file of a key; what no key looks like, such as a way out of the folder, is not there."""
        if not _KEY.fullmatch(key):
            raise FileNotFoundError(key)
        return self._folder / key


def _is_older(path: Path, moment: dt.datetime) -> bool:
    """Whether a file was written before a moment; one that went meanwhile is no file any more."""
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False


def keep(store: PhotoStore, picture: Picture) -> None:
    """Put all sizes of a picture."""
    for size, data in picture.files.items():
        store.put(key(picture.digest, size), data)
