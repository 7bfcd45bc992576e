"""What an installation runs in: a disk that can be filled, a clock that can be moved."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drill.installation import Installation

SMALL_DISK = 'cp -a "$1" "$1.kept" && mount -t tmpfs -o "size=$2" drill "$1" && cp -a "$1.kept/." "$1" \
&& chown --reference="$1.kept" "$1" && chmod --reference="$1.kept" "$1" && shift 2 && exec "$@"'
"""Run a command where a folder lies, with what is in it, on a disk of its own of so many bytes."""
SPACE = {"media": 32 << 20, "postgres": 256 << 20}
"""Bytes that are free at first on the disk of each."""
BALLAST = "ballast"
CLOCK_SOURCE = Path(__file__).parent / "clock.c"


class NotHere(Exception):
    """Not on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is special about where an installation runs."""

    disk: str = ""
    """Folder below the home that has a small disk of its own."""
    clock: bool = False
    """Its processes ask a clock that the drill moves."""

    def of(self, here: Installation) -> Installation:
        """The installation in these surroundings, not started yet.

        Raises:
            NotHere: there are none on this machine.
        """
        if self.disk:
            here.wrap = _small_disk(here.home / self.disk, SPACE[self.disk])
        if self.clock:
            move_clock(here, dt.timedelta())
            here.env = _moved_clock(here.home)
        return here


def fill(folder: Path) -> None:
    """Take all the space that is left on a disk."""
    with (folder / BALLAST).open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def make_room(folder: Path) -> None:
    """Give it back."""
    (folder / BALLAST).unlink(missing_ok=True)


def move_clock(here: Installation, by: dt.timedelta) -> None:
    """Have every process of the installation see another time."""
    path = here.home / "clock"
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(int(by.total_seconds()).to_bytes(8, sys.byteorder, signed=True))
    path.chmod(0o644)


def _small_disk(folder: Path, free: int) -> list[str]:
    folder.mkdir(exist_ok=True)
    used = sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
    space = _namespace()
    tried = subprocess.run(
        [*space, "mount", "-t", "tmpfs", "drill", folder], capture_output=True, check=False
    )
    if tried.returncode:
        raise NotHere("a mount namespace of one's own is not allowed here")
    return [*space, "sh", "-c", SMALL_DISK, "drill", str(folder), str(used + free)]


def _namespace() -> list[str]:
    """Mounts that nobody else sees; an ordinary user needs a user namespace for it."""
    whose = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    return ["unshare", *whose, "--mount"]


def _moved_clock(home: Path) -> Mapping[str, str]:
    """Have processes ask for the time where the drill can move it; pauses go on as they are."""
    library = home / "clock.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NotHere("there is no C compiler (apt install gcc)")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, CLOCK_SOURCE], check=True)
    return {"LD_PRELOAD": str(library), "DRILL_CLOCK": str(home / "clock")}


PLAIN = Surroundings()
