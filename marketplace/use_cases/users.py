"""Accounts as security administrators look after them: who exists, and what each may do where."""

from __future__ import annotations

import datetime as dt
import secrets
import string
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from marketplace.db.people import RoleGrant, Unit, User, below, within
from marketplace.domain.accounts import check_username
from marketplace.domain.errors import Conflict, NotAllowed, NotFound, invalid_field
from marketplace.domain.permissions import Actor, Permission, Role, check_role_set, require
from marketplace.domain.text import N_, clean
from marketplace.use_cases import accounts, audit

PAGE = 50
RoleAt = tuple[Role, str]
"""A role and the code of the unit it holds over."""


def search(
    session: Session, actor: Actor, q: str = "", *, after: str = ""
) -> tuple[Sequence[User], str | None]:
    """A page of the accounts the actor looks after, by user name, and the name to go on from."""
    query = (
        select(User)
        .join(Unit, Unit.id == User.home_unit_id)
        .where(_managed(actor), User.username > after, _called(q))
        .options(selectinload(User.home_unit), selectinload(User.grants).selectinload(RoleGrant.unit))
        .order_by(User.username)
        .limit(PAGE + 1)
    )
    users = session.scalars(query).all()
    return users[:PAGE], users[PAGE - 1].username if len(users) > PAGE else None


def load(session: Session, actor: Actor, user_id: int, *, for_update: bool = False) -> User:
    """An account that the actor looks after.

    Raises:
        NotFound: there is none, or it is not the actor's to manage.
    """
    query = (
        select(User)
        .where(User.id == user_id, _managed(actor))
        .options(selectinload(User.home_unit), selectinload(User.grants).selectinload(RoleGrant.unit))
    )
    if for_update:
        query = query.with_for_update(of=User).execution_options(populate_existing=True)
    user = session.scalar(query)
    if user is None:
        raise NotFound(N_("没有找到这个账号，或它不在您的管理范围内。"))
    return user


def count(session: Session, actor: Actor, q: str = "") -> int:
    """How many accounts :func:`search` goes through."""
    query = select(func.count(User.id)).join(Unit, Unit.id == User.home_unit_id)
    return session.scalar(query.where(_managed(actor), _called(q))) or 0


def assignable_units(session: Session, actor: Actor) -> Sequence[Unit]:
    """Units that the actor may give people and roles to, in the order of the tree."""
    scope = true() if actor.everything else below(actor.scopes(Permission.MANAGE_USERS))
    return session.scalars(select(Unit).where(scope, Unit.active).order_by(Unit.path)).all()


def create(
    session: Session, actor: Actor, now: dt.datetime, raw: Mapping[str, str], roles: Iterable[RoleAt]
) -> tuple[User, str]:
    """Add an account; gives it with a first password that its owner must change at once.

    Raises:
        Invalid: a field can't be accepted, the name is taken, or the roles don't go together.
    """
    home = _unit(session, actor, raw.get("unit_code", ""))
    user = User(
        username=check_username(raw.get("username", "")),
        name=_name(raw),
        email=clean(raw.get("email", ""))[:120],
        phone=clean(raw.get("phone", ""))[:40],
        home_unit=home,
        password_hash="",
        password_changed_at=now,
        created_at=now,
    )
    session.add(user)
    _flush(session, user)
    password = first_password()
    accounts.set_password(session, actor, now, user, password, must_change=True)
    audit.record(
        session,
        actor,
        now,
        "user.create",
        "user",
        user.id,
        unit_id=home.id,
        after={"username": user.username, "name": user.name, "unit": home.code},
    )
    set_roles(session, actor, now, user, roles)
    return user, password


def edit(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    user_id: int,
    version: int,
    raw: Mapping[str, str],
    roles: Iterable[RoleAt],
) -> User:
    """Change the details and roles of an account that still has ``version``.

    Raises:
        Conflict: somebody changed the account since it was shown; nothing is written.
        Invalid: a field can't be accepted, or the roles don't go together.
        NotAllowed: it is the actor's own account.
    """
    user = load(session, actor, user_id, for_update=True)
    _not_oneself(actor, user)
    if user.version != version:
        raise Conflict(N_("这个账号刚被他人修改过，请核对后再保存。"), code="version_conflict")
    before = {"name": user.name, "email": user.email, "phone": user.phone, "unit": user.home_unit.code}
    home = _unit(session, actor, raw.get("unit_code", ""))
    user.name, user.home_unit = _name(raw), home
    user.email, user.phone = clean(raw.get("email", ""))[:120], clean(raw.get("phone", ""))[:40]
    after = {"name": user.name, "email": user.email, "phone": user.phone, "unit": home.code}
    old, new = audit.differences(before, after)
    if new:
        user.version += 1
        audit.record(
            session, actor, now, "user.edit", "user", user.id, unit_id=home.id, before=old, after=new
        )
    set_roles(session, actor, now, user, roles)
    return user


