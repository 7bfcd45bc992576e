"""A register of a chosen size: the demo's 5,000 believable cards, multiplied with variations in SQL.

Names keep the skew of real registers: few words for many things, many makes of each. Cards multiply, and so
do the units that hold them, below the same departments and cities; whoever sees a whole city in the demo
sees its share of the register, however large it is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import math
from collections.abc import Iterable, Iterator

from sqlalchemy import Engine as Database
from sqlalchemy import func, make_url, select, text
from sqlalchemy.orm import Session

from bench import history
from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.base import Base
from marketplace.db.people import Unit, User
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.demo.load import SEED, load_registers
from marketplace.demo.sales import make_sales
from marketplace.reference.catalogue import load_reference
from marketplace.use_cases import audit_chain

COPY = "bench_copy"
CARDS_PER_UNITS = 20_000
"""For so many cards there is one more set of the demo's units."""


def build(database: Database, cards: int, now: dt.datetime) -> None:
    """Fill empty tables with so many cards, 5,000 at least, a third of them on offer."""
    sessions = make_sessions(database)
    with transaction(sessions) as session:
        load_reference(session)
        load_registers(session, now, SEED)
        _run(session, [_PHOTOS, _COVERS], {})
        make_sales(session, now, SEED)
        _multiply(session, cards)
        session.execute(text("ANALYZE assets, listings"))
        history.fill(session, cards)
        session.execute(text("TRUNCATE outbox"))
        _continue_numbers(session)
    audit_chain.seal_waiting(sessions)
    tidy(database)


def is_built(database: Database) -> bool:
    """Whether an earlier run has left its register here, whole: sealing comes last."""
    with database.connect() as connection:
        return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM audit_seals)")))


def tidy(database: Database, *tables: str) -> None:
    """Leave no work behind for whoever is measured next."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM ANALYZE {', '.join(tables)}"))
        connection.execute(text("CHECKPOINT"))


@contextlib.contextmanager
def copied(settings: Settings) -> Iterator[tuple[Settings, Database]]:
    """The same installation with a copy of its database, which nobody else may be using; and the copy."""
    url = make_url(settings.database_url)
    server = make_engine(url.set(database="postgres").render_as_string(hide_password=False))
    commands = server.execution_options(isolation_level="AUTOCOMMIT")
    with commands.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {COPY}"))
        connection.execute(text(f'CREATE DATABASE {COPY} TEMPLATE "{url.database}" STRATEGY file_copy'))
        copy = url.set(database=COPY).render_as_string(hide_password=False)
        database = make_engine(copy)
        yield dataclasses.replace(settings, database_url=copy), database
        database.dispose()
        connection.execute(text(f"DROP DATABASE {COPY} WITH (FORCE)"))
    server.dispose()


def _multiply(session: Session, cards: int) -> None:
    step = session.scalar(select(func.max(Asset.id))) or 1
    values = {
        "copies": math.ceil(cards / step) - 1,
        "cards": cards,
        "sets": cards // CARDS_PER_UNITS,
        "step": step,
        "unit_step": session.scalar(select(func.max(Unit.id))),
        "user_step": session.scalar(select(func.max(User.id))),
    }
    _run(session, [_UNITS, _USERS, _GRANTS], values)
    session.execute(text("ANALYZE units, users, role_grants"))
    _run(session, [_CARDS, _EXTENSIONS["asset_vehicles"], _EXTENSIONS["asset_properties"]], values)
    _run(session, [_LISTINGS, _COPIED_PHOTOS, _ENTRIES, _SCREENINGS, _FLAGS, _FLAGGED], values)


def _run(session: Session, statements: Iterable[str], values: dict[str, object]) -> None:
    for statement in statements:
        query = text(statement)
        session.execute(query, {name: values[name] for name in query._bindparams})


def _continue_numbers(session: Session) -> None:
    """Ids were given by hand: the next ones go on behind them."""
    for table in Base.metadata.sorted_tables:
        if "id" in table.columns:
            counter = f"pg_get_serial_sequence('{table.name}', 'id')"
            session.execute(
                text(f"SELECT setval({counter}, coalesce(max(id), 0) + 1, false) FROM {table.name}")
            )


def _columns(table: str, *others: str, of: str = "") -> str:
    """All columns of a table but those named, and but what the database works out."""
    columns = Base.metadata.tables[table].columns
    wanted = [column.name for column in columns if not column.computed and column.name not in others]
    return ", ".join(f"{of}.{name}" if of else name for name in wanted)


_PHOTOS = """
    INSERT INTO photos (id, asset_id, position, digest, fingerprint, width, height, uploaded_at, uploaded_by)
    SELECT asset_id, asset_id, 0, md5(asset_id::text) || md5('photo' || asset_id), asset_id, 1600, 1200,
           listed_at, listed_by
    FROM listings
"""
_COVERS = "UPDATE assets SET cover_photo_id = assets.id FROM photos WHERE photos.id = assets.id"

_UNITS = """
    INSERT INTO units (id, parent_id, path, kind, code, name, short_name, region_code, region_name, address,
                       latitude, longitude, headcount)
    SELECT id + n * :unit_step, parent_id, path[1 : cardinality(path) - 1] || id + n * :unit_step, kind,
           code || '-' || n, name || '第' || n || '分部', short_name || n || '部', region_code, region_name,
           address, latitude + (id * 7 + n) % 90 * 0.0007, longitude + (id * 11 + n) % 90 * 0.0007, headcount
    FROM units CROSS JOIN generate_series(1, :sets) AS n
    WHERE kind = 'unit'
