"""单位: the tree of units, for security administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.people import Unit
from marketplace.domain.errors import Conflict, Invalid, RuleError
from marketplace.domain.permissions import Permission
from marketplace.domain.units import KIND_NAMES, KINDS
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import units
from marketplace.web.assets import field_messages
from marketplace.web.people_file import UNIT_COLUMNS, read_people_file

blueprint = Blueprint("units", __name__, url_prefix="/admin/units")

Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.MANAGE_UNITS)
def page() -> str:
    """The units the actor looks after."""
    rows, after = units.search(db(), actor(), request.args.get("q", ""), after=request.args.get("after", ""))
    return render_template(
        "admin/units.html", rows=rows, after=after, q=request.args.get("q", ""), kind_names=KIND_NAMES
    )


@blueprint.get("/new")
@needs(Permission.MANAGE_UNITS)
def new() -> Page:
    """An empty record."""
    return _form({"parent_code": request.args.get("parent", "")})


@blueprint.post("/new")
@needs(Permission.MANAGE_UNITS)
def create() -> Page:
    """Add a unit."""
    try:
        unit = units.create(db(), actor(), now(), request.form)
    except RuleError as error:
        db().rollback()
        return _form(request.form, error=error)
    flash(gettext("已新增单位“%(name)s”。", name=unit.name), "success")
    return redirect(url_for("units.page", q=unit.code))


@blueprint.get("/<int:unit_id>")
@needs(Permission.MANAGE_UNITS)
def edit(unit_id: int) -> Page:
    """A unit's record as a form."""
    unit = units.load(db(), actor(), unit_id)
    return _form(units.record_of(db(), unit), unit=unit)


@blueprint.post("/<int:unit_id>")
@needs(Permission.MANAGE_UNITS)
def save(unit_id: int) -> Page:
    """Save a unit's record."""
    try:
        unit = units.edit(
            db(), actor(), now(), unit_id, request.form.get("version", type=int) or 0, request.form
        )
    except (Invalid, Conflict) as error:
        db().rollback()
        return _form(request.form, unit=units.load(db(), actor(), unit_id), error=error)
    flash(gettext("已保存“%(name)s”。", name=unit.name), "success")
    return redirect(url_for("units.page", q=unit.code))


@blueprint.post("/<int:unit_id>/active")
@needs(Permission.MANAGE_UNITS)
def set_active(unit_id: int) -> Page:
    """Close a unit, or open it again."""
    try:
        unit = units.close(db(), actor(), now(), unit_id, active=request.form.get("active") == "1")
        flash(
            gettext("已启用“%(name)s”。", name=unit.name)
            if unit.active
            else gettext("已停用“%(name)s”,可随时重新启用。", name=unit.name),
            "success",
        )
    except Conflict as error:
        db().rollback()
        flash(message_of(error), "danger")
    return redirect(url_for("units.edit", unit_id=unit_id))


@blueprint.get("/import")
@needs(Permission.MANAGE_UNITS)
def import_form() -> str:
    """Where a file of units is handed in."""
    return render_template("admin/units_import.html", problems=(), columns=UNIT_COLUMNS)


@blueprint.post("/import")
@needs(Permission.MANAGE_UNITS)
def import_file() -> Page:
    """Add and change the units of a file, all or none."""
    try:
        rows = read_people_file(request.files.get("file"), UNIT_COLUMNS)
        created, changed = units.import_units(db(), actor(), now(), rows)
    except RuleError as error:
        db().rollback()
        body = render_template(
            "admin/units_import.html",
            error=message_of(error),
            problems=row_problems(error),
            columns=UNIT_COLUMNS,
        )
        return body, status_of(error)
    flash(
        gettext("已新增%(created)d个、更新%(changed)d个单位。", created=created, changed=changed), "success"
    )
    return redirect(url_for("units.page"))


def row_problems(error: RuleError) -> list[tuple[str, str]]:
    """What is wrong, row by row."""
    return [(field.field, message_of(field)) for field in error.fields] if isinstance(error, Invalid) else []


def _form(values: Mapping[str, Any], *, unit: Unit | None = None, error: RuleError | None = None) -> Page:
    body = render_template(
        "admin/unit.html",
        unit=unit,
        values=values,
        parents=units.parents(db(), actor()),
        kinds=[(kind, KIND_NAMES[kind]) for kind in KINDS],
        error=message_of(error) if error else "",
        errors=field_messages(error),
    )
    return (body, status_of(error)) if error else body
