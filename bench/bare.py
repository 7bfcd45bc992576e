"""The least that a page can be on the same server: what other pages are measured against."""

from __future__ import annotations

from flask import Flask

from marketplace.config import from_environment
from marketplace.serve import serve_web


def make_application() -> Flask:
    """One page that says two letters."""
    app = Flask(__name__)

    @app.get("/")
    def page() -> str:
        return "ok"

    return app


if __name__ == "__main__":
    serve_web(from_environment(), "bench.bare:make_application")