def set_roles(session: Session, actor: Actor, now: dt.datetime, user: User, roles: Iterable[RoleAt]) -> None:
    """Give an account exactly these roles; its sessions end when they change.

    Roles over units that the actor doesn't look after were given by somebody else, and stay.

    Raises:
        Invalid: unknown unit, or the three administrators are not kept apart.
        NotAllowed: a unit is not the actor's to manage.
    """
    wanted = {(role, _unit(session, actor, code, "roles").id) for role, code in roles}
    wanted |= {(grant.role, grant.unit_id) for grant in user.grants if not may_take(actor, grant)}
    check_role_set(role for role, _ in wanted)
    held = {(grant.role, grant.unit_id): grant for grant in user.grants}
    if wanted == held.keys():
        return
    for key in held.keys() - wanted:
        session.delete(held[key])
    session.add_all(
        RoleGrant(user_id=user.id, role=role, unit_id=unit) for role, unit in wanted - held.keys()
    )
    user.session_epoch += 1
    user.version += 1
    session.flush()
    session.expire(user, ["grants"])
    audit.record(
        session,
        actor,
        now,
        "user.roles",
        "user",
        user.id,
        unit_id=user.home_unit_id,
        before={"roles": sorted(f"{role}@{unit}" for role, unit in held)},
        after={"roles": sorted(f"{role}@{unit}" for role, unit in wanted)},
    )


def may_take(actor: Actor, grant: RoleGrant) -> bool:
    """Whether a role is over a unit that the actor looks after, and so the actor's to take away."""
    return actor.may(Permission.MANAGE_USERS, grant.unit.path)


def set_active(session: Session, actor: Actor, now: dt.datetime, user_id: int, *, active: bool) -> User:
    """Stop an account, ending its sessions, or let it in again."""
    user = load(session, actor, user_id, for_update=True)
    _not_oneself(actor, user)
    if user.active != active:
        user.active = active
        user.session_epoch += 1
        action = "user.activate" if active else "user.deactivate"
        audit.record(session, actor, now, action, "user", user.id, unit_id=user.home_unit_id)
    return user


def reset_password(session: Session, actor: Actor, now: dt.datetime, user_id: int) -> str:
    """Give an account a new first password and unlock it; it is shown once.

    Raises:
        NotAllowed: the own account, or one with roles beyond the actor's: with its password the
            actor would have them.
    """
    user = load(session, actor, user_id, for_update=True)
    _not_oneself(actor, user)
    if not all(may_take(actor, grant) for grant in user.grants):
        raise NotAllowed(N_("此人在您的管理范围之外也有角色，请由上级安全管理员重置密码。"))
    password = first_password()
    accounts.set_password(session, actor, now, user, password, must_change=True)
    return password


def unlock(session: Session, actor: Actor, now: dt.datetime, user_id: int) -> User:
    """Let an account try again before its lock ends; the password stays."""
    user = load(session, actor, user_id, for_update=True)
    _not_oneself(actor, user)
    if user.locked_until is not None:
        user.failed_sign_ins, user.locked_until = 0, None
        audit.record(session, actor, now, "user.unlock", "user", user.id, unit_id=user.home_unit_id)
    return user


def first_password() -> str:
    """A random password that satisfies the rules and can be read out over the phone."""
    letters = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz") for _ in range(6))
    digits = "".join(secrets.choice(string.digits) for _ in range(5))
    return f"{letters.capitalize()}-{digits}"


def _managed(actor: Actor) -> ColumnElement[bool]:
    if actor.everything:
        return true()
    return within(User.home_unit_id, actor.scopes(Permission.MANAGE_USERS))


def _called(q: str) -> ColumnElement[bool]:
    """Accounts found by part of a name or of the unit's, the start of the user name, or the unit's code."""
    words = clean(q)
    if not words:
        return true()
    return or_(
        User.username.startswith(words.casefold(), autoescape=True),
        User.name.icontains(words, autoescape=True),
        Unit.name.icontains(words, autoescape=True),
        Unit.code == words,
    )


def _unit(session: Session, actor: Actor, code: str, field: str = "unit_code") -> Unit:
    unit = session.scalar(select(Unit).where(Unit.code == code.strip(), Unit.active))
    if unit is None:
        raise invalid_field(field, N_("没有编码为“%(given)s”的启用中的单位，请从列表中选择"), given=code)
    require(actor, Permission.MANAGE_USERS, unit.path)
    return unit


def _name(raw: Mapping[str, str]) -> str:
    name = clean(raw.get("name", ""))
    if not 1 <= len(name) <= 60:
        raise invalid_field("name", N_("请填写姓名，最多60字。"))
    return name


def _not_oneself(actor: Actor, user: User) -> None:
    if actor.user_id == user.id:
        raise NotAllowed(N_("不能更改自己的账号和角色，请由另一位安全管理员办理。"))


def _flush(session: Session, user: User) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if "uq_users_username" not in str(error.orig):
            raise
        raise invalid_field("username", N_("用户名“%(given)s”已被使用"), given=user.username) from error
