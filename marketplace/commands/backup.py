"""``gwc backup`` and ``gwc restore``."""

from __future__ import annotations

from pathlib import Path

import click

from marketplace.backup import configuration, save
from marketplace.backup import restore as restoring
from marketplace.backup.manifest import Manifest
from marketplace.commands.terminal import clock, progress_bar
from marketplace.config import from_environment
from marketplace.db import search_nodes
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.engines.embedded import engines
from marketplace.use_cases import audit_chain
from search.nodes import Nodes

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
def backup(folder: Path) -> None:
    """Save everything into DIR while the platform is in use.

    DIR is made, or has to be empty. It holds the secret key and everybody's data: keep it like the database.
    """
    with engines(from_environment()) as settings, progress_bar() as bar:
        task = bar.add_task("", total=None)
        engine = make_engine(settings.database_url)
        made = save.backup(
            settings,
            engine,
            folder,
            clock(),
            lambda what, count: bar.update(task, description=what, completed=count),
        )
        engine.dispose()
    click.echo(f"Saved in {folder}: {_counted(made)}.")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
def restore(folder: Path) -> None:
    """Bring the backup in DIR back into an empty installation, and rebuild the search index.

    GWC_HOME (and DATABASE_URL, where it is given) name the place. Interrupted, it can be started again.
    """
    with engines(from_environment()) as settings, progress_bar() as bar:
        task = bar.add_task("", total=None)
        engine = make_engine(settings.database_url)
        found = restoring.restore(
            settings,
            engine,
            folder,
            lambda what, count: bar.update(task, description=what, completed=count),
        )
        sessions = make_sessions(engine)
        with transaction(sessions) as session:
            search_nodes.forget_all(session)
        Nodes(settings).rebuild(
            sessions,
            progress=lambda done, total: bar.update(task, description="index", completed=done, total=total),
        )
        verdict = audit_chain.verify(sessions)
        engine.dispose()
    click.echo(f"Restored what was saved at {found.made_at.isoformat()}: {_counted(found)}.")
    for name, value in configuration.differences(settings, folder).items():
        click.echo(f"It ran with {name}={value}: set this here too if it still holds.")
    if verdict.fault:
        raise click.ClickException("The audit record is broken, as it was saved: see `gwc audit verify`.")


def _counted(found: Manifest) -> str:
    rows = sum(table.rows for table in found.tables.values())
    return f"{rows} rows in {len(found.tables)} tables, {found.files} files ({found.file_bytes >> 20} MiB)"
