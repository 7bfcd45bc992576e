"""用户: accounts and their roles, for security administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.people import User
from marketplace.domain.errors import Conflict, Invalid, RuleError
from marketplace.domain.permissions import ROLE_NAMES, Permission, Role
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import users
from marketplace.use_cases.users import RoleAt
from marketplace.web.assets import field_messages
from marketplace.web.people_file import USER_COLUMNS, read_people_file
from marketplace.web.units import row_problems

blueprint = Blueprint("users", __name__, url_prefix="/admin/users")

Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.MANAGE_USERS)
def page() -> str:
    """The accounts the actor looks after."""
    found, after = users.search(db(), actor(), request.args.get("q", ""), after=request.args.get("after", ""))
    return render_template(
        "admin/users.html", users=found, after=after, q=request.args.get("q", ""), role_names=ROLE_NAMES
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
        user, password = users.create(db(), actor(), now(), request.form, _roles())
    except RuleError as error:
        db().rollback()
        return _form(request.form, _typed_roles(), error=error)
    return render_template("admin/first_passwords.html", made=[(user, password)])


@blueprint.get("/<int:user_id>")
@needs(Permission.MANAGE_USERS)
def edit(user_id: int) -> Page:
    """An account as a form."""
    user = users.load(db(), actor(), user_id)
    values = {"username": user.username, "name": user.name, "email": user.email, "phone": user.phone}
    roles = [(grant.role, grant.unit.code) for grant in user.grants]
    return _form(values | {"unit_code": user.home_unit.code}, roles, user=user)


@blueprint.post("/<int:user_id>")
@needs(Permission.MANAGE_USERS)
def save(user_id: int) -> Page:
    """Save an account and its roles."""
    try:
        user = users.edit(db(), actor(), now(), user_id, request.form, _roles())
    except (Invalid, Conflict) as error:
        db().rollback()
        return _form(request.form, _typed_roles(), user=users.load(db(), actor(), user_id), error=error)
    flash(gettext("已保存“%(name)s”的账号。", name=user.name), "success")
    return redirect(url_for("users.page", q=user.username))


@blueprint.post("/<int:user_id>/active")
@needs(Permission.MANAGE_USERS)
def set_active(user_id: int) -> Response:
    """Stop an account, or let it in again."""
    user = users.set_active(db(), actor(), now(), user_id, active=request.form.get("active") == "1")
    message = gettext("已启用“%(name)s”。") if user.active else gettext("已停用“%(name)s”,其登录立即失效。")
    flash(message % {"name": user.name}, "success")
    return redirect(url_for("users.edit", user_id=user_id))


@blueprint.post("/<int:user_id>/password")
@needs(Permission.MANAGE_USERS)
def reset_password(user_id: int) -> str:
    """Give an account a new first password and unlock it."""
    password = users.reset_password(db(), actor(), now(), user_id)
    return render_template(
        "admin/first_passwords.html", made=[(users.load(db(), actor(), user_id), password)]
    )


@blueprint.get("/import")
@needs(Permission.MANAGE_USERS)
def import_form() -> str:
    """Where a file of accounts is handed in."""
    return render_template(
        "admin/users_import.html", problems=(), columns=USER_COLUMNS, role_names=ROLE_NAMES
    )


@blueprint.post("/import")
@needs(Permission.MANAGE_USERS)
def import_file() -> Page:
    """Add the accounts of a file, all or none, and show their first passwords, once."""
    try:
        rows = read_people_file(request.files.get("file"), USER_COLUMNS)
        made = users.import_users(db(), actor(), now(), rows)
    except RuleError as error:
        db().rollback()
        body = render_template(
            "admin/users_import.html",
            error=message_of(error),
            problems=row_problems(error),
            columns=USER_COLUMNS,
            role_names=ROLE_NAMES,
        )
        return body, status_of(error)
    return render_template("admin/first_passwords.html", made=made)


def _form(
    values: Mapping[str, Any],
    roles: list[tuple[str, str]] | list[RoleAt],
    *,
    user: User | None = None,
    error: RuleError | None = None,
) -> Page:
    body = render_template(
        "admin/user.html",
        user=user,
        values=values,
        roles=roles,
        role_names=ROLE_NAMES,
        units=users.assignable_units(db(), actor()),
        error=message_of(error) if error else "",
        errors=field_messages(error),
    )
    return (body, status_of(error)) if error else body


def _typed_roles() -> list[tuple[str, str]]:
    pairs = zip(request.form.getlist("role"), request.form.getlist("role_unit"), strict=False)
    return [(role, unit) for role, unit in pairs if role]


def _roles() -> list[RoleAt]:
    return [(Role(role), unit) for role, unit in _typed_roles() if role in set(Role)]
