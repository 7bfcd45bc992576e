"""Units and accounts from a file: all of its rows or none, with every mistake named."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from marketplace.db.people import User
from marketplace.domain.errors import FieldError, Invalid, RuleError, in_row, invalid_field
from marketplace.domain.permissions import ROLE_NAMES, Actor, Role
from marketplace.domain.text import N_
from marketplace.use_cases import units, users
from marketplace.use_cases.users import RoleAt

_SEPARATORS = re.compile(r"[、,，;；\s]+")


def import_units(
    session: Session, actor: Actor, now: dt.datetime, rows: Sequence[Mapping[str, str]]
) -> tuple[int, int]:
    """Create or change units, parents before children wherever they stand in the file.

    Gives the numbers of created and changed units.

    Raises:
        Invalid: with an entry for each place, by row, that can't be accepted; the caller rolls back.
    """
    waiting = dict(enumerate(rows, start=1))
    created = changed = 0
    errors = _repeated(rows)
    while waiting:
        known = {_code(row, "code") for row in waiting.values()}
        ready = [number for number, row in waiting.items() if _code(row, "parent_code") not in known]
        if not ready:
            errors += [FieldError("parent_code", N_("上级单位互相循环"), {}, number) for number in waiting]
            break
        for number in ready:
            try:
                with session.begin_nested():
                    new = _create_or_edit(session, actor, now, waiting.pop(number))
                created, changed = created + new, changed + (not new)
            except RuleError as error:
                errors += in_row(number, error)
    _refuse(N_("文件中有%(count)d行需要修改，未导入任何单位。"), errors)
    return created, changed


def import_users(
    session: Session, actor: Actor, now: dt.datetime, rows: Sequence[Mapping[str, str]]
) -> list[tuple[User, str]]:
    """Create accounts; gives each with its first password.

    A row names ``username``, ``name``, ``unit_code`` and ``roles``: role codes or names separated
    by commas, held over the row's unit.

    Raises:
        Invalid: with an entry for each place, by row, that can't be accepted; the caller rolls back.
    """
    made: list[tuple[User, str]] = []
    errors: list[FieldError] = []
    for number, row in enumerate(rows, start=1):
        try:
            with session.begin_nested():
                made.append(users.create(session, actor, now, row, _roles_of(row)))
        except RuleError as error:
            errors += in_row(number, error)
    _refuse(N_("文件中有%(count)d行需要修改，未导入任何账号。"), errors)
    return made


def _create_or_edit(session: Session, actor: Actor, now: dt.datetime, row: Mapping[str, str]) -> bool:
    """Whether the unit is a new one."""
    found = units.find(session, actor, _code(row, "code"))
    if found is None:
        units.create(session, actor, now, row)
        return True
    units.edit(session, actor, now, found.id, found.version, row)
    return False


def _repeated(rows: Sequence[Mapping[str, str]]) -> list[FieldError]:
    """Rows with a code that an earlier row has."""
    first: dict[str, int] = {}
    return [
        FieldError("code", N_("单位编码“%(given)s”在文件中重复"), {"given": code}, number)
        for number, code in enumerate((_code(row, "code") for row in rows), start=1)
        if code and first.setdefault(code, number) != number
    ]


def _code(row: Mapping[str, str], name: str) -> str:
    return row.get(name, "").strip()


def _roles_of(row: Mapping[str, str]) -> list[RoleAt]:
    words = filter(None, _SEPARATORS.split(row.get("roles", "")))
    return [(_role(word), row.get("unit_code", "")) for word in words]


def _role(word: str) -> Role:
    for role, name in ROLE_NAMES.items():
        if word in (role, name):
            return role
    raise invalid_field("roles", N_("没有“%(given)s”这个角色"), given=word)


def _refuse(message: str, errors: Sequence[FieldError]) -> None:
    if errors:
        in_order = sorted(errors, key=lambda error: error.row)
        raise Invalid(message, fields=tuple(in_order), count=len({error.row for error in errors}))
