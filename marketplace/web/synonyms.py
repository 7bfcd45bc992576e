"""俗称: the words people use for the same thing, kept by warehouse managers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain.errors import Conflict, NotFound, RuleError
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import catalogue
from marketplace.web.mistakes import mistakes_in

blueprint = Blueprint("synonyms", __name__, url_prefix="/admin/synonyms")

Page = str | Response | tuple[str, int]
ROWS = 50


@blueprint.get("")
@needs(Permission.MANAGE_CATALOGUE)
def page() -> Page:
    """All groups of words; ``edit`` opens one of them."""
    return _page(editing=request.args.get("edit", type=int))


@blueprint.post("")
@needs(Permission.MANAGE_CATALOGUE)
def create() -> Page:
    """Add a group."""
    canonical, words = _typed_words()
    try:
        group = catalogue.create_synonyms(db(), actor(), now(), canonical, words)
    except RuleError as error:
        db().rollback()
        return _page(error=error)
    flash(gettext("已新增“%(name)s”一组，检索将在数秒内更新。", name=group.canonical), "success")
    return redirect(url_for("synonyms.page", q=group.canonical))


@blueprint.post("/<int:group_id>")
@needs(Permission.MANAGE_CATALOGUE)
def save(group_id: int) -> Page:
    """Change a group."""
    canonical, words = _typed_words()
    try:
        catalogue.update_synonyms(db(), actor(), now(), group_id, _version(), canonical, words)
    except NotFound as error:
        # What was typed goes on in the form for a new group.
        db().rollback()
        return _page(error=error)
    except RuleError as error:
        db().rollback()
        return _page(error=error, editing=group_id)
    flash(gettext("已保存“%(name)s”一组，检索将在数秒内更新。", name=canonical.strip()), "success")
    return redirect(_back(group_id))


@blueprint.post("/<int:group_id>/delete")
@needs(Permission.MANAGE_CATALOGUE)
def delete(group_id: int) -> Response:
    """Delete a group that nobody changed since it was shown."""
    try:
        catalogue.delete_synonyms(db(), actor(), now(), group_id, _version())
        flash(gettext("已删除，检索将在数秒内更新。"), "success")
    except (Conflict, NotFound) as error:
        db().rollback()
        flash(message_of(error), "danger")
    return redirect(_back())


def _page(*, error: RuleError | None = None, editing: int | None = None) -> Page:
    q, start = _place()
    found = catalogue.list_synonyms(db(), actor(), q, after=start, limit=ROWS + 1)
    groups = found[:ROWS]
    labels = {"canonical": gettext("标准名称"), "words": gettext("俗称")}
    body = render_template(
        "admin/synonyms.html",
        groups=groups,
        after=groups[-1].canonical if len(found) > ROWS else "",
        q=q,
        start=start,
        editing=editing,
        typed=request.form if error else {},
        labels=labels,
        error=message_of(error) if error else "",
        conflict=isinstance(error, Conflict),
        mistakes=mistakes_in(error, labels),
    )
    return (body, status_of(error)) if error else body


def _place() -> tuple[str, str]:
    """Where in the list one is: search words, and the name after which the page begins."""
    return request.args.get("q", "").strip(), request.args.get("after", "").strip()


def _back(group_id: int | None = None) -> str:
    """The same place in the list, at the group."""
    q, start = _place()
    anchor = f"group-{group_id}" if group_id else None
    return url_for("synonyms.page", q=q or None, after=start or None, _anchor=anchor)


def _version() -> int:
    return request.form.get("version", type=int) or 0


def _typed_words() -> tuple[str, list[str]]:
    return request.form.get("canonical", ""), catalogue.split_words(request.form.get("words", ""))
