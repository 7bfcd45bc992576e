"""Turning an account or a token into an actor, in one query: this runs with every request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, exists, or_, select

from marketplace.db.people import ApiToken, EndedSession, RoleGrant, Unit, User
from marketplace.db.statements import Source, Statement
from marketplace.domain.permissions import Actor, Grant, Role


@dataclass(frozen=True, slots=True)
class Identity:
    """An actor together with what the edge needs to know of the account."""

    actor: Actor
    username: str
    session_epoch: int
    must_change_password: bool
    password_changed_at: dt.datetime
    home_unit_name: str
    home_unit_code: str
    home_position: tuple[float, float] | None
    token_id: int | None = None
    token_last_used_on: dt.date | None = None


def by_user(source: Source, user_id: int) -> Identity | None:
    """The identity of an active account."""
    return _identity(_BY_USER.rows(source, {"user_id": user_id}))


def by_session(source: Source, user_id: int, key: str) -> Identity | None:
    """The same for a session, unless somebody signed out of it; ``key`` is what it was begun with."""
    return _identity(_BY_SESSION.rows(source, {"user_id": user_id, "key": key}))


def by_token(source: Source, digest: str, now: dt.datetime) -> Identity | None:
    """The identity behind a token that is neither revoked nor expired."""
    return _identity(_BY_TOKEN.rows(source, {"digest": digest, "now": now}))


_HOME = Unit.__table__.alias("home")
_QUERY = (
    select(
        User.id,
        User.name,
        User.username,
        User.locale,
        User.session_epoch,
        User.must_change_password,
        User.password_changed_at,
        User.home_unit_id,
        _HOME.c.name,
        _HOME.c.code,
        _HOME.c.latitude,
        _HOME.c.longitude,
        RoleGrant.role,
        RoleGrant.unit_id,
        Unit.path,
    )
    .join(_HOME, _HOME.c.id == User.home_unit_id)
    .outerjoin(RoleGrant, RoleGrant.user_id == User.id)
    .outerjoin(Unit, Unit.id == RoleGrant.unit_id)
    .where(User.active)
    .order_by(RoleGrant.role, RoleGrant.unit_id)
)
_BY_USER = Statement(_QUERY.where(User.id == bindparam("user_id")))
_ENDED = exists().where(EndedSession.key == bindparam("key"))
_BY_SESSION = Statement(_QUERY.where(User.id == bindparam("user_id"), ~_ENDED))
_BY_TOKEN = Statement(
    _QUERY.add_columns(ApiToken.id, ApiToken.last_used_on)
    .join(ApiToken, ApiToken.user_id == User.id)
    .where(
        ApiToken.digest == bindparam("digest"),
        ApiToken.revoked_at.is_(None),
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > bindparam("now")),
    )
)


def _identity(rows: Sequence[Sequence[Any]]) -> Identity | None:
    if not rows:
        return None
    first = rows[0]
    grants = tuple(Grant(Role(row[12]), row[13], tuple(row[14])) for row in rows if row[12] is not None)
    return Identity(
        actor=Actor(user_id=first[0], name=first[1], grants=grants, locale=first[3], home_unit_id=first[7]),
        username=first[2],
        session_epoch=first[4],
        must_change_password=first[5],
        password_changed_at=first[6],
        home_unit_name=first[8],
        home_unit_code=first[9],
        home_position=(first[10], first[11]) if first[10] is not None else None,
        token_id=first[15] if len(first) > 15 else None,
        token_last_used_on=first[16] if len(first) > 15 else None,
    )
