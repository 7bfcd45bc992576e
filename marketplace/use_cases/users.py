"""Accounts as security administrators look after them: who exists, and what each may do where."""

from __future__ import annotations

import datetime as dt
import secrets
import string
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from marketplace.db.people import RoleGrant, Unit, User, below, within
from marketplace.domain.accounts import check_username
from marketplace.domain.errors import FieldError, Invalid, NotAllowed, NotFound, RuleError, invalid_field
from marketplace.domain.permissions import ROLE_NAMES, Actor, Permission, Role, check_role_set, require
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
        .where(_managed(actor), User.username > after)
        .options(selectinload(User.home_unit), selectinload(User.grants).selectinload(RoleGrant.unit))
        .order_by(User.username)
        .limit(PAGE + 1)
    )
    if words := clean(q):
        query = query.where(
            or_(
                User.username.startswith(words.casefold(), autoescape=True),
                User.name.icontains(words, autoescape=True),
                Unit.name.icontains(words, autoescape=True),
            )
        )
    users = session.scalars(query).all()
    return users[:PAGE], users[PAGE - 1].username if len(users) > PAGE else None


def load(session: Session, actor: Actor, user_id: int) -> User:
    """An account that the actor looks after.

    Raises:
        NotFound: there is none, or it is not the actor's to manage.
    """
    user = session.scalar(
        select(User)
        .where(User.id == user_id, _managed(actor))
        .options(selectinload(User.home_unit), selectinload(User.grants).selectinload(RoleGrant.unit))
    )
    if user is None:
        raise NotFound(N_("没有找到这个账号,或它不在您的管理范围内。"))
    return user


def assignable_units(session: Session, actor: Actor) -> Sequence[Unit]:
    """Units that the actor may give people and roles to, in the order of the tree."""
    scope = true() if actor.everything else below(actor.scopes(Permission.MANAGE_USERS))
    return session.scalars(select(Unit).where(scope, Unit.active).order_by(Unit.path).limit(2000)).all()


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
        home_unit_id=home.id,
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
    raw: Mapping[str, str],
    roles: Iterable[RoleAt],
) -> User:
    """Change an account's details and roles.

    Raises:
        Invalid: a field can't be accepted, or the roles don't go together.
        NotAllowed: it is the actor's own account.
    """
    user = load(session, actor, user_id)
    _not_oneself(actor, user)
    before = {"name": user.name, "email": user.email, "phone": user.phone, "unit": user.home_unit.code}
    home = _unit(session, actor, raw.get("unit_code", ""))
    user.name, user.home_unit_id = _name(raw), home.id
    user.email, user.phone = clean(raw.get("email", ""))[:120], clean(raw.get("phone", ""))[:40]
    after = {"name": user.name, "email": user.email, "phone": user.phone, "unit": home.code}
    old, new = audit.differences(before, after)
    if new:
        audit.record(
            session, actor, now, "user.edit", "user", user.id, unit_id=home.id, before=old, after=new
        )
    set_roles(session, actor, now, user, roles)
    return user


def set_roles(session: Session, actor: Actor, now: dt.datetime, user: User, roles: Iterable[RoleAt]) -> None:
    """Give an account exactly these roles; its sessions end when they change.

    Raises:
        Invalid: unknown unit, or the three administrators are not kept apart.
        NotAllowed: a unit is not the actor's to manage.
    """
    wanted = {(role, _unit(session, actor, code).id) for role, code in roles}
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


def set_active(session: Session, actor: Actor, now: dt.datetime, user_id: int, *, active: bool) -> User:
    """Stop an account, ending its sessions, or let it in again."""
    user = load(session, actor, user_id)
    _not_oneself(actor, user)
    if user.active != active:
        user.active = active
        user.session_epoch += 1
        action = "user.activate" if active else "user.deactivate"
        audit.record(session, actor, now, action, "user", user.id, unit_id=user.home_unit_id)
    return user


def reset_password(session: Session, actor: Actor, now: dt.datetime, user_id: int) -> str:
    """Give an account a new first password and unlock it; it is shown once."""
    user = load(session, actor, user_id)
    _not_oneself(actor, user)
    password = first_password()
    accounts.set_password(session, actor, now, user, password, must_change=True)
    return password


def import_users(
    session: Session, actor: Actor, now: dt.datetime, rows: Sequence[Mapping[str, str]]
) -> list[tuple[User, str]]:
    """Create accounts from a file, all or none; gives each with its first password.

    A row names ``username``, ``name``, ``unit_code`` and ``roles``: role codes or names separated
    by commas, held over the row's unit.

    Raises:
        Invalid: with one entry for each row that can't be accepted; nothing is written.
    """
    made: list[tuple[User, str]] = []
    errors: list[FieldError] = []
    for number, row in enumerate(rows, start=1):
        try:
            with session.begin_nested():
                made.append(create(session, actor, now, row, _roles_of(row)))
        except RuleError as error:
            errors.append(FieldError(str(number), error.message, error.params))
    if errors:
        raise Invalid(
            N_("文件中有%(count)d行需要修改,未导入任何账号。"), fields=tuple(errors), count=len(errors)
        )
    return made


def first_password() -> str:
    """A random password that satisfies the rules and can be read out over the phone."""
    letters = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz") for _ in range(6))
    digits = "".join(secrets.choice(string.digits) for _ in range(5))
    return f"{letters.capitalize()}-{digits}"


def _roles_of(row: Mapping[str, str]) -> list[RoleAt]:
    named = {str(name): role for role, name in ROLE_NAMES.items()}
    roles = []
    for word in row.get("roles", "").replace("、", ",").replace(",", ",").split(","):
        text = word.strip()
        if not text:
            continue
        role = named.get(text) or (Role(text) if text in set(Role) else None)
        if role is None:
            raise invalid_field("roles", N_("没有“%(given)s”这个角色"), given=text)
        roles.append((role, row.get("unit_code", "")))
    return roles


def _managed(actor: Actor) -> ColumnElement[bool]:
    if actor.everything:
        return true()
    return within(User.home_unit_id, actor.scopes(Permission.MANAGE_USERS))


def _unit(session: Session, actor: Actor, code: str) -> Unit:
    unit = session.scalar(select(Unit).where(Unit.code == code.strip(), Unit.active))
    if unit is None:
        raise invalid_field("unit_code", N_("没有编码为“%(given)s”的单位"), given=code)
    require(actor, Permission.MANAGE_USERS, unit.path)
    return unit


def _name(raw: Mapping[str, str]) -> str:
    name = clean(raw.get("name", ""))
    if not 1 <= len(name) <= 60:
        raise invalid_field("name", N_("请填写姓名,最多60字。"))
    return name


def _not_oneself(actor: Actor, user: User) -> None:
    if actor.user_id == user.id:
        raise NotAllowed(N_("不能更改自己的账号和角色,请由另一位安全管理员办理。"))


def _flush(session: Session, user: User) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if "uq_users_username" not in str(error.orig):
            raise
        raise invalid_field("username", N_("用户名“%(given)s”已被使用"), given=user.username) from error
