"""``gwc demo`` and ``gwc accounts``."""

from __future__ import annotations

import click
import orjson
from sqlalchemy import select

from marketplace.commands.surroundings import prepared
from marketplace.commands.terminal import clock
from marketplace.config import Settings
from marketplace.db.people import User
from marketplace.db.session import SessionFactory, transaction
from marketplace.demo import load as demo
from marketplace.demo.people import demo_accounts
from marketplace.media.store import FolderStore


@click.command("demo")
def load_demo() -> None:
    """Fill an empty installation with the demo."""
    with prepared() as (settings, sessions):
        if ensure_demo(sessions):
            fill_demo(settings, sessions)


@click.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def list_accounts(as_json: bool) -> None:
    """List the demo's accounts with their passwords."""
    if as_json:
        click.echo(orjson.dumps(demo_accounts(), option=orjson.OPT_INDENT_2).decode())
    else:
        print_accounts()


def ensure_demo(sessions: SessionFactory) -> bool:
    """Load the demo into an installation without users; whether this installation shows the demo."""
    with transaction(sessions) as session:
        if demo.is_loaded(session):
            return True
        if session.scalar(select(User.id).limit(1)) is not None:
            return False
        click.echo("Loading the demo …")
        return demo.load_demo(session, clock())


def fill_demo(settings: Settings, sessions: SessionFactory) -> None:
    """What takes longer than the first page may wait."""
    with transaction(sessions) as session:
        if demo.add_orders(session, clock()):
            click.echo("The demo's orders are under way.")
    with transaction(sessions) as session:
        if demo.hang_photos(session, FolderStore(settings.media_dir), clock()):
            click.echo("The demo's photos hang.")
    with transaction(sessions) as session:
        if demo.add_sales(session, clock()):
            click.echo("The demo's auctions are announced.")


def print_accounts() -> None:
    """Name, password, unit and roles of each, a line."""
    for account in demo_accounts():
        roles = ", ".join(account["roles"])
        click.echo(f"  {account['username']:<22}{account['password']:<18}{account['unit']:<16}{roles}")
