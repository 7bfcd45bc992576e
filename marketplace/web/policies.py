"""审批规则: the approval policy as a table to edit, with a preview and its versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from marketplace.db.calendar import load_calendar
from marketplace.db.people import Unit
from marketplace.domain.approvals import (
    DECIDING_ROLES,
    DEFAULT_POLICY,
    ON_OVERDUE_NAMES,
    PLATFORM_ROLES,
    SIDE_NAMES,
    PolicyStep,
)
from marketplace.domain.errors import Conflict, Invalid, RuleError
from marketplace.domain.orders import KIND_NAMES, OrderKind
from marketplace.domain.permissions import ROLE_NAMES, Permission
from marketplace.domain.policies import FIELD_NAMES, read_policy
from marketplace.domain.values import read_money
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, identity, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import catalogue, policies
from marketplace.use_cases.policy_preview import Preview, preview
from marketplace.web import policy_texts
from marketplace.web.mistakes import mistakes_in
from marketplace.web.policy_rows import Row, edited, rows_of, typed_rows

blueprint = Blueprint("policies", __name__, url_prefix="/admin/policies")

Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.MANAGE_POLICIES)
def page() -> Page:
    """The version in force, ready to edit; ``from`` starts with an older one."""
    version, steps = _in_force()
    older = request.args.get("from", type=int)
    rows = rows_of(policies.of_version(db(), older) if older else steps)
    return _page(version, rows, {})


@blueprint.post("/draft")
@needs(Permission.MANAGE_POLICIES)
def draft() -> Page:
    """Add, remove or move a row, or preview what is typed; nothing is saved."""
    rows = edited(typed_rows(request.form), request.form.get("do", ""))
    return _page(_based_on(), rows, request.form)


@blueprint.post("")
@needs(Permission.MANAGE_POLICIES)
def save() -> Page:
    """Put what was typed in force, as a new version."""
    rows = typed_rows(request.form)
    try:
        steps = read_policy(rows)
        note = request.form.get("note", "")
        number = policies.save_new_version(db(), actor(), now(), _based_on(), steps, note)
    except RuleError as error:
        db().rollback()
        newest = _in_force()[0] if isinstance(error, Conflict) else _based_on()
        return _page(newest, rows, request.form, error=error)
    flash(
        gettext("第%(number)d版已生效，此后提交的申请按它办理；在办的申请仍按原来的版本。", number=number),
        "success",
    )
    return redirect(url_for("policies.page"))


def _in_force() -> tuple[int, Sequence[PolicyStep]]:
    """The version in force; before there is one, the default to begin with."""
    try:
        return policies.current(db())
    except RuleError:
        return 0, DEFAULT_POLICY


def _page(version: int, rows: list[Row], typed: Mapping[str, str], *, error: RuleError | None = None) -> Page:
    asked = _question(typed)
    saved, older = policies.versions(db(), request.args.get("before", 0, type=int))
    body = render_template(
        "admin/policies.html",
        version=version,
        kinds=[
            (kind, gettext(name), [row for row in rows if row["kind"] == kind])
            for kind, name in KIND_NAMES.items()
        ],
        numbers={row["key"]: number for number, row in enumerate(rows, 1)},
        platform_roles=PLATFORM_ROLES,
        roles=[(role, gettext(ROLE_NAMES[role])) for role in DECIDING_ROLES],
        sides=[(side, gettext(name)) for side, name in SIDE_NAMES.items()],
        overdue=[(what, gettext(name)) for what, name in ON_OVERDUE_NAMES.items()],
        labels={name: gettext(label) for name, label in FIELD_NAMES.items()},
        categories=catalogue.category_tree(db()),
        units=db().scalars(select(Unit).where(Unit.active).order_by(Unit.path)).all(),
        note=typed.get("note", ""),
        asked=asked,
        preview=_preview_view(rows, asked),
        versions=saved,
        older=older,
        texts=policy_texts,
        kind_names=KIND_NAMES,
        error=message_of(error) if error else "",
        conflict=isinstance(error, Conflict),
        errors=_errors(error),
        mistakes=_mistakes(error, rows),
    )
    return (body, status_of(error)) if error else body


def _of_kind(rows: Sequence[Row], kind: OrderKind) -> list[Row]:
    return [row for row in rows if row["kind"] == kind]


def _question(typed: Mapping[str, str]) -> dict[str, str]:
    """What the preview is asked; at first, a transfer to the reader's own unit."""
    found = identity()
    usual = {"kind": str(OrderKind.TRANSFER), "receiver": found.home_unit_code if found else ""}
    names = ("kind", "value", "category", "giver", "receiver")
    return {name: typed.get(f"preview_{name}", usual.get(name, "")) for name in names}


def _preview_view(rows: Sequence[Row], asked: Mapping[str, str]) -> dict[str, Any]:
    """The preview, or why there is none."""
    giver, receiver = _unit(asked["giver"]), _unit(asked["receiver"])
    if giver is None or receiver is None:
        return {"hint": gettext("选择调出单位和调入单位，这里列出要经过的每一步和能办理的人。")}
    try:
        way = _preview(rows, asked, giver, receiver)
    except Invalid:
        return {"hint": gettext("规则里还有没填好的地方，填好后再预览。")}
    except ValueError as error:
        return {"hint": gettext("账面原值：%(message)s", message=gettext(str(error)))}
    return {"way": way, "until": load_calendar(db()).add_working_days(today(), way.days)}


def _preview(rows: Sequence[Row], asked: Mapping[str, str], giver: Unit, receiver: Unit) -> Preview:
    value = read_money(asked["value"]) if asked["value"].strip() else Decimal(0)
    kind = OrderKind(asked["kind"]) if asked["kind"] in set(OrderKind) else OrderKind.TRANSFER
    categories = [asked["category"]] if asked["category"] else []
    return preview(db(), kind, value, categories, giver, receiver, steps=read_policy(rows))


def _unit(code: str) -> Unit | None:
    return db().scalar(select(Unit).where(Unit.code == code.strip(), Unit.active)) if code.strip() else None


def _based_on() -> int:
    return request.form.get("version", type=int) or 0


def _errors(error: RuleError | None) -> dict[str, str]:
    """What is wrong, by field and row: ``deadline_days-3``."""
    fields = error.fields if isinstance(error, Invalid) else ()
    return {_place(place.field, place.row): message_of(place) for place in fields}


def _mistakes(error: RuleError | None, rows: Sequence[Row]) -> list[dict[str, str]]:
    """For the list at the head: with the kind and the place of each step."""
    found = mistakes_in(error, {name: gettext(label) for name, label in FIELD_NAMES.items()})
    for mistake, place in zip(found, getattr(error, "fields", ()), strict=False):
        mistake["field"] = _place(place.field, place.row)
        if place.row:
            mistake["label"] = gettext(
                "%(step)s %(field)s", step=_step_name(rows, place.row), field=mistake["label"]
            )
    return found


def _step_name(rows: Sequence[Row], number: int) -> str:
    kind = rows[number - 1]["kind"]
    place = sum(row["kind"] == kind for row in rows[:number])
    return gettext("%(kind)s第%(place)d步", kind=gettext(KIND_NAMES[OrderKind(kind)]), place=place)


def _place(field: str, row: int) -> str:
    return f"{field}-{row}" if row else field
