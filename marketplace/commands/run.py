"""``gwc run``: everything together."""

from __future__ import annotations

import sys

import click

from marketplace import serve
from marketplace.commands.demo import ensure_demo, fill_demo, print_accounts
from marketplace.commands.surroundings import prepared
from marketplace.config import from_environment
from marketplace.engines.embedded import Keeper


@click.command()
@click.option("--demo/--no-demo", "with_demo", default=True, help="Load the demo on first run.")
def run(with_demo: bool) -> None:
    """Start engines, web and jobs; end with Ctrl-C."""
    given = from_environment()
    serve.wait_for_port(given)
    with prepared() as (settings, sessions):
        shown = with_demo and ensure_demo(sessions)

        def ready() -> None:
            click.echo(f"\n公物仓 serves on http://{settings.host}:{settings.port}  (Ctrl-C ends it)\n")
            if shown:
                print_accounts()
            sys.stdout.flush()

        def fill() -> None:
            if shown:
                fill_demo(settings, sessions)

        look_after = (lambda: None) if given.external_engines else Keeper(settings.home).look
        serve.run_together(settings, demo=shown, ready=ready, meanwhile=fill, look_after=look_after)
