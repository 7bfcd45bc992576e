"""What a backup holds, so that it can be checked before, while and after it is restored.

A backup is a folder::

    manifest.json    counts and hashes of everything below; written last, so a cut-off backup has none
    database.dump    PostgreSQL's custom format
    settings.json    the configuration, with the secret key
    files.sha256     one line for every file below; ``sha256sum --check`` reads it too
    media/           photos
    uploads/         register files that wait to be imported
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST = "manifest.json"
DUMP = "database.dump"
SETTINGS = "settings.json"
FILES = "files.sha256"
MEDIA, UPLOADS = "media", "uploads"
FORMAT = 1
_BLOCK = 1 << 20


class BackupError(Exception):
    """Nothing was saved or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A table as it was saved: its rows, and a digest over them that doesn't depend on their order."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a whole backup holds."""

    made_at: dt.datetime
    revision: str
    """Schema of the database, as the migrations name it."""
    postgres: str
    """Version of the server."""
    tables: dict[str, Contents]
    files: int
    file_bytes: int
    hashes: dict[str, str]
    """SHA-256 of the dump, the settings and the list of files."""

    def write(self, folder: Path) -> None:
        """Put it into the backup: from then on the backup counts as whole."""
        values = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        draft = folder / f".{MANIFEST}"
        draft.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.rename(folder / MANIFEST)


def read(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupError: there is none, or it is of a kind that this release doesn't know.
    """
    try:
        values = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if values.pop("format") != FORMAT:
            raise BackupError(
                f"{folder / MANIFEST} was written by another release: restore it with that one."
            )
        values["made_at"] = dt.datetime.fromisoformat(values["made_at"])
        values["tables"] = {name: Contents(**found) for name, found in values["tables"].items()}
        return Manifest(**values)
    except FileNotFoundError:
        raise BackupError(
            f"{folder} holds no whole backup: {MANIFEST} is missing. Was the backup cut off?"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupError(f"{folder / MANIFEST} can't be read: use another backup.") from None


def check(folder: Path, manifest: Manifest) -> None:
    """Compare every file of a backup with its hash.

    Raises:
        BackupError: a file is missing or not as it was saved.
    """
    for name, digest in manifest.hashes.items():
        _compare(folder / name, digest)
    for name, digest in listed(folder):
        _compare(folder / name, digest)


def listed(folder: Path) -> Iterator[tuple[str, str]]:
    """Names and hashes of the photos and uploads of a backup, in the order in which they were saved."""
    with open(folder / FILES, encoding="ascii") as lines:
        for line in lines:
            digest, _, name = line.rstrip("\n").partition("  ")
            yield name, digest


def digest_of(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _compare(path: Path, wanted: str) -> None:
    try:
        found = digest_of(path)
    except FileNotFoundError:
        raise BackupError(f"{path} is missing: the backup isn't whole. Use another one.") from None
    if found != wanted:
        raise BackupError(f"{path} isn't as it was saved: its hash differs. Use another backup.")
