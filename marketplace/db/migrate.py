"""Bringing a database to the schema of this release, and telling whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 7_351_001
"""Advisory lock: processes that start together upgrade one after the other."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply the missing migrations, in one transaction."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        command.upgrade(config(connection), revision)


def is_current(connection: Connection) -> bool:
    """Whether the database has exactly the schema of this release."""
    return revision(connection) == ScriptDirectory.from_config(config()).get_current_head()


def revision(connection: Connection) -> str:
    """The schema that the database has; empty for none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def knows(name: str) -> bool:
    """Whether this release can migrate on from this schema."""
    return any(script.revision == name for script in ScriptDirectory.from_config(config()).walk_revisions())


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file; migrations run on the given connection."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["connection"] = connection
    return settings
