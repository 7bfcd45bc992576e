"""``gwc web``."""

from __future__ import annotations

import click

# Read before the server makes its workers, which then have it all: each by itself would take as long as this.
from marketplace import serve, wsgi  # noqa: F401
from marketplace.config import from_environment
from marketplace.engines import process
from marketplace.engines.embedded import engines


@click.command()
def web() -> None:
    """Run only the web server."""
    process.share_heaps()
    with engines(from_environment()) as settings:
        serve.serve_web(settings)
