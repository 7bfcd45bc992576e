"""What the web server loads: the application, put together from the environment."""

from __future__ import annotations

import os

# First, so that all that is loaded afterwards takes the room that its dictionary of pinyin gives back.
from search.finder import MeiliFinder

# isort: split
from marketplace import logs
from marketplace.app import Application, create_app
from marketplace.config import from_environment
from marketplace.db.session import make_engine, make_sessions
from marketplace.demo.people import demo_accounts
from marketplace.engines import process


def make_application() -> Application:
    """One application per worker process."""
    logs.configure()
    # Else the workers of a server that was killed serve on, beside those of the next one.
    process.end_with_parent()
    settings = from_environment()
    finder = MeiliFinder(settings, make_sessions(make_engine(settings.database_url, pool_size=2)))
    shown = demo_accounts() if os.environ.get("GWC_DEMO") == "1" else ()
    return create_app(settings, finder, demo_accounts=shown)
