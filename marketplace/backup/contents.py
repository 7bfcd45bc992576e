"""Counting and digesting what a database holds, alike on whatever server it stands."""

from __future__ import annotations

from sqlalchemy import Connection, text

from marketplace.backup.manifest import Contents

_AS_TEXT = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}
"""What decides how PostgreSQL writes values out."""


def tables(connection: Connection) -> dict[str, Contents]:
    """Every table with its rows and their digest, as the connection's transaction sees them.

    The digest adds up 64 bits of each row's MD5: whatever the order, the same rows give the same sum. It
    shows what was lost or garbled, not what somebody changed on purpose; the hashes of the files do.
    """
    for name, value in _AS_TEXT.items():
        connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
    return {name: _contents(connection, name) for name in names(connection)}


def names(connection: Connection) -> list[str]:
    """The tables of the application's schema."""
    found = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return list(connection.scalars(found))


def _contents(connection: Connection, table: str) -> Contents:
    sums = text(f"""
        SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint), 0)::text
        FROM public."{table}" AS t
    """)
    return Contents(*connection.execute(sums).one())