"""
_WORKERS = """(VALUES (1, 'staff'), (2, 'staff'), (3, 'unit_asset_officer'), (4, 'unit_approver'))
              AS worker (place, role)"""
_USERS = f"""
    INSERT INTO users (id, username, name, password_hash, home_unit_id, email, password_changed_at,
                       created_at)
    SELECT :user_step + 4 * u.id + place, worker.role || u.id || '.' || place, '周文' || place,
           model.password_hash, u.id, 'u' || u.id || '.' || place || '@example.invalid',
           model.password_changed_at, model.created_at
    FROM units u CROSS JOIN {_WORKERS} JOIN users model ON model.username = 'li.staff'
    WHERE u.kind = 'unit'
"""
_GRANTS = f"""
    INSERT INTO role_grants (user_id, role, unit_id)
    SELECT :user_step + 4 * u.id + place, worker.role, u.id
    FROM units u CROSS JOIN {_WORKERS}
    WHERE u.kind = 'unit'
"""

_COPY = """FROM {table} original
    CROSS JOIN generate_series(1, :copies) AS n
    JOIN assets copied ON copied.id = original.asset_id + n * :step
    WHERE original.asset_id <= :step"""
"""What hangs on the original cards, once more for each copy of its card."""

_VARIED = (
    *("id", "unit_id", "number", "name", "serial_number", "original_value", "accumulated_depreciation"),
    *("acquired_on", "state", "cover_photo_id"),
)
_CARDS = f"""
    INSERT INTO assets (id, unit_id, number, name, serial_number, original_value, accumulated_depreciation,
                        acquired_on, state, cover_photo_id, {_columns("assets", *_VARIED)})
    SELECT a.id + n * :step,
           CASE WHEN u.kind = 'unit' THEN u.id + n % (:sets + 1) * :unit_step ELSE u.id END,
           left(number, -5) || lpad((right(number, 5)::int + n * 2000)::text, 6, '0'),
           a.name || (ARRAY['', '', '', '', '', '', '（黑色）', '（含配件）', '（一期）', '（进口）',
                            '（大号）', '（带轮）'])[(hashint4((a.id * 31 + n)::int) & 1023) % 12 + 1],
           CASE WHEN serial_number <> '' THEN upper(left(md5(a.id || '/' || n), 10)) END,
           round(original_value * (0.80 + 0.40 * ((a.id * 7919 + n * 104729) % 1000) / 1000.0), 2), NULL,
           acquired_on - ((a.id * 31 + n * 17) % 900)::int,
           CASE WHEN state IN ('listed', 'in_use') THEN state ELSE 'in_use' END,
           CASE WHEN state = 'listed' THEN cover_photo_id + n * :step END,
           {_columns("assets", *_VARIED, of="a")}
    FROM assets a JOIN units u ON u.id = a.unit_id
    CROSS JOIN generate_series(1, :copies) AS n
    WHERE a.id <= :step AND a.id + n * :step <= :cards
"""
_EXTENSIONS = {
    table: f"""
    INSERT INTO {table} (asset_id, {_columns(table, "asset_id")})
    SELECT copied.id, {_columns(table, "asset_id")} {_COPY.format(table=table)}
    """
    for table in ("asset_vehicles", "asset_properties")
}
_LISTED = ("id", "asset_id", "listed_at")
_LISTINGS = f"""
    INSERT INTO listings (asset_id, listed_at, {_columns("listings", *_LISTED)})
    SELECT copied.id, original.listed_at - copied.id % 5000 * interval '1 minute',
           {_columns("listings", *_LISTED, of="original")}
    {_COPY.format(table="listings")} AND copied.state = 'listed' AND original.ended_at IS NULL
"""
_COPIED_PHOTOS = f"""
    INSERT INTO photos (id, asset_id, digest, {_columns("photos", "id", "asset_id", "digest")})
    SELECT copied.id, copied.id, md5(copied.id::text) || md5('photo' || copied.id),
           {_columns("photos", "id", "asset_id", "digest", of="original")}
    {_COPY.format(table="photos")} AND copied.cover_photo_id IS NOT NULL
"""
_ENTRIES = """
    INSERT INTO audit_entries (at, actor_id, actor_name, unit_id, action, object_kind, object_id, before,
                               after)
    SELECT e.at, e.actor_id, e.actor_name, copied.unit_id, e.action, e.object_kind, copied.id,
           e.before, e.after
    FROM audit_entries e
    CROSS JOIN generate_series(1, :copies) AS n
    JOIN assets copied ON copied.id = e.object_id + n * :step
    WHERE e.object_kind = 'asset' AND e.action IN ('asset.create', 'asset.list')
"""
_SCREENINGS = """
    INSERT INTO screenings (asset_id, listing_id, stage, stage_since, stage_until, changed_at)
    SELECT asset_id, id, CASE WHEN audience_unit_id IS NULL THEN 'everyone' ELSE 'own_department' END,
           current_date - 1, current_date + (asset_id % 40)::int + 2, listed_at
    FROM listings
    WHERE ended_at IS NULL AND for_transfer
    ON CONFLICT DO NOTHING
"""
_FLAGS = """
    INSERT INTO idle_flags (asset_id, unit_id, rule, evidence, flagged_at, answer_by, on_silence, quiet_days)
    SELECT id, unit_id, 'unused', jsonb_build_object('since', created_at::date, 'days', 200, 'limit', 180),
           now() - interval '3 days', current_date + (id % 12)::int + 1,
           CASE WHEN id % 2 = 0 THEN 'list' ELSE 'wait' END, 365
    FROM assets
    WHERE state = 'in_use' AND secrecy = 'none' AND id % 71 = 0
"""
_FLAGGED = """
    UPDATE assets SET state = 'idle_flagged'
    FROM idle_flags f WHERE f.asset_id = assets.id AND f.closed_at IS NULL AND assets.state = 'in_use'
"""
