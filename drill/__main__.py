"""``make drill``: the faults that happen, on the real engines with people at work, and what was lost.

Everything is started for the drill, in a folder of its own, on loopback, and ends with it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from drill import report, town
from drill.calls import Book
from drill.faults import FAULTS
from drill.installation import Installation
from drill.rows import HEAD, Row, happen
from drill.scene import Fault
from drill.surroundings import NotHere, Surroundings


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
            yield happen(here, made, fault, book)
    finally:
        here.stop()


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
        report.keep("drill", rows, began)
    return int(any(row.lost for row in rows))


if __name__ == "__main__":
    sys.exit(main())
