"""How often one address may ask.

The account lock in the database is what stops guessing; the limit keeps a single client from
taking the workers' time.
"""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=True)
