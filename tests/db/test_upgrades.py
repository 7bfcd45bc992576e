"""Upgrades keep what is there: from every earlier schema, with an organisation's data in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from marketplace.config import Settings
from marketplace.db import migrate
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.domain.orders import OrderKind
from marketplace.use_cases import loans
from tests.conftest import NOW, own_database
from tests.use_cases.ordering import TODAY, found_town
from tests.use_cases.selling import office

Rows = list[dict[str, Any]]
Tables = Mapping[str, Rows]

OLDER_SHAPE: Mapping[str, Mapping[str, Any]] = {}
"""Values for columns that an older schema asked for and this release has no more, by table."""
GONE: frozenset[tuple[str, str]] = frozenset()
"""Columns that a migration removed on purpose, and whose content it moved elsewhere."""


def test_every_earlier_schema_is_upgraded_without_loss(settings: Settings, worker: str) -> None:
    with database(settings, f"whole_{worker}") as engine:
        migrate.upgrade(engine)
        with transaction(make_sessions(engine)) as session:
            town = found_town(session)
            town.submitted(town.listed())
            town.given_back(town.handed_over(town.approved(town.listed(), kind=OrderKind.LOAN)))
            town.handed_over(town.approved(town.listed()))
            office(session).published()
        with engine.begin() as connection:
            head = content(connection)
    with database(settings, f"chain_{worker}") as chain:
        for revision in earlier():
            migrate.upgrade(chain, revision)
            chain.dispose()
            with database(settings, f"earlier_{worker}", template=f"chain_{worker}") as engine:
                with engine.begin() as connection:
                    fill(connection, head)
                    before = content(connection)
                assert len(before["audit_entries"]) > 10
                migrate.upgrade(engine)
                with engine.begin() as connection:
                    lost = dict(losses(before, content(connection), keys(connection)))
            assert lost == {}, f"from {revision}"


def test_requests_to_make_way_are_told_by_their_moment(settings: Settings, worker: str) -> None:
    with database(settings, f"whole_{worker}") as engine:
        migrate.upgrade(engine)
        with transaction(make_sessions(engine)) as session:
            town = found_town(session)
            asset = town.listed()
            loan = town.approved(asset, "C.staff", kind=OrderKind.LOAN, days=(20, 30))
            transfer = town.submitted(asset)
            officer = town.actor("A.officer")
            loans.ask_consent(session, officer, NOW, TODAY, transfer.id, loan.id, "急需调出")
        with engine.begin() as connection:
            head = content(connection)
    named = [params.pop("transfer") for params in requests_to_make_way(head)]
    assert set(named) == {transfer.number}
    with database(settings, f"earlier_{worker}") as engine:
        migrate.upgrade(engine, "0015")
        with engine.begin() as connection:
            fill(connection, head)
        migrate.upgrade(engine)
        with engine.begin() as connection:
            found = requests_to_make_way(content(connection))
    assert [params["transfer"] for params in found] == named


def requests_to_make_way(rows: Tables) -> Rows:
    """What the messages name that ask borrowers to."""
    return [row["params"] for row in rows["messages"] if row["kind"] == "loan.consent_asked"]


def earlier() -> list[str]:
    """Every schema that a release had before this one, the oldest first."""
    scripts = ScriptDirectory.from_config(migrate.config())
    return [script.revision for script in scripts.walk_revisions()][:0:-1]


@contextmanager
def database(settings: Settings, name: str, template: str = "template1") -> Iterator[Engine]:
    """An empty database, or a copy of another, for as long as it takes."""
    engine = make_engine(own_database(settings.database_url, name, template=template))
    yield engine
    engine.dispose()


def content(connection: Connection) -> Tables:
    """Every row of every table, as JSON."""
    names = inspect(connection).get_table_names()
    queries = {name: text(f'SELECT to_jsonb(t) FROM "{name}" AS t') for name in names}
    return {
        name: list(connection.scalars(query)) for name, query in queries.items() if name != "alembic_version"
    }


def fill(connection: Connection, rows: Tables) -> None:
    """Put in what fits an older schema; foreign keys hold because the rows come from a database."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    inspector = inspect(connection)
    for table in inspector.get_table_names():
        if not rows.get(table):
            continue
        connection.execute(text(f'DELETE FROM "{table}"'))
        older = OLDER_SHAPE.get(table, {})
        wanted = [
            column["name"]
            for column in inspector.get_columns(table)
            if "computed" not in column and (column["name"] in rows[table][0] or column["name"] in older)
        ]
        names = ", ".join(f'"{name}"' for name in wanted)
        given = json.dumps([{**older, **row} for row in rows[table]])
        connection.execute(
            text(
                f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE '
                f'SELECT {names} FROM jsonb_populate_recordset(NULL::"{table}", cast(:given AS jsonb))'
            ),
            {"given": given},
        )


def keys(connection: Connection) -> Mapping[str, list[str]]:
    """The columns of each table's primary key."""
    inspector = inspect(connection)
    return {
        table: inspector.get_pk_constraint(table)["constrained_columns"]
        for table in inspector.get_table_names()
    }


def losses(before: Tables, after: Tables, keys: Mapping[str, list[str]]) -> Iterator[tuple[str, list[Any]]]:
    """For each table the rows that are gone, and the values that are gone or different."""
    for table, rows in before.items():
        found = {tuple(row[name] for name in keys[table]): row for row in after.get(table, [])}
        lost = [
            (row, name)
            for row in rows
            for now in [found.get(tuple(row[name] for name in keys[table]), {})]
            for name, value in row.items()
            if (table, name) not in GONE and now.get(name, ...) != value
        ]
        if lost:
            yield table, lost
