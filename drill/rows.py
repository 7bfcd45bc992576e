"""One row of the table: a fault, with people at work before it and after it, and what it cost."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from drill import checks
from drill.calls import Book
from drill.installation import Installation
from drill.people import Crowd
from drill.scene import Fault, Scene
from drill.town import Town
from marketplace.engines.process import EngineError

WARM = 5
"""Writes that are acknowledged before the fault, and again after it."""
WARM_SECONDS = 90
FAILURES = (LookupError, OSError, subprocess.SubprocessError, EngineError, SQLAlchemyError)
"""How the drill itself fails where the program is not there."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one fault."""

    fault: str
    acknowledged: int = 0
    """Writes, from a little before the fault to a little after it."""
    came_again: int = 0
    """Requests that were cut off, or told to come again."""
    back_after: float | None = None
    """Seconds from the end of the fault until writes were acknowledged again."""
    lost: tuple[str, ...] = ()
    not_tried: str = ""

    def line(self) -> str:
        """As a line of the table."""
        if self.not_tried:
            return f"| {self.fault} | – | – | – | not tried: {self.not_tried} |"
        back = "never" if self.back_after is None else f"{self.back_after:.1f} s"
        lost = "; ".join(self.lost) or "nothing"
        return f"| {self.fault} | {self.acknowledged} | {self.came_again} | {back} | {lost} |"


HEAD = "| fault | writes acknowledged | came again | writes taken again after | lost |\n|---|---|---|---|---|"


def happen(
    here: Installation, made: Town, fault: Fault, book: Book, *, desks: int = 3, readers: int = 2
) -> Row:
    """Let a fault happen, and look what is lost."""
    before = book.acknowledged
    with Crowd(here.addresses, made, book, desks=desks, readers=readers) as crowd:
        scene = Scene(here, made, crowd)
        scene.must_work("before the fault", WARM)
        try:
            fault.act(scene)
        except FAILURES as error:
            scene.lost.append(f"the drill could not go on: {error!r}")
        back = crowd.works(WARM, most=WARM_SECONDS)
    if back is None:
        scene.lost.append("no writes were taken after the fault")
    if not fault.refusals:
        scene.lost += (f"refused: {what}" for what in book.refused[:5])
    scene.lost += _found(here, book)
    return Row(fault.name, book.acknowledged - before, book.retried, back, tuple(scene.lost))


def _found(here: Installation, book: Book) -> list[str]:
    """What the checks find; where they can't be made, the program is started again for the next fault."""
    try:
        found = checks.after(here, book, here.seen("media"))
    except FAILURES as error:
        here.stop()
        here.start()
        return [f"it could not be checked: {error!r}"]
    return [f"{name}: {what}" for name, some in found.items() for what in some]
