"""The register as a download: all that a search finds, sent while it is read, in constant memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Table, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from marketplace.db.session import SessionFactory, transaction, while_open
from marketplace.domain.finding import Finder, Wish, reach_of
from marketplace.domain.permissions import Actor
from marketplace.registers import writer
from marketplace.registers.writer import FileKind
from marketplace.use_cases import audit, register_export

_chosen = Table(
    "chosen_assets",
    MetaData(),
    Column("id", BigInteger, primary_key=True),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def stream(
    sessions: SessionFactory, finder: Finder, actor: Actor, now: dt.datetime, wish: Wish, kind: FileKind
) -> Iterator[bytes]:
    """The cards that a search finds and the actor may export, as a file piece by piece.

    That it was asked for is on record before the first piece leaves.

    Raises:
        Invalid: the search can't be read, or a sheet can't hold so many rows.
    """
    session = sessions()
    try:
        _choose(session, finder, actor, wish)
        chosen = select(_chosen.c.id)
        count = register_export.count(session, actor, chosen)
        writer.check_rows(count, kind)
        table = register_export.table(session, actor, chosen)
        with transaction(sessions) as other:
            _note(other, actor, now, wish, kind, count)
    except BaseException:
        session.close()
        raise
    return while_open(session, writer.blocks(table, kind))


def _choose(session: Session, finder: Finder, actor: Actor, wish: Wish) -> None:
    """Put the ids of all hits into a table of this transaction."""
    session.execute(CreateTable(_chosen))
    for ids in finder.ids(wish, reach_of(actor)):
        hits = select(func.unnest(cast(list(ids), ARRAY(BigInteger)), type_=BigInteger()))
        session.execute(upsert(_chosen).from_select(["id"], hits).on_conflict_do_nothing())


def _note(session: Session, actor: Actor, now: dt.datetime, wish: Wish, kind: FileKind, count: int) -> None:
    after = {"rows": count, "format": str(kind), "filter": _said(wish)}
    audit.record(session, actor, now, "assets.export", "asset", None, unit_id=actor.home_unit_id, after=after)


def _said(wish: Wish) -> dict[str, Any]:
    """What was asked for, without what goes without saying."""
    asked, usual = asdict(wish), asdict(Wish())
    apart = ("limit", "cursor", "facets", "origin", "sort", "listed")
    filters = {name: value for name, value in asked.items() if value != usual[name] and name not in apart}
    return {name: list(v) if isinstance(v, tuple) else str(v) for name, v in filters.items()}
