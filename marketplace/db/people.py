"""Units, users and what they may do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    SQLColumnExpression,
    String,
    UniqueConstraint,
    cast,
    false,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from marketplace.db.base import Base, Id, Moment, word
from marketplace.domain.permissions import Role


class UnitKind(StrEnum):
    """Levels of the tree; a region stands at its top and carries a GB/T 2260 code."""

    REGION = "region"
    DEPARTMENT = "department"
    UNIT = "unit"
    SUB_UNIT = "sub_unit"


class Unit(Base):
    """A node of the organisation: a region, a supervising department, a unit or a part of one."""

    __tablename__ = "units"
    __table_args__ = (Index("ix_units_path", "path", postgresql_using="gin"),)

    id: Mapped[Id]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    path: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    """Ids from the root down to this unit; kept by the use cases that create and move units."""
    kind: Mapped[UnitKind] = mapped_column(word(UnitKind))
    code: Mapped[str] = mapped_column(String(32), unique=True)
    """How the unit is called in files and by the interface; for a region its six-digit code."""
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(60), server_default="")
    region_code: Mapped[str] = mapped_column(String(6), index=True)
    region_name: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(200), server_default="")
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    headcount: Mapped[int | None]
    """Staff within the establishment (编制内实有人数), which allocation standards multiply by."""
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")

    parent: Mapped[Unit | None] = relationship(remote_side="Unit.id")

    __mapper_args__ = {"version_id_col": version}


class User(Base):
    """An account of one person."""

    __tablename__ = "users"

    id: Mapped[Id]
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    home_unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    email: Mapped[str] = mapped_column(String(120), server_default="")
    phone: Mapped[str] = mapped_column(String(40), server_default="")
    locale: Mapped[str] = mapped_column(String(8), server_default="zh_CN")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    failed_sign_ins: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[Moment | None]
    password_changed_at: Mapped[Moment]
    must_change_password: Mapped[bool] = mapped_column(server_default=text("false"))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    daily_mail: Mapped[bool] = mapped_column(server_default=text("false"))
    """Gets everything in one mail a day, instead of a mail for each piece of news."""
    session_epoch: Mapped[int] = mapped_column(server_default="1")
    """Raised to end every session of this account at once."""
    version: Mapped[int] = mapped_column(server_default="1")
    """Rises when an administrator changes details or roles: the guard against lost updates. Signing in
    does not raise it, or nobody could edit the account of somebody who is at work."""
    last_sign_in_at: Mapped[Moment | None]
    created_at: Mapped[Moment]

    home_unit: Mapped[Unit] = relationship()
    grants: Mapped[list[RoleGrant]] = relationship(back_populates="user", order_by="RoleGrant.id")


class RoleGrant(Base):
    """A role given to a user over a unit and all below it."""

    __tablename__ = "role_grants"
    __table_args__ = (UniqueConstraint("user_id", "role", "unit_id"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(word(Role))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)

    user: Mapped[User] = relationship(back_populates="grants")
    unit: Mapped[Unit] = relationship()


class EndedSession(Base):
    """A session that somebody signed out of: whoever has a copy of its cookie is out as well."""

    __tablename__ = "ended_sessions"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    ended_at: Mapped[Moment]


class ApiToken(Base):
    """A revocable key for programs. Only its hash is kept: it is shown once, when it is made."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))
    """Its first characters, so that its owner can tell which one it is."""
    created_at: Mapped[Moment]
    last_used_on: Mapped[dt.date | None]
    expires_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]

    user: Mapped[User] = relationship()


def below(unit_ids: Iterable[int]) -> ColumnElement[bool]:
    """Units that are one of ``unit_ids`` or lie below one: the SQL twin of ``Actor.may``."""
    ids = list(unit_ids)
    return Unit.path.overlap(cast(ids, ARRAY(BigInteger))) if ids else false()


def within(
    column: SQLColumnExpression[int] | SQLColumnExpression[int | None], unit_ids: Iterable[int]
) -> ColumnElement[bool]:
    """Rows whose unit ``column`` is in one of the subtrees rooted at ``unit_ids``."""
    return column.in_(select(Unit.id).where(below(unit_ids)))


def users_with(session: Session, role: Role, unit_id: int) -> list[int]:
    """Ids of the active users who hold exactly this role over the unit (``Actor.holds``)."""
    path = select(func.unnest(Unit.path)).where(Unit.id == unit_id)
    holders = select(RoleGrant.user_id).where(RoleGrant.role == role, RoleGrant.unit_id.in_(path))
    query = select(User.id).where(User.active, User.id.in_(holders)).order_by(User.id)
    return list(session.scalars(query))


def same_department(session: Session, one: Unit, other: Unit) -> bool:
    """Whether two units have a supervising department in common."""
    common = set(one.path) & set(other.path)
    query = select(Unit.id).where(Unit.id.in_(common), Unit.kind == UnitKind.DEPARTMENT)
    return session.scalar(query.limit(1)) is not None
