"""Copies of public pages on disk: what one process has made, all can show, also after a restart."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Hashable
from pathlib import Path

import orjson

from marketplace.edge.pages import Kept, Page


class Copies:
    """One file for each page: a line about it, then the page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, key: Hashable, kept: Kept) -> None:
        """Keep a page in the place of the copy from before."""
        page = kept.page
        head = {
            "mimetype": page.mimetype,
            "modified": page.modified,
            "etag": page.etag,
            "made_at": kept.made_at,
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(key)
        # Not by the number of the process: nodes share the folder, and two may have the same.
        draft = path.with_suffix(f".{secrets.token_hex(8)}")
        draft.write_bytes(orjson.dumps(head) + b"\n" + page.body)
        draft.replace(path)

    def read(self, key: Hashable) -> Kept | None:
        """The copy of a page, if there is one."""
        try:
            head, _, body = self._path(key).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        said = orjson.loads(head)
        modified, made_at = (dt.datetime.fromisoformat(said[name]) for name in ("modified", "made_at"))
        return Kept(Page(body, said["mimetype"], modified, said["etag"]), made_at)

    def _path(self, key: Hashable) -> Path:
        return self._folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:40]}.page"
