"""How often one address may ask.

The account lock in the database is what stops guessing; the limit keeps a single client from
taking the workers' time.
"""

from __future__ import annotations

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address


class Declared(Limiter):
    """Limits that views declare, checked where they are declared and nowhere else."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        # Before every request it would look for limits of the whole application, of which there are none.
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


limiter = Declared(get_remote_address, storage_uri="memory://", headers_enabled=True)
