"""Pages that are the same for everyone, kept ready: they outlast a slow or absent database."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog import get_logger

log = get_logger()

FRESH = dt.timedelta(seconds=10)
"""For so long a page is given out without a look at the database."""
MOST = 400
"""Pages kept in one process; the longest unused goes first."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that everyone gets."""

    body: bytes
    mimetype: str
    modified: dt.datetime
    etag: str = ""


@dataclass(slots=True)
class _Place:
    page: Page | None = None
    made_at: dt.datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Shelf:
    """Kept pages by key. One request makes a page anew, while the others get the one before."""

    def __init__(self, fresh: dt.timedelta = FRESH, most: int = MOST) -> None:
        self._fresh, self._most = fresh, most
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, now: dt.datetime, make: Callable[[], Page]) -> Page:
        """The page, made anew when it is no longer fresh; the old one where that fails or takes its time.

        Raises:
            OperationalError: the database is away and there is no page yet.
        """
        place = self._place(key)
        if self._is_fresh(place, now) and place.page is not None:
            return place.page
        if not place.lock.acquire(blocking=place.page is None):
            assert place.page is not None
            return place.page
        try:
            if place.page is None or not self._is_fresh(place, now):
                self._renew(place, now, make)
            assert place.page is not None
            return place.page
        finally:
            place.lock.release()

    def clear(self) -> None:
        """Forget every page."""
        with self._lock:
            self._places.clear()

    def _is_fresh(self, place: _Place, now: dt.datetime) -> bool:
        return place.made_at is not None and abs(now - place.made_at) < self._fresh

    def _renew(self, place: _Place, now: dt.datetime, make: Callable[[], Page]) -> None:
        try:
            made = make()
        except (OperationalError, PoolTimeout) as error:
            if place.page is None:
                raise
            log.warning("stale_page", error=str(error))
            place.made_at = now
            return
        digest = hashlib.sha256(made.body).hexdigest()[:32]
        place.page = Page(made.body, made.mimetype, made.modified, digest)
        place.made_at = now

    def _place(self, key: Hashable) -> _Place:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > self._most:
                self._places.popitem(last=False)
            return place
