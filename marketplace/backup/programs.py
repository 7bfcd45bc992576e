"""Running PostgreSQL's own programs on the database that settings name."""

from __future__ import annotations

import os
import subprocess

from sqlalchemy import make_url

from marketplace.backup.manifest import BackupError
from marketplace.config import Settings
from marketplace.engines import postgres


def run(settings: Settings, program: str, *arguments: str) -> None:
    """Run ``pg_dump`` or ``pg_restore`` to its end; a password stays off the command line.

    Raises:
        BackupError: it failed; the message carries what it said.
    """
    url = make_url(settings.database_url)
    address = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(
        [postgres.programs() / program, "--dbname", address, *arguments],
        env=os.environ | password,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed:\n{done.stderr.strip()}")
