"""Where the files of photos lie, by key.

A key is made of the picture's content hash, so a file never changes once it is there: copies,
caches and backups need no versions, and putting the same picture twice is one file.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO, Protocol

from marketplace.media.images import SIZES, Picture

_KEY = re.compile(rf"[0-9a-f]{{2}}/[0-9a-f]{{2}}/[0-9a-f]{{64}}-(?:{'|'.join(SIZES)})\.webp")


def key(digest: str, size: str) -> str:
    """The key of one size of a picture, fanned out over 65,536 folders: ``ab/cd/abcd…-thumb.webp``."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}-{size}.webp"


class PhotoStore(Protocol):
    """What the application needs of any store.

    A folder does, and so does an S3-compatible bucket: ``put`` is a PutObject with ``If-None-Match: *``
    (a 412 answer means that the file is there already), ``open`` a GetObject, ``exists`` a
    HeadObject, ``delete`` a DeleteObject. Every method may be called again after a failure.
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


class FolderStore:
    """A :class:`PhotoStore` in a folder of one file system, shared by all processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, data: bytes) -> None:
        """Write aside, flush to the disk, rename: readers and a power cut see all of the file or none."""
        path = self._path(key)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
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

    def _path(self, key: str) -> Path:
        """The file of a key; what no key looks like, such as a way out of the folder, is not there."""
        if not _KEY.fullmatch(key):
            raise FileNotFoundError(key)
        return self._folder / key


def keep(store: PhotoStore, picture: Picture) -> None:
    """Put all sizes of a picture."""
    for size, data in picture.files.items():
        store.put(key(picture.digest, size), data)
