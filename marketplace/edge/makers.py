"""Work on behalf of a request that is not to wait for it longer than a visitor would.

It is done in a thread of its own. A database that is stopped answers nothing, not even a time-out: the
thread then hangs until it is back, and the request goes on without.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from flask import copy_current_request_context, g
from sqlalchemy.exc import SQLAlchemyError

from marketplace.edge.gate import Busy, Gate

MAKERS = 4
"""Threads of one process that may be at work at once."""
PATIENCE = 1.5
"""Seconds that a visitor waits for news of what can be shown as it was."""
LONGER = 5.0
"""The same where there is nothing to show."""
Made = TypeVar("Made")


@dataclass(slots=True)
class Work(Generic[Made]):
    """What is being made, or was, or could not be."""

    started: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    made: Made | None = None
    error: Exception | None = None


class Makers:
    """A few threads, each working in a copy of the request that asks."""

    def __init__(self, makers: int = MAKERS, patience: float = PATIENCE, longer: float = LONGER) -> None:
        self._patience, self._longer = patience, longer
        self._gate = Gate(makers, patience)
        self._works: dict[int, Work[Any]] = {}

    @property
    def stuck(self) -> bool:
        """Whether something has been at work for longer than a visitor waits."""
        late = time.monotonic() - self._patience
        return any(work.started < late for work in list(self._works.values()))

    def start(self, make: Callable[[], Made]) -> Work[Made]:
        """Begin to make something.

        Raises:
            Busy: everybody is at work, and nobody comes to an end.
        """
        self._gate.enter()
        work: Work[Made] = Work()
        self._works[id(work)] = work
        within = copy_current_request_context(lambda: self._make(work, make))
        threading.Thread(target=_end_quietly, args=(within,), daemon=True).start()
        return work

    def run(self, make: Callable[[], Made]) -> Made:
        """Make something and wait for it, but not for long.

        Raises:
            Busy: it took too long.
        """
        return self.wait(self.start(make))

    def wait(self, work: Work[Made], *, needed: bool = True) -> Made:
        """What is being made, as soon as it is there; ``needed``: there is nothing to show without it.

        Raises:
            Busy: it has been in the making for too long.
        """
        patience = self._longer if needed and not self.stuck else self._patience
        if not work.done.wait(max(0.0, work.started + patience - time.monotonic())):
            raise Busy
        if work.error is not None:
            raise work.error
        return cast(Made, work.made)

    def _make(self, work: Work[Made], make: Callable[[], Made]) -> None:
        g.has_place = False  # but one of the makers'
        try:
            work.made = make()
        except Exception as error:
            work.error = error
        finally:
            del self._works[id(work)]
            work.done.set()
            self._gate.leave()


def _end_quietly(within: Callable[[], None]) -> None:
    """Nobody waits any more when the connection turns out to be gone as it is given back."""
    with contextlib.suppress(SQLAlchemyError):
        within()
