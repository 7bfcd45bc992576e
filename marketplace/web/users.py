"""用户: accounts and their roles, for security administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from marketplace.db.people import RoleGrant, User
from marketplace.domain.errors import Conflict, NotFound, RuleError, invalid_field
from marketplace.domain.permissions import ROLE_DUTIES, ROLE_NAMES, SEPARATE_ADMINISTRATORS, Permission, Role
from marketplace.domain.text import N_
from marketplace.edge.access import ONE_FILE, needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import people_import, users
from marketplace.use_cases.users import RoleAt
from marketplace.web.assets import field_messages
from marketplace.web.mistakes import mistakes_in
from marketplace.web.people_file import (
    MAX_USERS,
    USER_COLUMNS,
    problems_in,
    read_people_file,
    template_file,
)

blueprint = Blueprint("users", __name__, url_prefix="/admin/users")

Page = str | tuple[str, int] | AnyResponse
DETAILS = ("username", "name", "email", "phone")


@blueprint.get("")
@needs(Permission.MANAGE_USERS)
def page() -> str:
    """The accounts the actor looks after, by user name."""
    q, start = request.args.get("q", "").strip(), request.args.get("after", "")
    found, after = users.search(db(), actor(), q, after=start)
    return render_template(
        "admin/users.html",
        users=found,
        total=users.count(db(), actor(), q),
        after=after,
        start=start,
        q=q,
        role_names=ROLE_NAMES,
    )


@blueprint.get("/new")
@needs(Permission.MANAGE_USERS)
def new() -> Page:
    """An empty account."""
    return _form({"unit_code": request.args.get("unit", "")}, [])


@blueprint.post("/new")
@needs(Permission.MANAGE_USERS)
def create() -> Page:
    """Add an account and show its first password, once."""
    try:
        made = users.create(db(), actor(), now(), request.form, _roles())
    except RuleError as error:
        db().rollback()
        return _form(request.form, _typed_roles(), error=error)
    return _first_passwords([made])


@blueprint.get("/<int:user_id>")
@needs(Permission.MANAGE_USERS)
def edit(user_id: int) -> Page:
    """An account as a form."""
    user = users.load(db(), actor(), user_id)
    return _form(_details(user), _own_roles(user), user=user)


@blueprint.post("/<int:user_id>")
@needs(Permission.MANAGE_USERS)
def save(user_id: int) -> Page:
    """Save an account and its roles. If somebody was faster, both versions are shown."""
    version = request.form.get("version", type=int) or 0
    try:
        user = users.edit(db(), actor(), now(), user_id, version, request.form, _roles())
    except NotFound:
        raise
    except RuleError as error:
        db().rollback()
        return _form(request.form, _typed_roles(), user=users.load(db(), actor(), user_id), error=error)
    flash(gettext("已保存“%(name)s”的账号。", name=user.name), "success")
    return redirect(url_for("users.edit", user_id=user_id))


@blueprint.post("/<int:user_id>/active")
@needs(Permission.MANAGE_USERS)
def set_active(user_id: int) -> AnyResponse:
    """Stop an account, or let it in again."""
    user = users.set_active(db(), actor(), now(), user_id, active=request.form.get("active") == "1")
    flash(
        gettext("已启用“%(name)s”的账号。", name=user.name)
        if user.active
        else gettext("已停用“%(name)s”的账号，其登录立即失效。", name=user.name),
        "success",
    )
    return redirect(url_for("users.edit", user_id=user_id))


@blueprint.post("/<int:user_id>/unlock")
@needs(Permission.MANAGE_USERS)
def unlock(user_id: int) -> AnyResponse:
    """End a lock early."""
    user = users.unlock(db(), actor(), now(), user_id)
    flash(gettext("已解锁“%(name)s”的账号，可以立即重新登录。", name=user.name), "success")
    return redirect(url_for("users.edit", user_id=user_id))


@blueprint.post("/<int:user_id>/password")
@needs(Permission.MANAGE_USERS)
def reset_password(user_id: int) -> Page:
    """Give an account a new first password and unlock it."""
    password = users.reset_password(db(), actor(), now(), user_id)
    return _first_passwords([(users.load(db(), actor(), user_id), password)])


@blueprint.get("/import")
@needs(Permission.MANAGE_USERS)
def import_form() -> Page:
    """Where a file of accounts is handed in."""
    return _import_page()


@blueprint.get("/import/template.csv")
@needs(Permission.MANAGE_USERS)
def import_template() -> AnyResponse:
    """An empty file to fill in."""
    return template_file(USER_COLUMNS, "users.csv")


@blueprint.post("/import")
@needs(Permission.MANAGE_USERS, takes=ONE_FILE)
def import_file() -> Page:
    """Add the accounts of a file, all or none, and show their first passwords, once."""
    file = None
    try:
        file = read_people_file(request.files.get("file"), USER_COLUMNS, MAX_USERS)
        made = people_import.import_users(db(), actor(), now(), file.rows)
    except RuleError as error:
        db().rollback()
        return _import_page(error, problems=problems_in(error, file, USER_COLUMNS))
    return _first_passwords(made)


def _first_passwords(made: Sequence[tuple[User, str]]) -> Response:
    """The only answer that shows these passwords; no browser or proxy keeps it."""
    body = render_template("admin/first_passwords.html", made=made)
    return Response(body, headers={"Cache-Control": "no-store"})


def _import_page(error: RuleError | None = None, **view: Any) -> Page:
    body = render_template(
        "admin/users_import.html",
        error=message_of(error) if error else "",
        columns=USER_COLUMNS,
        limit=MAX_USERS,
        role_names=ROLE_NAMES,
        **view,
    )
    return (body, status_of(error)) if error else body


def _form(
    values: Mapping[str, Any],
    roles: Sequence[tuple[str, str]],
    *,
    user: User | None = None,
    error: RuleError | None = None,
) -> Page:
    labels = {column.field: gettext(column.names[0]) for column in USER_COLUMNS}
    labels["unit_code"] = gettext("所属单位")
    body = render_template(
        "admin/user.html",
        user=user,
        oneself=bool(user and user.id == actor().user_id),
        values=values,
        labels=labels,
        roles=roles,
        given_elsewhere=[g for g in user.grants if not users.may_take(actor(), g)] if user else [],
        role_names=ROLE_NAMES,
        role_duties=ROLE_DUTIES,
        separate=SEPARATE_ADMINISTRATORS,
        others=_changed_by_others(user, values, roles, labels)
        if user and isinstance(error, Conflict)
        else None,
        units=users.assignable_units(db(), actor()),
        error=message_of(error) if error else "",
        basis_of_error=error.basis if error else "",
        errors=field_messages(error),
        mistakes=mistakes_in(error, labels),
    )
    return (body, status_of(error)) if error else body


def _details(user: User) -> dict[str, str]:
    """An account as one would type it."""
    return {name: getattr(user, name) for name in DETAILS} | {"unit_code": user.home_unit.code}


def _own_roles(user: User) -> list[tuple[str, str]]:
    """Role and unit of each grant that is the actor's to change."""
    return [(str(grant.role), grant.unit.code) for grant in _own_grants(user)]


