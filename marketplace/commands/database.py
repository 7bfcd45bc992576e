"""``gwc db``."""

from __future__ import annotations

import click

from marketplace.config import from_environment
from marketplace.db import migrate
from marketplace.db.session import make_engine
from marketplace.engines.embedded import engines


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def upgrade() -> None:
    """Bring the database to the schema of this release."""
    with engines(from_environment()) as settings:
        migrate.upgrade(make_engine(settings.database_url))
    click.echo("The database is up to date.")
