"""A first reading of a workbook in a process of its own, which may come to a bad end.

Calamine lays out a sheet as one dense grid and aborts the whole process when that does not fit in
memory; two cells far apart, in a file of a few kilobytes, are enough. What a file really spans only
calamine itself can say, so it says so where nothing else is lost.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

MAX_GRID = 1_048_576 * 32
"""Cells in the rectangle that a sheet spans: every row that Excel can hold, in 32 columns."""
_MEMORY = 6 << 30
"""Bytes of addresses for the trial: the largest grid, what it is made from, and its texts."""
_SECONDS = 600
_FITS, _TOO_LARGE = 0, 3


def fits(path: Path) -> bool:
    """Whether a workbook can be laid out; one that is damaged in other ways can, and is refused later.

    The suffix of the name says which kind of workbook it is read as.
    """
    # Isolated from everything but the library: a start takes a few hundredths of a second.
    command = [sys.executable, "-I", __file__, str(path)]
    silent = subprocess.DEVNULL
    try:
        done = subprocess.run(
            command, stdin=silent, stdout=silent, stderr=silent, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == _FITS


def _lay_out(path: Path) -> int:
    """Lay out each sheet, one after the other."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        # Where memory is short, this is what the system ends first.
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        book = CalamineWorkbook.from_path(path)
        for place, about in enumerate(book.sheets_metadata):
            if about.typ is SheetTypeEnum.WorkSheet:
                sheet = book.get_sheet_by_index(place)
                if sheet.total_height * sheet.total_width > MAX_GRID:
                    return _TOO_LARGE
    except (CalamineError, PasswordError):
        return _FITS
    return _FITS


if __name__ == "__main__":
    sys.exit(_lay_out(Path(sys.argv[1])))
