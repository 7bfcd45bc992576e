"""``make drill``: the faults that happen, on the real engines with people at work, and what was lost.

Everything is started for the drill, in a folder of its own, on loopback, and ends with it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from drill import checks, surroundings, town
from drill.calls import Book
from drill.faults import FAULTS
from drill.installation import Installation
from drill.people import Crowd
from drill.scene import Fault, Scene
from drill.surroundings import NotHere, Surroundings
from marketplace.engines.process import EngineError

RESULTS = Path(__file__).parent / "results"
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


def drill(faults: Sequence[Fault], folder: Path, *, cards: bool = True) -> Iterator[Row]:
    """Build the mould once, then go through the faults; those of the same surroundings share a copy."""
    mould = Installation(folder / "mould")
    mould.home.mkdir()
    made = town.build(mould.home, dt.datetime.now(dt.UTC), cards=cards)
    for number, (where, some) in enumerate(groupby(faults, key=lambda fault: fault.where)):
        here = mould.copy(folder / f"home{number}")
        yield from _in_one(here, where, made, list(some))


def _in_one(
    here: Installation, where: Surroundings, made: town.Town, faults: Sequence[Fault]
) -> Iterator[Row]:
    try:
        where.of(here).start()
    except NotHere as error:
        yield from (Row(fault.name, not_tried=str(error)) for fault in faults)
        return
    book = Book()
    try:
        for fault in faults:
            book = book.next_page()
            yield _happen(here, made, fault, book)
    finally:
        here.stop()


def _happen(here: Installation, made: town.Town, fault: Fault, book: Book) -> Row:
    before = book.acknowledged
    with Crowd(here.address, made, book) as crowd:
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
        found = checks.after(here, book, surroundings.seen(here, "media"))
    except FAILURES as error:
        here.stop()
        here.start()
        return [f"it could not be checked: {error!r}"]
    return [f"{name}: {what}" for name, some in found.items() for what in some]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="only faults whose name contains one of these")
    parser.add_argument("--keep", type=Path, help="an empty folder for the installations, which stays")
    given = parser.parse_args()
    faults = [fault for fault in FAULTS if any(words in fault.name for words in given.only or [""])]
    began = dt.datetime.now(dt.UTC)
    print(HEAD, flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="drill-", ignore_cleanup_errors=True) as temporary:
        for row in drill(faults, given.keep or Path(temporary)):
            print(row.line(), flush=True)
            rows.append(row)
    if not given.only:
        _write(rows, began)
    return int(any(row.lost for row in rows))


def _write(rows: Sequence[Row], began: dt.datetime) -> None:
    seconds = (dt.datetime.now(dt.UTC) - began).total_seconds()
    machine = {"system": platform.platform(), "cores": os.cpu_count(), "python": platform.python_version()}
    content = {
        "began": began.isoformat(timespec="seconds"),
        "seconds": round(seconds),
        "machine": machine,
        "faults": [asdict(row) for row in rows],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{began:%Y-%m-%d}.json"
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
