"""``gwc token``."""

from __future__ import annotations

import datetime as dt

import click
from sqlalchemy import select

from marketplace.commands.surroundings import prepared
from marketplace.commands.terminal import clock
from marketplace.db.people import User
from marketplace.db.session import transaction
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases import accounts


@click.command()
@click.argument("username")
@click.option("--name", default="command line", help="What the token is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires.")
def token(username: str, name: str, days: int | None) -> None:
    """Make an API token for USERNAME; it is printed once, on the last line."""
    now = clock()
    with prepared() as (_settings, sessions), transaction(sessions) as session:
        user = session.scalar(select(User).where(User.username == username, User.active))
        if user is None:
            raise click.ClickException(f"There is no active user named {username}.")
        expires = now + dt.timedelta(days=days) if days else None
        click.echo(accounts.issue_token(session, PLATFORM, now, user, name, expires))
