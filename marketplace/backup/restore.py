"""Bringing a backup back into an empty installation, and making sure that all of it came back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from marketplace.backup import configuration, contents, manifest, programs
from marketplace.backup.manifest import BackupError, Manifest
from marketplace.config import Settings, keep_secret
from marketplace.db import migrate

Progress = Callable[[str, int], None]


def restore(
    settings: Settings, engine: Engine, folder: Path, progress: Progress = lambda *_: None
) -> Manifest:
    """Check a backup, bring it back, compare each table with its manifest, and migrate to this release.

    Interrupted at any moment it can be started again: what is there already is compared, not repeated.
    The search index is the caller's to rebuild.

    Raises:
        BackupError: the backup isn't whole, the place isn't empty, or something else came back.
    """
    found = manifest.read(folder)
    if not migrate.knows(found.revision):
        raise BackupError(
            f"The backup is of a newer release (schema {found.revision}): restore it with that release."
        )
    is_there = _is_there(engine, found)
    progress("check", 0)
    manifest.check(folder, found)
    for count, (name, digest) in enumerate(manifest.listed(folder), 1):
        _bring_back(folder / name, _place_of(settings, name), digest)
        progress("files", count)
    if not is_there:
        progress(manifest.DUMP, 0)
        _load(settings, engine, folder, found)
    keep_secret(settings.home, configuration.secret_key(folder))
    migrate.upgrade(engine)
    return found


def _is_there(engine: Engine, found: Manifest) -> bool:
    """Whether an interrupted restore brought the whole database back already; False for an empty one."""
    with engine.connect() as connection:
        tables = contents.names(connection)
        if not tables:
            return False
        if tables == sorted(found.tables) and contents.tables(connection) == found.tables:
            return True
    raise BackupError(
        "This database isn't empty: restore into a new one (another GWC_HOME, or an empty DATABASE_URL)."
    )


def _load(settings: Settings, engine: Engine, folder: Path, found: Manifest) -> None:
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments")
    programs.run(settings, "pg_restore", *options, str(folder / manifest.DUMP))
    with engine.connect() as connection:
        tables = contents.tables(connection)
    different = sorted(
        name for name in found.tables.keys() | tables if found.tables.get(name) != tables.get(name)
    )
    if different:
        raise BackupError(
            "Don't use this database: these tables did not come back as they were saved: "
            + ", ".join(different)
        )


def _place_of(settings: Settings, name: str) -> Path:
    kind, _, rest = name.partition("/")
    place = {manifest.MEDIA: settings.media_dir, manifest.UPLOADS: settings.upload_dir}[kind] / rest
    if ".." in Path(rest).parts:
        raise BackupError(f"{name} leads out of the installation: this is no backup of ours.")
    return place


def _bring_back(source: Path, target: Path, digest: str) -> None:
    """Copy a file aside and rename it; one that is there already has to be the same."""
    if target.exists():
        if manifest.digest_of(target) != digest:
            raise BackupError(
                f"{target} is there already, and is another file: restore into an empty folder."
            )
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy2(source, draft)
    draft.rename(target)
