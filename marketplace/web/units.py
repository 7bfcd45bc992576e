"""单位: the tree of units, for security administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.people import Unit
from marketplace.domain.errors import Conflict, NotFound, RuleError
from marketplace.domain.permissions import Permission
from marketplace.domain.units import KIND_NAMES, KINDS
from marketplace.edge.access import ONE_FILE, needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import people_import, units
from marketplace.web.assets import field_messages
from marketplace.web.mistakes import mistakes_in
from marketplace.web.people_file import (
    MAX_UNITS,
    UNIT_COLUMNS,
    problems_in,
    read_people_file,
    template_file,
)

blueprint = Blueprint("units", __name__, url_prefix="/admin/units")

Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.MANAGE_UNITS)
def page() -> str:
    """The units the actor looks after, in the order of the tree."""
    q, start = request.args.get("q", "").strip(), request.args.get("after", "")
    rows, after = units.search(db(), actor(), q, after=start)
    return render_template(
        "admin/units.html",
        rows=rows,
        total=units.count(db(), actor(), q),
        above=units.above(db(), rows[0].unit) if rows and start and not q else (),
        after=after,
        start=start,
        q=q,
        kind_names=KIND_NAMES,
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
    return redirect(url_for("units.edit", unit_id=unit.id))


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
    version = request.form.get("version", type=int) or 0
    try:
        unit = units.edit(db(), actor(), now(), unit_id, version, request.form)
    except NotFound:
        raise
    except RuleError as error:
        db().rollback()
        return _form(request.form, unit=units.load(db(), actor(), unit_id), error=error)
    flash(gettext("已保存“%(name)s”。", name=unit.name), "success")
    return redirect(url_for("units.edit", unit_id=unit_id))


@blueprint.post("/<int:unit_id>/active")
@needs(Permission.MANAGE_UNITS)
def set_active(unit_id: int) -> Page:
    """Close a unit, or open it again."""
    try:
        unit = units.close(db(), actor(), now(), unit_id, active=request.form.get("active") == "1")
        flash(
            gettext("已启用“%(name)s”。", name=unit.name)
            if unit.active
            else gettext("已停用“%(name)s”，可随时重新启用。", name=unit.name),
            "success",
        )
    except Conflict as error:
        db().rollback()
        flash(message_of(error), "danger")
    return redirect(url_for("units.edit", unit_id=unit_id))


@blueprint.get("/import")
@needs(Permission.MANAGE_UNITS)
def import_form() -> Page:
    """Where a file of units is handed in."""
    return _import_page()


@blueprint.get("/import/template.csv")
@needs(Permission.MANAGE_UNITS)
def import_template() -> Response:
    """An empty file to fill in."""
    return template_file(UNIT_COLUMNS, "units.csv")


@blueprint.post("/import")
@needs(Permission.MANAGE_UNITS, takes=ONE_FILE)
def import_file() -> Page:
    """Add and change the units of a file, all or none."""
    file = None
    try:
        file = read_people_file(request.files.get("file"), UNIT_COLUMNS, MAX_UNITS)
        created, changed = people_import.import_units(db(), actor(), now(), file.rows)
    except RuleError as error:
        db().rollback()
        return _import_page(error, problems=problems_in(error, file, UNIT_COLUMNS))
    flash(
        gettext("已新增%(created)d个、更新%(changed)d个单位。", created=created, changed=changed), "success"
    )
    return redirect(url_for("units.page"))


def _import_page(error: RuleError | None = None, **view: Any) -> Page:
    body = render_template(
        "admin/units_import.html",
        error=message_of(error) if error else "",
        columns=UNIT_COLUMNS,
        limit=MAX_UNITS,
        **view,
    )
    return (body, status_of(error)) if error else body


def _form(values: Mapping[str, Any], *, unit: Unit | None = None, error: RuleError | None = None) -> Page:
    labels = {column.field: gettext(column.names[0]) for column in UNIT_COLUMNS}
    labels["parent_code"] = gettext("上级单位")
    body = render_template(
        "admin/unit.html",
        unit=unit,
        values=values,
        labels=labels,
        units=_choosable(unit),
        kinds=[(kind, gettext(KIND_NAMES[kind])) for kind in KINDS],
        kind_names=KIND_NAMES,
        figures=units.figures(db(), unit) if unit else None,
        others=_changed_by_others(unit, values, labels) if unit and isinstance(error, Conflict) else None,
        error=message_of(error) if error else "",
        errors=field_messages(error),
        mistakes=mistakes_in(error, labels),
    )
    return (body, status_of(error)) if error else body


def _choosable(unit: Unit | None) -> list[Unit]:
    """Units to stand below: those the actor looks after, and the present one in any case."""
    found = list(units.parents(db(), actor()))
    if unit and unit.parent and unit.parent not in found:
        found.insert(0, unit.parent)
    return [candidate for candidate in found if unit is None or unit.id not in candidate.path]


def _changed_by_others(
    unit: Unit, values: Mapping[str, Any], labels: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What the record says now where it differs from what was typed: label and stored value."""
    stored = {name: _shown(value) for name, value in units.record_of(db(), unit).items()}
    return [
        (label, stored[name]) for name, label in labels.items() if stored[name] != _shown(values.get(name))
    ]


def _shown(value: object) -> str:
    return "" if value is None else str(value)
