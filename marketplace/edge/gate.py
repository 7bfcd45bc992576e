"""How many requests at once may wait for the database, so that some threads are always left for the rest."""

from __future__ import annotations

import threading
import time

PLACES = 8
"""Requests of one process that may be at work with the database."""
PATIENCE = 3.0
"""Seconds without one of them coming to its end, after which nobody waits any more."""


class Busy(Exception):
    """No place in time: whatever holds them hangs."""


class Gate:
    """A number of places. Who comes later waits for one, for as long as things move."""

    def __init__(self, places: int = PLACES, patience: float = PATIENCE) -> None:
        self._free, self._patience = places, patience
        self._moved = time.monotonic()
        self._changed = threading.Condition()

    def enter(self) -> None:
        """Take a place.

        Raises:
            Busy: all are taken, and none was given or returned for a while.
        """
        with self._changed:
            while not self._free:
                left = self._moved + self._patience - time.monotonic()
                if left <= 0:
                    raise Busy
                self._changed.wait(left)
            self._free -= 1
            self._moved = time.monotonic()

    def leave(self) -> None:
        """Give a place back."""
        with self._changed:
            self._free += 1
            self._moved = time.monotonic()
            self._changed.notify()
