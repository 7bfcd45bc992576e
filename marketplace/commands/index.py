"""``gwc reindex``."""

from __future__ import annotations

import click

from marketplace.commands.surroundings import prepared
from marketplace.commands.terminal import progress_bar
from search.nodes import Nodes


@click.command()
def reindex() -> None:
    """Fill a new search index aside and swap it in, in every search node."""
    with prepared() as (settings, sessions), progress_bar() as bar:
        task = bar.add_task("documents", total=None)
        Nodes(settings).rebuild(
            sessions,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    click.echo("The index is new.")
