"""Saving an installation while it is in use: database, photos, waiting uploads, configuration."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from marketplace.backup import configuration, contents, manifest, programs
from marketplace.backup.manifest import BackupError, Manifest
from marketplace.config import Settings
from marketplace.db import migrate
from marketplace.media import store
from marketplace.media.images import SIZES
from marketplace.use_cases import photo_files

Progress = Callable[[str, int], None]
_BLOCK = 1 << 20
_EVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def backup(
    settings: Settings, engine: Engine, folder: Path, now: dt.datetime, progress: Progress = lambda *_: None
) -> Manifest:
    """Save everything as it is at one moment into ``folder``, which is made or has to be empty.

    One transaction's snapshot is dumped, counted and asked for its photos. A photo's files are there
    before its row and stay for a day after it, and meanwhile none are swept: what the snapshot names
    is therefore found. ``progress`` hears what is being saved, and how many files of it are.

    Raises:
        BackupError: the folder holds something, a photo is missing, or the database can't be dumped.
    """
    _make_private(folder)
    with engine.connect() as guard, _reader(engine) as connection:
        guard.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": photo_files.BACKUP_LOCK})
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        progress(manifest.DUMP, 0)
        programs.run(
            settings,
            "pg_dump",
            *("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"),
            f"--file={folder / manifest.DUMP}",
        )
        saved = _save_files(settings, folder, progress)
        _refuse_lost_photos(connection, folder)
        configuration.write(settings, folder)
        done = _manifest(connection, folder, now, saved)
    os.sync()
    done.write(folder)
    return done


def _reader(engine: Engine) -> Connection:
    """A connection whose statements all see the moment of the first one."""
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@dataclass(slots=True)
class _Saved:
    files: int = 0
    size: int = 0


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupError(f"{folder} isn't empty: name a folder that is, or a new one.")
    folder.chmod(0o700)


def _save_files(settings: Settings, folder: Path, progress: Progress) -> _Saved:
    saved = _Saved()
    photos = store.FolderStore(settings.media_dir).written_before(_EVER)
    with open(folder / manifest.FILES, "w", encoding="ascii") as lines:
        for kind, source, names in (
            (manifest.MEDIA, settings.media_dir, photos),
            (manifest.UPLOADS, settings.upload_dir, _uploads(settings.upload_dir)),
        ):
            for name in names:
                try:
                    digest, size = _copy(source / name, folder / kind / name)
                except FileNotFoundError:  # nobody needs it any more
                    continue
                lines.write(f"{digest}  {kind}/{name}\n")
                saved.files, saved.size = saved.files + 1, saved.size + size
                progress(kind, saved.files)
    return saved


def _refuse_lost_photos(connection: Connection, folder: Path) -> None:
    for digest in photo_files.named(connection):
        for size in SIZES:
            if not (folder / manifest.MEDIA / store.key(digest, size)).exists():
                raise BackupError(
                    f"The database names the photo {store.key(digest, size)}, but its file is gone: bring it "
                    "back from an earlier backup, or delete the photo, and try again."
                )


def _uploads(folder: Path) -> Iterator[str]:
    """Register files by name; drafts begin with a dot."""
    paths = folder.iterdir() if folder.is_dir() else iter(())
    return (path.name for path in paths if not path.name.startswith("."))


def _copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file and give the hash and the size of what was read."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as written:
            while block := read.read(_BLOCK):
                digest.update(block)
                size += written.write(block)
    shutil.copystat(source, target)
    return digest.hexdigest(), size


def _manifest(connection: Connection, folder: Path, now: dt.datetime, saved: _Saved) -> Manifest:
    return Manifest(
        made_at=now,
        revision=migrate.revision(connection),
        postgres=connection.execute(text("SHOW server_version")).scalar_one(),
        tables=contents.tables(connection),
        files=saved.files,
        file_bytes=saved.size,
        hashes={
            name: manifest.digest_of(folder / name)
            for name in (manifest.DUMP, manifest.SETTINGS, manifest.FILES)
        },
    )
