"""What a public page is, once it is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that everyone gets."""

    body: bytes
    mimetype: str
    modified: dt.datetime
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A page with the moment at which the database was asked for it."""

    page: Page
    made_at: dt.datetime
