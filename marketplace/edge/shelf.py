"""Pages that are the same for everyone, kept ready: they outlast a slow or absent database."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog import get_logger

from marketplace.edge.copies import Copies
from marketplace.edge.gate import Busy
from marketplace.edge.makers import Makers, Work
from marketplace.edge.pages import Kept, Page

log = get_logger()

FRESH = dt.timedelta(seconds=10)
"""For so long a page is given out without a look at the database."""
LATE = dt.timedelta(seconds=30)
"""From this age on a page is worth waiting for, and says how old it is where that is in vain."""
MOST = 400
"""Pages kept in one process; the longest unused goes first."""
MOST_PASSING = 100
"""The same for answers to somebody's own search: a crowd of those pushes no notice off the shelf."""
AWAY = (OperationalError, PoolTimeout, Busy)
"""What a database raises that is away, or too slow."""
Make = Callable[[], Page]


@dataclass(slots=True)
class _Place:
    kept: Kept | None = None
    tried_at: dt.datetime | None = None
    """When it was last tried in vain."""
    work: Work[Kept] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Rack:
    """Places by key, as many as fit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()
        self._lock = threading.Lock()

    def place(self, key: Hashable) -> _Place:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > self._most:
                self._places.popitem(last=False)
            return place

    def forget(self, key: Hashable) -> None:
        with self._lock:
            self._places.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._places.clear()


class Shelf:
    """Kept pages by key. While a page is made anew, everybody gets the one before."""

    def __init__(
        self,
        makers: Makers,
        copies: Copies,
        *,
        most: int = MOST,
        most_passing: int = MOST_PASSING,
        forget_too: Callable[[], None] = lambda: None,
    ) -> None:
        self._makers, self._copies, self._forget_too = makers, copies, forget_too
        self._racks = {False: _Rack(most), True: _Rack(most_passing)}
        self.settled: set[Hashable] = set()
        """What is known to be so for good."""

    def get(self, key: Hashable, now: dt.datetime, make: Make, *, passing: bool = False) -> Kept:
        """The page, made anew when it is no longer fresh; the one from before where that can't be had.

        ``passing`` pages answer somebody's own search: they are kept apart, and not copied.

        Raises:
            Busy, OperationalError: the database is away, and there is no page from before.
        """
        rack = self._racks[passing]
        place = rack.place(key)
        before = place.kept
        if before is not None and _is_fresh(before, place.tried_at, now):
            return before
        try:
            work = self._renewal(place, now, make, None if passing else key)
            if before is not None and not self._is_worth_waiting(before, now):
                return before
            return self._makers.wait(work, needed=before is None)
        except AWAY as error:
            log.warning("stale_page", error=repr(error))
            place.kept = place.kept or (None if passing else self._copies.read(key))
            if place.kept is None:
                rack.forget(key)
                raise
            place.tried_at = now
            return place.kept
        except Exception:
            rack.forget(key)
            raise

    def clear(self) -> None:
        """Forget all that this process keeps."""
        self.settled.clear()
        self._forget_too()
        for rack in self._racks.values():
            rack.clear()

    def _renewal(self, place: _Place, now: dt.datetime, make: Make, key: Hashable | None) -> Work[Kept]:
        """The page in the making: by whoever came first."""
        with place.lock:
            if place.work is None or place.work.done.is_set():
                place.work = self._makers.start(lambda: self._make(place, now, make, key))
            return place.work

    def _is_worth_waiting(self, kept: Kept, now: dt.datetime) -> bool:
        return abs(now - kept.made_at) >= LATE and not self._makers.stuck

    def _make(self, place: _Place, now: dt.datetime, make: Make, key: Hashable | None) -> Kept:
        made = make()
        digest = hashlib.sha256(made.body).hexdigest()[:32]
        kept = Kept(replace(made, etag=digest), now)
        place.kept, place.tried_at = kept, None
        if key is not None:
            self._copies.write(key, kept)
        return kept


def _is_fresh(kept: Kept, tried_at: dt.datetime | None, now: dt.datetime) -> bool:
    return abs(now - (tried_at or kept.made_at)) < FRESH
