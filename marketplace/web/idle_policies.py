"""闲置规则: by category, when a thing is flagged, what silence does, how long each stage lasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain.errors import Conflict, RuleError
from marketplace.domain.idle import BASIS, NUMBERS, ON_SILENCE_NAMES, IdlePolicy, plain, read_policy
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import catalogue, idle_policies
from marketplace.web.assets import field_messages
from marketplace.web.mistakes import mistakes_in

blueprint = Blueprint("idle_policies", __name__, url_prefix="/admin/idle-policies")

Page = str | tuple[str, int] | Response
_LABELS = {
    **{one.name: one.metadata["label"] for one in NUMBERS},
    "category": N_("资产分类"),
    "on_silence": N_("期满未答复"),
}


@blueprint.get("")
@needs(Permission.MANAGE_POLICIES)
def page() -> Page:
    """All policies; ``edit`` opens the one of a category, ``add`` a new one."""
    return _page(request.args.get("edit", ""))


@blueprint.post("")
@needs(Permission.MANAGE_POLICIES)
def save() -> Page:
    """Put a policy in force."""
    version = request.form.get("version", type=int) or 0
    try:
        policy = read_policy(request.form)
        idle_policies.save(db(), actor(), now(), policy, version)
    except RuleError as error:
        db().rollback()
        return _page(request.form.get("category", ""), error)
    flash(gettext("已保存，此后的筛查和时间表按新的规则。"), "ok")
    return redirect(url_for("idle_policies.page"))


@blueprint.post("/remove")
@needs(Permission.MANAGE_POLICIES)
def remove() -> Response:
    """Let the rule of the category above hold again."""
    version = request.form.get("version", type=int) or 0
    try:
        idle_policies.remove(db(), actor(), now(), request.form.get("category", ""), version)
        flash(gettext("已取消，这个分类改按上级分类的规则。"), "ok")
    except RuleError as error:
        db().rollback()
        flash(message_of(error), "error")
    return redirect(url_for("idle_policies.page"))


def _page(editing: str, error: RuleError | None = None) -> Page:
    held = idle_policies.versions(db())
    names = idle_policies.names(db(), [policy for policy, _ in held])
    shown = {policy.category: (policy, version) for policy, version in held}
    adding = "add" in request.args or (error is not None and editing not in shown)
    policy, version = shown.get("" if adding else editing, shown[""])
    labels = {name: gettext(label) for name, label in _LABELS.items()}
    body = render_template(
        "admin/idle_policies.html",
        rows=[
            {"policy": one, "version": number, "name": names.get(one.category, gettext("其他各类"))}
            for one, number in held
        ],
        adding=adding,
        editing=policy.category,
        name=names.get(policy.category, gettext("其他各类")),
        values=_values(policy, error),
        # Only where the newer one is shown is saving again based on it.
        version=_version(version, adding, error),
        fields=[_field(one) for one in NUMBERS],
        on_silence=[(what, gettext(name)) for what, name in ON_SILENCE_NAMES.items()],
        on_silence_names=ON_SILENCE_NAMES,
        labels=labels,
        categories=catalogue.category_tree(db()) if adding else (),
        newer=policy if isinstance(error, Conflict) else None,
        error=message_of(error) if error else "",
        errors=field_messages(error),
        mistakes=mistakes_in(error, labels),
        basis=BASIS,
    )
    return (body, status_of(error)) if error else body


def _values(policy: IdlePolicy, error: RuleError | None) -> Mapping[str, Any]:
    return request.form if error else plain(policy)


def _version(version: int, adding: bool, error: RuleError | None) -> int:
    if error is not None and not isinstance(error, Conflict):
        return request.form.get("version", type=int) or 0
    return 0 if adding else version


def _field(one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": gettext(one.metadata["label"]),
        "unit": gettext(one.metadata["unit"]),
        "low": one.metadata["low"],
        "high": one.metadata["high"],
        "default": one.default,
    }