def _own_grants(user: User) -> list[RoleGrant]:
    return [grant for grant in user.grants if users.may_take(actor(), grant)]


def _changed_by_others(
    user: User,
    values: Mapping[str, Any],
    roles: Sequence[tuple[str, str]],
    labels: Mapping[str, str],
) -> list[tuple[str, str]]:
    """What the account says now where it differs from what was typed: label and stored value."""
    stored = _details(user)
    typed = {name: values[name].strip() for name in stored if name in values}
    found = [(labels[name], stored[name]) for name, text in typed.items() if text != stored[name]]
    home = typed.get("unit_code", "")
    if {(role, unit or home) for role, unit in roles} == set(_own_roles(user)):
        return found
    held = [
        gettext("%(role)s（%(unit)s）", role=gettext(ROLE_NAMES[grant.role]), unit=grant.unit.name)
        for grant in _own_grants(user)
    ]
    return [*found, (gettext("角色"), "、".join(held))]


def _typed_roles() -> list[tuple[str, str]]:
    """Role and unit of each row as it was typed; a row without a role asks for nothing."""
    pairs = zip_longest(request.form.getlist("role"), request.form.getlist("role_unit"), fillvalue="")
    return [(role, unit.strip()) for role, unit in pairs if role]


def _roles() -> list[RoleAt]:
    """What was typed; a role without a unit is over the home unit.

    Raises:
        Invalid: there is no such role.
    """
    home = request.form.get("unit_code", "")
    unknown = [role for role, _ in _typed_roles() if role not in set(Role)]
    if unknown:
        raise invalid_field("roles", N_("没有“%(given)s”这个角色"), given=unknown[0])
    return [(Role(role), unit or home) for role, unit in _typed_roles()]
